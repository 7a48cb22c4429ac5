import RNNFormat

/// How an array is made of others: moved, cut, joined and, where it cannot be helped, added.
///
/// An importer makes the parameters of a model of a file's arrays, an exporter the other way round. The steps are data, so that they can be
/// shown before anything is read, and each array is made only when it is written. Axes count from 0.
public indirect enum TensorFormula: Hashable, Sendable {
  /// An array as it is.
  case array(ArrayDescription)
  /// Zeros.
  case zeros(NumericType, shape: [Int])
  /// One number everywhere.
  case filled(NumericType, value: Double, shape: [Int])
  /// The same values in row-major order, with another shape.
  case reshaped(TensorFormula, shape: [Int])
  /// Axis `axes[i]` of the operand becomes axis i.
  case permuted(TensorFormula, axes: [Int])
  /// A part along an axis.
  case slice(TensorFormula, axis: Int, range: Range<Int>)
  /// Slices of length 1 along an axis, in the order given: gates.
  case picked(TensorFormula, axis: Int, indices: [Int], names: [String])
  /// Arrays one after another along an axis.
  case joined([TensorFormula], axis: Int)
  /// Every value with the other sign.
  case negated(TensorFormula)
  /// The sum, element by element, each rounded to the type.
  case sum(TensorFormula, TensorFormula)
}

// MARK: - Building

extension TensorFormula {
  /// An array of which only these are known: for tensors of a model, which exporters lay out.
  public init(_ tensor: TensorDescription) {
    self = .array(ArrayDescription(name: tensor.path, type: NumericType(tensor.type), shape: tensor.shape))
  }

  /// The same values with another shape.
  ///
  /// - Throws: ``TensorFormulaError`` unless there are as many.
  public func reshaped(_ shape: [Int]) throws(TensorFormulaError) -> TensorFormula {
    guard shape != self.shape else { return self }
    guard shape.allSatisfy({ $0 >= 0 }), Self.count(shape) == count else {
      throw TensorFormulaError("\(self.shape) cannot be shaped as \(shape)")
    }
    return .reshaped(self, shape: shape)
  }

  /// The axes in another order.
  ///
  /// - Throws: ``TensorFormulaError`` unless each axis is named once.
  public func permuted(_ axes: [Int]) throws(TensorFormulaError) -> TensorFormula {
    guard axes.sorted() == Array(shape.indices) else {
      throw TensorFormulaError("\(shape) has not the axes \(axes)")
    }
    return axes == Array(shape.indices) ? self : .permuted(self, axes: axes)
  }

  /// A matrix with rows and columns exchanged.
  ///
  /// - Throws: ``TensorFormulaError`` for anything but a matrix.
  public func transposed() throws(TensorFormulaError) -> TensorFormula { try permuted([1, 0]) }

  /// A part along an axis.
  ///
  /// - Throws: ``TensorFormulaError`` for a part that is not there.
  public func slice(axis: Int, _ range: Range<Int>) throws(TensorFormulaError) -> TensorFormula {
    guard shape.indices.contains(axis), range.lowerBound >= 0, range.upperBound <= shape[axis] else {
      throw TensorFormulaError("\(shape) has no part \(range) along axis \(axis)")
    }
    return range == 0..<shape[axis] ? self : .slice(self, axis: axis, range: range)
  }

  /// Slices along an axis in another order, as gates have it in another framework.
  ///
  /// - Parameters:
  ///   - axis: an axis as long as `order`.
  ///   - order: the names along the axis as it is.
  ///   - wanted: the names as they are to be; each is in `order`.
  /// - Throws: ``TensorFormulaError`` for names or an axis that are not there.
  public func gates(axis: Int = 0, _ order: [String], as wanted: [String]) throws(TensorFormulaError) -> TensorFormula {
    guard shape.indices.contains(axis), shape[axis] == order.count else {
      throw TensorFormulaError("\(shape) has no axis \(axis) of \(order.count) gates")
    }
    let indices = wanted.compactMap { order.firstIndex(of: $0) }
    guard indices.count == wanted.count else {
      throw TensorFormulaError("the gates \(wanted) are not among \(order)")
    }
    return wanted == order ? self : .picked(self, axis: axis, indices: indices, names: order)
  }

  /// The rows along the first axis in another order; some may be left out, or be there twice.
  ///
  /// - Throws: ``TensorFormulaError`` for rows that are not there.
  public func rows(_ order: [Int]) throws(TensorFormulaError) -> TensorFormula {
    guard let count = shape.first, order.allSatisfy({ (0..<count).contains($0) }) else {
      throw TensorFormulaError("\(shape) has not all the rows that a vocabulary names")
    }
    return .picked(self, axis: 0, indices: order, names: [])
  }

  /// Arrays one after another.
  ///
  /// - Throws: ``TensorFormulaError`` unless all have the same type and, but for that axis, the same shape.
  public static func joining(_ parts: [TensorFormula], axis: Int = 0) throws(TensorFormulaError) -> TensorFormula {
    guard let first = parts.first, first.shape.indices.contains(axis) else {
      throw TensorFormulaError("there is nothing to join along axis \(axis)")
    }
    func others(_ shape: [Int]) -> [Int] { shape.enumerated().filter { $0.offset != axis }.map(\.element) }
    for part in parts
    where part.type != first.type || part.shape.count != first.shape.count || others(part.shape) != others(first.shape)
    {
      throw TensorFormulaError(
        "\(first.type.rawValue) \(first.shape) and \(part.type.rawValue) \(part.shape) cannot be joined along axis \(axis)"
      )
    }
    return parts.count == 1 ? first : .joined(parts, axis: axis)
  }

