/// The largest difference, relative to the largest expected magnitude or 1. A number that should not be NaN counts as
/// infinitely wrong.
func largestError(_ values: some Collection<some BinaryFloatingPoint>, _ expected: [Double]) -> Double {
  guard values.count == expected.count else { return .infinity }
  let scale = expected.reduce(1) { max($0, abs($1)) }
  var largest = 0.0
  for (value, expected) in zip(values, expected) {
    let error = abs(Double(value) - expected) / scale
    largest = error.isNaN ? .infinity : max(largest, error)
  }
  return largest
}
