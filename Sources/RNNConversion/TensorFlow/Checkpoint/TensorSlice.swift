/// A part of a tensor: a range of each of its axes (`TensorSliceProto`).
struct TensorSlice: Hashable, Sendable {
  /// The range of each axis; nil where it is the whole axis.
  let extents: [Range<Int>?]

  /// Reads a slice.
  ///
  /// - Throws: ``ConversionError``.
  init(_ message: ProtobufMessage) throws(ConversionError) {
    var message = message
    var extents: [Range<Int>?] = []
    while let field = try message.next() {
      guard field.number == 1 else { continue }
      var extent = try message.message(field, place: message.place)
      var (start, length): (Int, Int?) = (0, nil)
      while let field = try extent.next() {
        switch field.number {
        case 1: start = try extent.integer(field)
        case 2: length = try extent.integer(field)
        default: break
        }
      }
      guard extents.count < TensorShape.mostAxes else {
        throw message.malformed("a part of a tensor has too many axes")
      }
      guard let length else {
        guard start == 0 else { throw message.malformed("a part of a tensor begins at \(start) and has no length") }
        extents.append(nil)
        continue
      }
      let (end, overflow) = start.addingReportingOverflow(length)
      guard start >= 0, length >= 0, !overflow else {
        throw message.malformed("a part of a tensor begins at \(start) and has the length \(length)")
      }
      extents.append(start..<end)
    }
    self.extents = extents
  }

  /// The ranges within a tensor of this shape; nil where they are not within it.
  func ranges(in shape: [Int]) -> [Range<Int>]? {
    guard extents.count == shape.count else { return nil }
    let ranges = zip(extents, shape).map { extent, length in extent ?? 0..<length }
    return zip(ranges, shape).allSatisfy { $0.upperBound <= $1 } ? ranges : nil
  }
}

/// The shape of a tensor (`TensorShapeProto`).
enum TensorShape {
  /// The most axes that TensorFlow allows.
  static let mostAxes = 254

  /// Reads a shape.
  ///
  /// - Throws: ``ConversionError``.
  static func read(_ message: ProtobufMessage) throws(ConversionError) -> [Int] {
    var message = message
    var shape: [Int] = []
    while let field = try message.next() {
      switch field.number {
      case 2:
        var axis = try message.message(field, place: message.place)
        var length = 0
        while let field = try axis.next() { if field.number == 1 { length = try axis.integer(field) } }
        guard length >= 0, shape.count < mostAxes else { throw message.malformed("its shape is not known") }
        shape.append(length)
      case 3: if try message.integer(field) != 0 { throw message.malformed("its shape is not known") }
      default: break
      }
    }
    return shape
  }
}

/// Parts of a tensor, put together.
struct TensorParts {
  /// More than any partitioner makes.
  static let most = 4096

  /// Why parts are not those of one tensor; nil where they are.
  static func problem(_ parts: [[Range<Int>]], shape: [Int]) -> String? {
    guard parts.count <= most else { return "it is in more than \(most) parts" }
    // Then sums of two parts do not overflow.
    guard let whole = count(shape), whole <= 1 << 60 else { return "its shape \(shape) is that of no array" }
    var covered = 0
    for (index, part) in parts.enumerated() {
      // Within the shape, so that nothing overflows.
      covered += part.reduce(1) { $0 * $1.count }
      for other in parts[..<index] where zip(part, other).allSatisfy({ $0.overlaps($1) }) {
        return "its parts overlap"
      }
      guard covered <= whole else { return "its parts overlap" }
    }
    return covered == whole ? nil : "its parts are not all there"
  }

  private static func count(_ shape: [Int]) -> Int? {
    var count = 1
    for length in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      if overflow { return nil }
      count = product
    }
    return count
  }

  /// Copies a part to its place.
  ///
  /// - Parameters:
  ///   - bytes: of the part, row-major.
  ///   - ranges: the part's ranges, within the shape.
  ///   - whole: the bytes of the whole tensor.
  static func place(_ bytes: [UInt8], _ ranges: [Range<Int>], shape: [Int], size: Int, in whole: inout [UInt8]) {
    guard let last = ranges.last, !bytes.isEmpty else {
      whole.replaceSubrange(whole.startIndex..<min(whole.endIndex, bytes.count), with: bytes)
      return
    }
    var strides = [Int](repeating: size, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    let run = last.count * size
    var place = ranges.dropLast().map(\.lowerBound)
    var from = 0
    while from + run <= bytes.count {
      let to = zip(place, strides).reduce(last.lowerBound * size) { $0 + $1.0 * $1.1 }
      whole.replaceSubrange(to..<(to + run), with: bytes[from..<(from + run)])
      from += run
      for axis in place.indices.reversed() {
        place[axis] += 1
        if place[axis] < ranges[axis].upperBound { break }
        place[axis] = ranges[axis].lowerBound
      }
    }
  }
}
