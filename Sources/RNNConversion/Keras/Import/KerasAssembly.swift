import Kernels
import RNNFormat
import RNNModel

/// Builds a model of the layers and arrays of a Keras file.
struct KerasAssembly {
  /// The output of a Keras layer while the model is being built.
  struct Node {
    /// The layer here that gives it; nil for vectors that come in.
    var layer: String?
    var width: Int
    /// What is still to be applied to it.
    var activation = KerasActivation.function(.linear)
  }

  let model: KerasModel
  let weights: KerasWeights
  let flow: KerasFlow
  var assembly: ModelAssembly
  var nodes: [String: Node] = [:]
  /// Whether the last step is taken where Keras gives only one output, and not at the very end.
  var poolsExplicitly = false

  private init(_ model: KerasModel, _ file: KerasFile, choices: ImportChoices) {
    self.model = model
    weights = KerasWeights(file)
    flow = KerasFlow(model)
    assembly = ModelAssembly(of: file, choices: choices)
  }

  /// Puts a model together.
  ///
  /// - Parameters:
  ///   - context: how such a model sees a text, if that is known.
  ///   - assumed: what was taken to be so before the layers were known.
  /// - Throws: ``ConversionError``.
  static func build(
    _ model: KerasModel, _ file: KerasFile, choices: ImportChoices,
    context: Architecture.Context? = nil, settling assumed: (inout ModelAssembly) -> Void = { _ in }
  ) throws -> ImportedModel {
    var builder = KerasAssembly(model, file, choices: choices)
    assumed(&builder.assembly)
    return try builder.build(file, context)
  }

  mutating func build(_ file: KerasFile, _ known: Architecture.Context?) throws -> ImportedModel {
    if let problem = flow.problem { throw malformed(problem.layer, problem.reason) }
    guard let last = model.layers.last else { throw malformed("", "the model has no layers") }
    let context = settleContext(known)
    poolsExplicitly = flow.needsPooling || (context == .sequence && flow.isPooled(model))
    if flow.needsPooling || flow.readsBackward, context == .stream {
      throw malformed(last.name, "the model reads whole windows or sequences, so it cannot be one of a stream")
    }
    let size = try addInput()
    for layer in model.layers { try add(layer) }
    let output = try finishOutput(last, size: size.size, takesTokens: size.input == .tokens)
    for layer in model.layers { note(layer) }
    for (what, count) in file.leftBehindCounts {
      assembly.leave(what, because: "it belongs to the training, not to the model (arrays: \(count))")
    }
    return try assembly.finish(size: size.size, context: context, input: size.input, output: output)
  }

  func malformed(_ layer: String, _ reason: String) -> ConversionError {
    .malformed(file: weights.file.path, place: layer.isEmpty ? "the model" : "layer '\(layer)'", reason: reason)
  }
}
