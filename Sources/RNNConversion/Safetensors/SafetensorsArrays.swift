/// A safetensors file of another program, as arrays.
final class SafetensorsArrays: ArraySource {
  private let file: SafetensorsFile

  init(opening path: String) throws { file = try SafetensorsFile(opening: path) }

  var path: String { file.path }
  var arrays: [String: ArrayDescription] { file.arrays }
  func bytes(of array: ArrayDescription) throws -> [UInt8] { try file.bytes(of: array) }
}
