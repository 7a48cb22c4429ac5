import RNNConversion
import RNNFormat

/// How much the numbers of two tensors differ.
public struct TensorDifference: Sendable {
  /// What came out.
  public enum Outcome: Sendable {
    /// The same bits.
    case identical
    /// Other bits: by how much.
    case numbers(Numbers)
    /// Nothing can be subtracted.
    case shapes([Int], [Int])
    /// Only the first model has it.
    case onlyFirst
    /// Only the second one has it.
    case onlySecond
  }

  /// Figures of the difference, second minus first.
  public struct Numbers: Hashable, Sendable {
    /// How many values are compared.
    public var count = 0
    /// How many are not equal; two that are not a number are.
    public var unequal = 0
    /// The largest magnitude of a difference; infinite where one value is finite and the other not.
    public var largest = 0.0
    /// Where that is, counted in row-major order; nil where nothing differs.
    public var place: Int?
    /// The root of the mean squared difference.
    public var rootMeanSquare = 0.0
    /// The root of the summed squared differences, relative to that of the first tensor's values; infinite where these are all zero.
    public var relative = 0.0
  }

  /// The path in the first model, or in the second one where only that has it.
  public let path: String
  /// The path in the second model, where it is another one.
  public let otherPath: String?
  /// How the values are stored in the first model; nil where it has none.
  public let firstType: TensorType?
  /// How they are stored in the second one.
  public let secondType: TensorType?
  /// What came out.
  public let outcome: Outcome

  /// Compares two tensors of the same shape.
  static func numbers(
    _ first: [UInt8], _ firstType: TensorType, _ second: [UInt8], _ secondType: TensorType
  ) -> Numbers {
    var result = Numbers()
    let count = min(first.count / firstType.size, second.count / secondType.size)
    result.count = count
    var (squares, norm) = (0.0, 0.0)
    for start in stride(from: 0, to: count, by: 1 << 15) {
      let end = min(start + 1 << 15, count)
      let left = LittleEndian.doubles(
        Array(first[(start * firstType.size)..<(end * firstType.size)]), type: firstType)
      let right = LittleEndian.doubles(
        Array(second[(start * secondType.size)..<(end * secondType.size)]), type: secondType)
      for index in left.indices {
        let (a, b) = (left[index], right[index])
        norm += a * a
        if a == b || (a.isNaN && b.isNaN) { continue }
        result.unequal += 1
        let difference = a.isFinite && b.isFinite ? abs(b - a) : .infinity
        squares += difference * difference
        if difference > result.largest { (result.largest, result.place) = (difference, start + index) }
      }
    }
    result.rootMeanSquare = (squares / Double(max(1, count))).squareRoot()
    result.relative = squares == 0 ? 0 : (squares / norm).squareRoot()
    if result.relative.isNaN { result.relative = .infinity }
    return result
  }
}
