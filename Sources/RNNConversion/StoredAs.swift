import RNNFormat
import RNNModel

/// The tensors of a source, each stored as a type of one's choice.
struct StoredAs<Source: TensorSource & ~Copyable>: TensorSource, ~Copyable {
  private let source: Source
  private let type: TensorType

  init(_ type: TensorType, _ source: consuming Source) {
    self.type = type
    self.source = source
  }

  var tensors: [TensorDescription] {
    source.tensors.map { TensorDescription(path: $0.path, type: Self.type($0, type), shape: $0.shape) }
  }

  /// Only real numbers can be stored as something else.
  private static func type(_ tensor: TensorDescription, _ wanted: TensorType) -> TensorType {
    TensorType.reals.contains(tensor.type) ? wanted : tensor.type
  }

  /// - Throws: ``ConversionError/outOfRange(tensor:value:type:)``, and what the source throws.
  func bytes(of tensor: TensorDescription) throws -> [UInt8] {
    guard let original = source.tensors.first(where: { $0.path == tensor.path }) else { return [] }
    let bytes = try source.bytes(of: original)
    guard original.type != Self.type(original, type) else { return bytes }
    do {
      return try type.bytes(of: LittleEndian.values(bytes, type: original.type, as: Double.self))
    } catch let error {
      throw ConversionError.outOfRange(tensor: tensor.path, value: error.value, type: type)
    }
  }
}
