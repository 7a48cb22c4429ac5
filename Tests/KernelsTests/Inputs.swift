import Kernels

/// The sizes that whole vectors, their remainders and single elements are tested with.
let sizes = [1, 3, 17, 64, 100]

/// Numbers of a range, the same in every run.
func floats(_ count: Int, in range: Range<Float> = -3..<3, seed: UInt64 = 1) -> [Float] {
  var generator = RandomGenerator(seed: seed &* 1000 &+ UInt64(count))
  var values = [Float](repeating: 0, count: count)
  var span = values.mutableSpan
  generator.fillUniform(&span, in: range)
  return values
}

/// The largest difference, relative to the larger of the expected magnitude and 1. A NaN where none is expected counts
/// as infinite.
func largestError(_ values: [Float], _ expected: [Double]) -> Double {
  guard values.count == expected.count else { return .infinity }
  var largest = 0.0
  for (value, expected) in zip(values, expected) where Double(value) != expected {
    let error = abs(Double(value) - expected) / max(1, abs(expected))
    largest = error.isNaN ? .infinity : max(largest, error)
  }
  return largest
}

/// The central difference of a function at a point.
func centralDifference(at x: Double, _ function: (Double) -> Double) -> Double {
  let step = 1e-5
  return (function(x + step) - function(x - step)) / (2 * step)
}

/// All indices of a short buffer, some of a longer one.
func someIndices(_ count: Int) -> [Int] {
  guard count > 16 else { return Array(0..<count) }
  var generator = RandomGenerator(seed: UInt64(count))
  return (0..<16).map { _ in Int.random(in: 0..<count, using: &generator) }
}
