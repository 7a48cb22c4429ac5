import RNNFormat
import RNNModel

/// Reads the checkpoints of torch-rnn and char-rnn.
///
/// torch-rnn keeps a module `nn.LanguageModel` with its layers in a row; char-rnn keeps a graph of single operations for one step, from which
/// the layers are told by the affine maps in it.
enum Torch7Import: ModelImport {
  static func read(_ path: String, choices: ImportChoices) throws -> ImportedModel {
    let file = try Torch7File(opening: path)
    if let model = try TorchRNNCheckpoint(file) { return try model.imported(choices) }
    if let model = try CharRNNCheckpoint(file) { return try model.imported(choices) }
    throw ConversionError.malformed(
      file: path, place: "the root",
      reason: "it is neither a checkpoint of torch-rnn (nn.LanguageModel) nor one of char-rnn (protos)")
  }
}

/// The layers of a Torch7 model on the way to an ``ImportedModel``.
struct Torch7Assembly {
  let file: Torch7File
  private(set) var tensors: [String: Torch7Tensor] = [:]
  /// The layers, and how their parameters are made of the tensors.
  private(set) var layers: [(layer: Architecture.Layer, parameters: [String: TensorFormula])] = []

  init(_ file: Torch7File) { self.file = file }

  func malformed(_ place: String, _ reason: String) -> ConversionError {
    .malformed(file: file.path, place: place, reason: reason)
  }

  /// A module's tensor, under a name.
  mutating func tensor(
    _ field: String, of module: Torch7Value, named name: String, rank: Int
  ) throws(ConversionError) -> TensorFormula {
    guard let tensor = file.tensor(file.field(field, of: module)) else { throw malformed(name, "it is not there") }
    guard tensor.shape.count == rank, tensor.count > 0 else {
      throw malformed(name, "it has the sizes \(tensor.shape)")
    }
    try file.checkExtent(of: tensor, name: name)
    guard tensors.updateValue(tensor, forKey: name) == nil else { throw malformed(name, "it is there twice") }
    return .array(ArrayDescription(name: name, type: tensor.type, shape: tensor.shape))
  }

  mutating func add(_ layer: Architecture.Layer, _ parameters: [String: TensorFormula] = [:]) {
    layers.append((layer, parameters))
  }

  /// Turns a step of a formula that does not fit into a refusal of the file.
  func formula<Result>(
    _ place: String, _ make: () throws(TensorFormulaError) -> Result
  ) throws(ConversionError) -> Result {
    do { return try make() } catch { throw malformed(place, error.description) }
  }

  /// Adds an affine map of `nn.Linear`.
  mutating func addLinear(_ module: Torch7Value, named name: String) throws(ConversionError) {
    let weights = try tensor("weight", of: module, named: "\(name).weight", rank: 2)
    let hasBias = file.tensor(file.field("bias", of: module)) != nil
    var parameters = ["weights": weights]
    if hasBias { parameters["bias"] = try tensor("bias", of: module, named: "\(name).bias", rank: 1) }
    let shape = weights.shape
    add(.linear(.init(name: name, inputs: shape[1], outputs: shape[0], bias: hasBias)), parameters)
  }

  func finish(
    _ choices: ImportChoices, size: Int, vocabulary: VocabularyWithOrder?
  ) throws -> ImportedModel {
    var assembly = ModelAssembly(of: Torch7Arrays(file, tensors), choices: choices)
    for (layer, parameters) in layers {
      for name in parameters.values.flatMap(\.operands) { _ = try assembly.take(name) }
      assembly.add(layer, parameters)
    }
    // Both programs carry the state from each batch to the next; there is nothing to assume.
    return try assembly.finish(
      size: size, context: choices.context ?? .stream, input: .tokens, output: choices.output ?? .softmax,
      vocabulary: vocabulary)
  }
}
