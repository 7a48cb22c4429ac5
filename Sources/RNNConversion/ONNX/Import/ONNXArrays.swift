import RNNFormat

/// The float tensors of an ONNX file by name: initializers, and the values of Constant nodes.
final class ONNXArrays: ArraySource {
  /// Gives an input of the graph a value, as for the tests of single operators, whose weights are inputs.
  struct Binding: Sendable {
    let tensor: ONNXTensor
    let bytes: [UInt8]
  }

  let file: ONNXFile
  let arrays: [String: ArrayDescription]
  /// Every tensor, also of integers.
  let tensors: [String: ONNXTensor]
  private let bindings: [String: Binding]
  /// The bytes of all tensors: what is made of them cannot sensibly be larger.
  let totalBytes: Int

  var path: String { file.path }

  init(_ file: ONNXFile, bindings: [String: Binding] = [:]) throws(ConversionError) {
    self.file = file
    self.bindings = bindings
    var tensors = file.model.graph.initializers
    for node in file.model.graph.nodes where node.operatorType == "Constant" && node.domain.isEmpty {
      guard case .tensor(let tensor)? = node.attributes["value"], let name = node.outputs.first else { continue }
      guard tensors.updateValue(tensor, forKey: name) == nil else {
        throw .malformed(file: file.path, place: node.title, reason: "'\(name)' has a value already")
      }
    }
    for (name, binding) in bindings { tensors[name] = binding.tensor }
    self.tensors = tensors
    var arrays: [String: ArrayDescription] = [:]
    var total = 0
    for (name, tensor) in tensors {
      guard let type = tensor.type.numericType, type.tensorType != nil else { continue }
      let array = ArrayDescription(name: name, type: type, shape: tensor.shape)
      let (sum, overflow) = total.addingReportingOverflow(array.byteCount ?? .max)
      guard !overflow else {
        throw .malformed(file: file.path, place: "tensor '\(name)'", reason: "its shape is not possible")
      }
      total = sum
      arrays[name] = array
    }
    self.arrays = arrays
    totalBytes = total
  }

  func bytes(of array: ArrayDescription) throws -> [UInt8] { try bytes(named: array.name) }

  func bytes(named name: String) throws(ConversionError) -> [UInt8] {
    if let binding = bindings[name] { return binding.bytes }
    guard let tensor = tensors[name] else { return [] }
    return try file.bytes(of: tensor)
  }

  /// The values of a small tensor of integers; nil for any other.
  func integers(named name: String) throws(ConversionError) -> [Int]? {
    guard let tensor = tensors[name], tensor.count <= ONNXInterpreter.mostIntegers else { return nil }
    switch tensor.type {
    case .int64: return LittleEndian.integers(try bytes(named: name), as: Int64.self).map { Int($0) }
    case .int32: return LittleEndian.integers(try bytes(named: name), as: Int32.self).map { Int($0) }
    case .uint8, .bool: return try bytes(named: name).map { Int($0) }
    default: return nil
    }
  }

  /// The values of a float tensor as its type says them.
  func numbers(named name: String) throws(ConversionError) -> [Double] {
    guard let type = arrays[name]?.type.tensorType else { return [] }
    return LittleEndian.values(try bytes(named: name), type: type, as: Double.self)
  }
}
