import Kernels

/// Dropout of whole tokens: for one window the embedding of a token is zero wherever it stands, or divided by 1 - rate.
struct EmbeddingDropout {
  private let rate: Double
  /// `[token]`: 0 or 1 / (1 - rate).
  private var mask: [Float]

  /// - Parameters:
  ///   - tokens: the number of tokens.
  ///   - rate: the probability of zero.
  init(tokens: Int, rate: Double) {
    self.rate = rate
    mask = [Float](repeating: 1, count: rate > 0 ? tokens : 0)
  }

  /// Whether nothing is ever dropped.
  var isEmpty: Bool { mask.isEmpty }

  /// Draws the factors of all tokens for one window.
  mutating func draw(using generator: inout RandomGenerator) -> [Float] {
    let rate = rate
    var span = mask.mutableSpan
    generator.fillDropoutMask(&span, probability: rate)
    return mask
  }
}
