/// Named arrays whose values are read when they are asked for: what every file of weights is, whatever its container.
public protocol ArraySource: AnyObject {
  /// The file.
  var path: String { get }

  /// All arrays, by name.
  var arrays: [String: ArrayDescription] { get }

  /// The values of an array, little-endian and row-major: exactly `byteCount` bytes.
  ///
  /// - Throws: ``ConversionError`` for a file that is damaged at this place.
  func bytes(of array: ArrayDescription) throws -> [UInt8]

  /// Gives what ``bytes(of:)`` does in pieces, each of whole values.
  func forEachBlock(of array: ArrayDescription, _ body: ([UInt8]) throws -> Void) throws
}

extension ArraySource {
  /// Gives all of the array in one piece.
  public func forEachBlock(of array: ArrayDescription, _ body: ([UInt8]) throws -> Void) throws {
    try body(try bytes(of: array))
  }
}
