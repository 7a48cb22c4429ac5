import Kernels
import RNNModel
import RealModule

/// The continuous cache (Grave, Joulin & Usunier 2017): what followed hidden states like the present one is likely to follow again.
///
/// Of the last states h(i) and the tokens x(i + 1) that came after them, it makes p_cache(w) proportional to the sum over x(i + 1) = w of
/// exp(theta h(t) . h(i)), and predicts (1 - lambda) p(w) + lambda p_cache(w); as long as it is empty, p(w). Nothing is trained.
public final class CacheLanguageModel: LanguageModel {
  /// The numbers of a cache.
  public struct Settings: Hashable, Sendable, Codable {
    /// How many states are remembered.
    public var size: Int
    /// How sharply states are told apart.
    public var theta: Double
    /// The weight of the cache, in 0 ..< 1.
    public var lambda: Double

    /// The authors' numbers are from 0.1 to 1 for theta and about 0.1 for lambda, with 100 to 10,000 states.
    public init(size: Int = 2000, theta: Double = 0.3, lambda: Double = 0.1) {
      (self.size, self.theta, self.lambda) = (size, theta, lambda)
    }

    /// What is wrong with them; nil if nothing is.
    public var problem: String? {
      if !(1...1_000_000).contains(size) { return "a cache holds 1 to 1,000,000 states, not \(size)" }
      if !theta.isFinite || theta < 0 { return "the cache's theta has to be 0 or more, and finite" }
      if !(lambda >= 0 && lambda < 1) { return "the cache's lambda has to be at least 0, and less than 1" }
      return nil
    }
  }

  /// What one stream remembers.
  private struct Memory {
    /// `[count, width]`.
    var states: [Float] = []
    /// The token that was read at each state.
    var tokens: [Int32] = []
  }

  /// The numbers of the cache.
  public let settings: Settings
  private let base: any HiddenStateLanguageModel
  private var memories: [Memory]
  private var scores: [Float] = []

  /// Puts a cache on a model.
  ///
  /// - Parameters:
  ///   - base: the model.
  ///   - settings: the numbers of the cache.
  /// - Throws: ``EvaluationError/noHiddenStates`` for a model that has none, ``EvaluationError/weights(reason:)``.
  public init(_ base: any LanguageModel, _ settings: Settings = Settings()) throws(EvaluationError) {
    guard let base = base as? any HiddenStateLanguageModel else { throw .noHiddenStates }
    if let problem = settings.problem { throw .weights(reason: problem) }
    self.base = base
    self.settings = settings
    memories = Array(repeating: Memory(), count: base.streams)
  }

  /// The number of tokens, V.
  public var size: Int { base.size }
  /// The number of streams, B.
  public var streams: Int { base.streams }
  /// The most steps scored at once.
  public var longestWindow: Int { base.longestWindow }

  /// Puts all streams before the beginning of a text, with empty caches.
  public func reset() {
    base.reset()
    memories = Array(repeating: Memory(), count: streams)
  }

  /// Reads one token of each stream.
  public func advance(_ tokens: [Int32], into logProbabilities: inout [Float]) {
    base.advance(tokens, into: &logProbabilities)
    for stream in 0..<streams {
      remember(stream, tokens[stream..<(stream + 1)])
      var cached: [Int32: Double] = [:]
      visit(stream, steps: 1) { _, token, weight in cached[token, default: 0] += weight }
      guard !cached.isEmpty else { continue }
      for token in 0..<size {
        let index = stream * size + token
        logProbabilities[index] = Float(
          mixed(Double(logProbabilities[index]), cached[Int32(truncatingIfNeeded: token)] ?? 0))
      }
    }
  }

  /// Reads several tokens of each stream, and scores what follows each of them.
  public func score(inputs: [Int32], targets: [Int32], into results: inout [Double]) {
    base.score(inputs: inputs, targets: targets, into: &results)
    let steps = inputs.count / streams
    for stream in 0..<streams {
      remember(stream, (0..<steps).map { inputs[$0 * streams + stream] }[...])
      var cached = [Double](repeating: 0, count: steps)
      var hasCache = [Bool](repeating: false, count: steps)
      visit(stream, steps: steps) { step, token, weight in
        hasCache[step] = true
        if token == targets[step * streams + stream] { cached[step] += weight }
      }
      for step in 0..<steps where hasCache[step] && targets[step * streams + stream] >= 0 {
        results[step * streams + stream] = mixed(results[step * streams + stream], cached[step])
      }
    }
  }

  private func mixed(_ logProbability: Double, _ cached: Double) -> Double {
    .log((1 - settings.lambda) * .exp(logProbability) + settings.lambda * cached)
  }

  /// Adds what the model gave for tokens that it has just read.
  private func remember(_ stream: Int, _ tokens: ArraySlice<Int32>) {
    memories[stream].states += base.hiddenStates(of: stream)
    memories[stream].tokens += tokens
  }

  /// Calls `body` with each token of the cache at each of the last steps and its part of p_cache, and then forgets what is too old.
  private func visit(_ stream: Int, steps: Int, _ body: (_ step: Int, _ token: Int32, _ weight: Double) -> Void) {
    let count = memories[stream].tokens.count
    let width = memories[stream].states.count / max(1, count)
    let first = count - steps
    if scores.count < steps * count { scores = [Float](repeating: 0, count: steps * count) }
    // A span can borrow local arrays, but not an object's.
    let states = memories[stream].states
    var values = scores
    scores = []
    defer { scores = values }
    var span = values.mutableSpan
    // h(t) . h(i) of all steps t and states i. Row by row, so that the bits do not depend on how many steps are read at once.
    MatrixProduct.multiply(
      states.span.extracting((first * width)..<(count * width)), states.span,
      transposeB: true, into: &span, rows: steps, columns: count, inner: width, rowByRow: true)
    for step in 0..<steps {
      // The token after state i is known if it was read: x(i + 1) at i + 1 <= t.
      let present = first + step
      let pairs = max(0, present - settings.size)..<present
      guard let largest = pairs.map({ values[step * count + $0] }).max() else { continue }
      var weights: [Double] = []
      weights.reserveCapacity(pairs.count)
      for pair in pairs {
        weights.append(.exp(settings.theta * (Double(values[step * count + pair]) - Double(largest))))
      }
      let total = weights.reduce(0, +)
      for (pair, weight) in zip(pairs, weights) { body(step, memories[stream].tokens[pair + 1], weight / total) }
    }
    forget(stream, count - settings.size, width)
  }

  /// Forgets the oldest states of a stream.
  private func forget(_ stream: Int, _ excess: Int, _ width: Int) {
    if excess > 0 {
      memories[stream].states.removeFirst(excess * width)
      memories[stream].tokens.removeFirst(excess)
    }
  }
}
