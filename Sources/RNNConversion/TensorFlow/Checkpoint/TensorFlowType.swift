/// The types of values by the numbers that TensorFlow gives them (`types.proto`).
enum TensorFlowType {
  private static let numeric: [Int: NumericType] = [
    1: .float32, 2: .float64, 3: .int32, 4: .uint8, 5: .int16, 6: .int8, 9: .int64, 10: .bool, 14: .bfloat16,
    17: .uint16, 19: .float16, 23: .uint64,
  ]
  private static let others: [Int: String] = [
    7: "texts", 8: "complex numbers", 11: "quantised numbers", 12: "quantised numbers", 13: "quantised numbers",
    15: "quantised numbers", 16: "quantised numbers", 18: "complex numbers", 20: "handles", 21: "variants",
    22: "unsigned numbers of 32 bits",
  ]

  /// The type of numbers that are read; nil for all else.
  static func numeric(_ number: Int) -> NumericType? { numeric[number] }

  /// What an array holds that is not read, in words.
  static func text(_ number: Int) -> String { others[number] ?? "values of the unknown type \(number)" }
}
