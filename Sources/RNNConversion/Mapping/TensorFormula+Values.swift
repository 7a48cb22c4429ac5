import RNNFormat

extension TensorFormula {
  /// Makes the array.
  ///
  /// No more is held at a time than a few arrays as large as the largest operand.
  ///
  /// - Parameter read: gives the values of an operand, little-endian and row-major.
  /// - Returns: the values, little-endian and row-major.
  /// - Throws: what `read` throws.
  public func bytes(reading read: (ArrayDescription) throws -> [UInt8]) throws -> [UInt8] {
    switch self {
    case .array(let array):
      return try read(array)
    case .zeros(let type, _):
      return [UInt8](repeating: 0, count: count * type.size)
    case .filled(let type, let value, _):
      guard let stored = type.tensorType else { return [UInt8](repeating: 0, count: count * type.size) }
      return Array(repeatElement(try stored.bytes(of: [value]), count: count).joined())
    case .negated(let operand):
      var bytes = try operand.bytes(reading: read)
      // The sign is the highest bit of the last byte of every float type.
      for index in Swift.stride(from: type.size - 1, to: bytes.count, by: type.size) { bytes[index] ^= 0x80 }
      return bytes
    case .reshaped(let operand, _):
      return try operand.bytes(reading: read)
    case .permuted(let operand, let axes):
      return Permutation(shape: operand.shape, axes: axes).apply(to: try operand.bytes(reading: read), size: type.size)
    case .slice(let operand, let axis, let range):
      return operand.runs(along: axis, of: try operand.bytes(reading: read), [range])
    case .picked(let operand, let axis, let indices, _):
      return operand.runs(along: axis, of: try operand.bytes(reading: read), indices.map { $0..<($0 + 1) })
    case .joined(let parts, let axis):
      return try joined(parts, axis: axis, read)
    case .sum(let first, let second):
      return try Self.sum(try first.bytes(reading: read), try second.bytes(reading: read), type)
    }
  }

  /// Copies ranges of an axis, at each place of the axes before it.
  private func runs(along axis: Int, of bytes: [UInt8], _ ranges: [Range<Int>]) -> [UInt8] {
    let inner = shape[(axis + 1)...].reduce(type.size, *)
    let outer = shape[..<axis].reduce(1, *)
    let stride = shape[axis] * inner
    var result: [UInt8] = []
    result.reserveCapacity(outer * ranges.reduce(0) { $0 + $1.count } * inner)
    for place in 0..<outer {
      for range in ranges {
        let start = place * stride
        result += bytes[(start + range.lowerBound * inner)..<(start + range.upperBound * inner)]
      }
    }
    return result
  }

  private func joined(
    _ parts: [TensorFormula], axis: Int, _ read: (ArrayDescription) throws -> [UInt8]
  ) throws -> [UInt8] {
    let outer = shape[..<axis].reduce(1, *)
    let pieces = try parts.map { try $0.bytes(reading: read) }
    guard outer != 1 else { return Array(pieces.joined()) }
    var result: [UInt8] = []
    result.reserveCapacity(count * type.size)
    for place in 0..<outer {
      for piece in pieces {
        let length = piece.count / max(1, outer)
        result += piece[(place * length)..<((place + 1) * length)]
      }
    }
    return result
  }

  private static func sum(_ first: [UInt8], _ second: [UInt8], _ type: NumericType) throws -> [UInt8] {
    // Building a sum has checked that the type is one of floats.
    let type = type.tensorType ?? .float64
    let sums = zip(
      LittleEndian.values(first, type: type, as: Double.self), LittleEndian.values(second, type: type, as: Double.self)
    ).map { $0 + $1 }
    return try type.bytes(of: sums)
  }
}

/// A change of the order of an array's axes.
struct Permutation {
  /// The lengths of the result's axes, and how far apart their neighbours lie in the operand.
  private let lengths: [Int]
  private let strides: [Int]

  init(shape: [Int], axes: [Int]) {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    lengths = axes.map { shape[$0] }
    self.strides = axes.map { strides[$0] }
  }

  func apply(to bytes: [UInt8], size: Int) -> [UInt8] {
    switch size {
    case 8: moved(bytes, UInt64.self)
    case 4: moved(bytes, UInt32.self)
    case 2: moved(bytes, UInt16.self)
    default: moved(bytes, UInt8.self)
    }
  }

  private func moved<Element: FixedWidthInteger & BitwiseCopyable>(_ bytes: [UInt8], _ type: Element.Type) -> [UInt8] {
    let source = LittleEndian.integers(bytes, as: type)
    var result = [Element](repeating: 0, count: source.count)
    guard let width = lengths.last, let step = strides.last, !source.isEmpty else { return bytes }
    // Tiles over the last two axes keep both sides of a transposition within the cache.
    let height = lengths.count > 1 ? lengths[lengths.count - 2] : 1
    let stride = lengths.count > 1 ? strides[lengths.count - 2] : 0
    var place = [Int](repeating: 0, count: max(0, lengths.count - 2))
    for plane in 0..<(source.count / (width * height)) {
      let from = zip(place, strides).reduce(0) { $0 + $1.0 * $1.1 }
      let to = plane * width * height
      for top in Swift.stride(from: 0, to: height, by: Self.tile) {
        for left in Swift.stride(from: 0, to: width, by: Self.tile) {
          for row in top..<min(height, top + Self.tile) {
            for column in left..<min(width, left + Self.tile) {
              result[to + row * width + column] = source[from + row * stride + column * step]
            }
          }
        }
      }
      for axis in place.indices.reversed() {
        place[axis] += 1
        if place[axis] < lengths[axis] { break }
        place[axis] = 0
      }
    }
    return LittleEndian.bytes(result)
  }

  private static let tile = 32
}
