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
}
