import Kernels
import RNNModel

/// Dropout of parameters: for one window a network computes with masked weights, and only they get a gradient.
///
/// The raw weights are kept here meanwhile, and are what the optimizer changes.
struct WeightDrop {
  private let ranges: [Range<Int>]
  private let rate: Double
  private var raw: [Float]
  private var mask: [Float]

  /// - Parameters:
  ///   - ranges: where the weights lie.
  ///   - rate: the probability of zero; the weights that stay are divided by 1 - rate.
  init(_ ranges: [Range<Int>], rate: Double) {
    self.ranges = rate > 0 ? ranges : []
    self.rate = rate
    raw = [Float](repeating: 0, count: self.ranges.reduce(0) { $0 + $1.count })
    mask = raw
  }

  /// Whether nothing is ever dropped.
  var isEmpty: Bool { raw.isEmpty }

  /// Draws a mask, and puts masked weights in the place of the raw ones.
  mutating func apply(to parameters: inout [Float], using generator: inout RandomGenerator) {
    let rate = rate
    do {
      var masks = mask.mutableSpan
      generator.fillDropoutMask(&masks, probability: rate)
    }
    var start = 0
    for range in ranges {
      raw.replaceSubrange(start..<(start + range.count), with: parameters[range])
      for (index, parameter) in range.enumerated() { parameters[parameter] *= mask[start + index] }
      start += range.count
    }
  }

  /// Puts the raw weights back, and masks their gradient.
  func restore(_ parameters: inout [Float], gradient: inout [Float]) {
    var start = 0
    for range in ranges {
      for (index, parameter) in range.enumerated() {
        parameters[parameter] = raw[start + index]
        gradient[parameter] *= mask[start + index]
      }
      start += range.count
    }
  }
}