  /// Every value with the other sign.
  ///
  /// - Throws: ``TensorFormulaError`` for anything but floats.
  public func negated() throws(TensorFormulaError) -> TensorFormula {
    guard type.tensorType != nil else { throw TensorFormulaError("\(type.rawValue) \(shape) cannot be negated") }
    if case .negated(let operand) = self { return operand }
    return .negated(self)
  }

  /// The sum with an array of the same type and shape.
  ///
  /// - Throws: ``TensorFormulaError`` for another one, and for integers.
  public func adding(_ other: TensorFormula) throws(TensorFormulaError) -> TensorFormula {
    guard shape == other.shape, type == other.type, type.tensorType != nil else {
      throw TensorFormulaError("\(type.rawValue) \(shape) and \(other.type.rawValue) \(other.shape) cannot be added")
    }
    return .sum(self, other)
  }
}

/// Steps that do not fit the arrays.
public struct TensorFormulaError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One sentence.
  public let description: String

  init(_ description: String) { self.description = description }
}

// MARK: - What comes out

extension TensorFormula {
  /// The length of each dimension of the result.
  public var shape: [Int] {
    switch self {
    case .array(let array): return array.shape
    case .zeros(_, let shape), .filled(_, _, let shape), .reshaped(_, let shape): return shape
    case .permuted(let operand, let axes):
      let shape = operand.shape
      return axes.map { shape[$0] }
    case .slice(let operand, let axis, let range): return operand.shape(with: range.count, along: axis)
    case .picked(let operand, let axis, let indices, _): return operand.shape(with: indices.count, along: axis)
    case .joined(let parts, let axis):
      return parts[0].shape(with: parts.reduce(0) { $0 + $1.shape[axis] }, along: axis)
    case .negated(let operand), .sum(let operand, _): return operand.shape
    }
  }

  /// The type of the result's values.
  public var type: NumericType {
    switch self {
    case .array(let array): array.type
    case .zeros(let type, _), .filled(let type, _, _): type
    case .reshaped(let operand, _), .permuted(let operand, _), .slice(let operand, _, _),
      .picked(let operand, _, _, _), .negated(let operand), .sum(let operand, _):
      operand.type
    case .joined(let parts, _): parts[0].type
    }
  }

  /// The number of values.
  public var count: Int { Self.count(shape) }

  /// Whether every value of the result is one of the operands', bit for bit.
  public var isExact: Bool {
    switch self {
    case .array, .zeros, .filled: true
    case .reshaped(let operand, _), .permuted(let operand, _), .slice(let operand, _, _),
      .picked(let operand, _, _, _), .negated(let operand):
      operand.isExact
    case .joined(let parts, _): parts.allSatisfy(\.isExact)
    case .sum: false
    }
  }

  /// The array whose values these are, in the same order; nil where something is done to them.
  var unchanged: ArrayDescription? {
    switch self {
    case .array(let array): array
    case .reshaped(let operand, _): operand.unchanged
    default: nil
    }
  }

  /// The names of all arrays that it takes.
  public var operands: [String] {
    switch self {
    case .array(let array): [array.name]
    case .zeros, .filled: []
    case .reshaped(let operand, _), .permuted(let operand, _), .slice(let operand, _, _),
      .picked(let operand, _, _, _), .negated(let operand):
      operand.operands
    case .joined(let parts, _): parts.flatMap(\.operands)
    case .sum(let first, let second): first.operands + second.operands
    }
  }

  private func shape(with length: Int, along axis: Int) -> [Int] {
    var shape = shape
    shape[axis] = length
    return shape
  }

  /// The number of elements; -1 where it overflows, which no array can have.
  private static func count(_ shape: [Int]) -> Int {
    shape.reduce(1) {
      let (product, overflow) = $0.multipliedReportingOverflow(by: $1)
      return overflow || $0 < 0 ? -1 : product
    }
  }
}

// MARK: - In words

extension TensorFormula: CustomStringConvertible {
  /// The steps from the arrays to the result, as `convert --dry-run` shows them.
  public var description: String {
    switch self {
    case .array(let array): return array.name
    case .zeros: return "zeros"
    case .filled(_, let value, _): return "\(value)"
    case .negated(let operand): return "-(\(operand))"
    case .joined(let parts, let axis):
      return "(" + parts.map(\.description).joined(separator: " ++ ") + ") along axis \(axis)"
    case .sum(let first, let second): return "\(first) + \(second)"
    case .reshaped(let operand, let shape): return "\(operand), as \(Self.text(shape))"
    case .permuted(let operand, [1, 0]): return "\(operand), transposed"
    case .permuted(let operand, let axes): return "\(operand), axes \(axes.map(String.init).joined(separator: " "))"
    case .slice(let operand, let axis, let range):
      return "\(operand), \(range.lowerBound) to \(range.upperBound - 1) of axis \(axis)"
    case .picked(let operand, _, _, let names) where names.isEmpty: return "\(operand), rows in the vocabulary's order"
    case .picked(let operand, _, let indices, let names):
      return "\(operand), gates \(names.joined(separator: " ")) -> \(indices.map { names[$0] }.joined(separator: " "))"
    }
  }

  static func text(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: " x ") }
}
