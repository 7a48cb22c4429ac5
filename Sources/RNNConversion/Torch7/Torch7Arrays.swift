import RNNFormat

/// The float tensors of a Torch7 file that an importer has found, by the names that it gives them.
final class Torch7Arrays: ArraySource {
  private let file: Torch7File
  private let tensors: [String: Torch7Tensor]
  let arrays: [String: ArrayDescription]

  var path: String { file.path }

  init(_ file: Torch7File, _ tensors: [String: Torch7Tensor]) {
    self.file = file
    self.tensors = tensors
    arrays = Dictionary(
      uniqueKeysWithValues: tensors.map {
        ($0.key, ArrayDescription(name: $0.key, type: $0.value.type, shape: $0.value.shape))
      })
  }

  func bytes(of array: ArrayDescription) throws -> [UInt8] {
    guard let tensor = tensors[array.name] else { return [] }
    return try file.bytes(of: tensor, name: array.name)
  }
}
