import Kernels
import RNNFormat
import RNNModel

/// A model laid out as modules of PyTorch, computed one after another.
struct TorchPlan {
  /// A module.
  struct Module {
    enum Kind {
      case embedding(Architecture.Embedding)
      case oneHot(size: Int)
      case recurrent(TorchPlannedStack)
      case norm(Architecture.LayerNorm)
      case linear(Architecture.Linear)
      case activation(Activation)
      case dropout(Double)
    }

    /// An attribute of the Python class.
    let name: String
    let kind: Kind
    /// Its parameters by the last part of their names.
    var arrays: [(name: String, formula: TensorFormula)] = []
  }

  let architecture: Architecture
  /// The file that the arrays are for.
  let format: ModelFormat
  private(set) var modules: [Module] = []
  private(set) var lost: [String] = []
  private var problems: [String] = []
  private let tensors: [String: TensorDescription]
  private var names: Set<String> = TorchNames.taken

  /// - Throws: ``ConversionError/inexpressible(_:reasons:)`` with everything that PyTorch's own modules cannot compute.
  init(_ document: ModelDocument, _ tensors: [TensorDescription], for format: ModelFormat) throws {
    architecture = document.architecture
    self.format = format
    self.tensors = Dictionary(tensors.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    do {
      try addModules()
    } catch let error as TensorFormulaError {
      problems.append("its tensors do not fit: \(error)")
    }
    guard problems.isEmpty else { throw ConversionError.inexpressible(format, reasons: problems) }
    noteLost(document)
  }

  private mutating func noteLost(_ document: ModelDocument) {
    lost += TorchUnstated(self).list
    if document.vocabulary != nil { lost.append("the vocabulary") }
    if !document.history.columns.isEmpty { lost.append("the history of the training") }
    if document.metadata.object?.isEmpty == false { lost.append("the metadata") }
    // That a model was converted says nothing about it.
    if document.lineage.contains(where: { $0["event"]?.string != "converted" }) { lost.append("the lineage") }
  }

  mutating func refuse(_ layer: String, _ reason: String) { problems.append("layer '\(layer)': \(reason)") }

  /// A name for a module that no other one has.
  mutating func freeName(_ wanted: String) -> String {
    var name = wanted
    var number = 2
    while !names.insert(name).inserted {
      name = "\(wanted)_\(number)"
      number += 1
    }
    return name
  }

  /// A tensor of the model.
  func tensor(_ layer: String, _ name: String) throws(TensorFormulaError) -> TensorFormula {
    guard let tensor = tensors["\(layer)/\(name)"] else { throw TensorFormulaError("there is no '\(layer)/\(name)'") }
    return TensorFormula(tensor)
  }

  // MARK: - Layers

  private mutating func addModules() throws {
    let layers = architecture.layers
    var index = 0
    while index < layers.count {
      if let stack = TorchPlannedStack(layers, from: index) {
        for layer in stack.layers {
          for reason in layer.inexpressible { refuse(layer.name, reason) }
          lost += layer.folded
        }
        let name = freeName(stack.name)
        modules.append(Module(name: name, kind: .recurrent(stack), arrays: try stack.arrays(tensor)))
        index += stack.length
        continue
      }
      try add(layers[index])
      index += 1
    }
  }

  private mutating func add(_ layer: Architecture.Layer) throws {
    let name = layer.name
    switch layer {
    case .oneHot(let layer): modules.append(Module(name: freeName(name), kind: .oneHot(size: layer.size)))
    case .embedding(let layer):
      modules.append(
        Module(name: freeName(name), kind: .embedding(layer), arrays: [("weight", try tensor(name, "weights"))]))
    case .layerNorm(let layer):
      var arrays = [("weight", try tensor(name, "gain"))]
      if layer.bias { arrays.append(("bias", try tensor(name, "bias"))) }
      modules.append(Module(name: freeName(name), kind: .norm(layer), arrays: arrays))
    case .linear(let layer):
      var arrays = [("weight", try tensor(layer.weightsOf ?? name, "weights"))]
      if layer.bias { arrays.append(("bias", try tensor(name, "bias"))) }
      modules.append(Module(name: freeName(name), kind: .linear(layer), arrays: arrays))
    case .activation(let layer):
      modules.append(Module(name: freeName(name), kind: .activation(layer.activation)))
    case .dropout(let layer):
      if layer.locked { lost.append("that dropout '\(name)' keeps its mask for a whole window") }
      if layer.rate > 0 { modules.append(Module(name: freeName(name), kind: .dropout(layer.rate))) }
    case .sum(let connection), .concatenation(let connection):
      // One that joins a single layer is that layer, and it is the one before.
      let isBefore = architecture.layers.firstIndex { $0.name == name }.map { index in
        index > 0 && connection.of == [architecture.layers[index - 1].name]
      }
      if isBefore != true { refuse(name, "modules that are not computed one after another are in no state dict") }
    case .scalar: refuse(name, "PyTorch has no module that takes a token as a number")
    case .delay: refuse(name, "PyTorch has no module that holds the last steps side by side")
    case .final: refuse(name, "PyTorch has no module that takes the last step")
    case .attention: refuse(name, "PyTorch has no such attention")
    case .ngram: refuse(name, "a table of n-grams is no network")
    case .elman, .lstm, .gru:
      refuse(name, "it reads backward, without a layer that reads forward beside it")
    }
  }

  /// All arrays, in the order of the modules.
  var arrays: [ExportedArray] {
    modules.flatMap { module in module.arrays.map { ExportedArray("\(module.name).\($0.name)", $0.formula) } }
  }

  /// What the parameters do not say, in the form that the importer takes.
  var description: JSONValue {
    let layers = modules.compactMap { module -> JSONValue? in
      switch module.kind {
      case .embedding, .linear: .string(module.name)
      case .oneHot, .dropout: nil
      case .norm(let norm): ["name": .string(module.name), "epsilon": .number(norm.epsilon)]
      case .recurrent(let stack):
        stack.nonlinearity.map { ["name": .string(module.name), "activation": .string($0.rawValue)] }
          ?? .string(module.name)
      case .activation(let activation): .string(activation.rawValue)
      }
    }
    return ["layers": .array(layers)]
  }
}

/// Names that an attribute of a module cannot have.
enum TorchNames {
  static let taken: Set<String> = [
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except",
    "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise",
    "return", "try", "while", "with", "yield", "add_module", "apply", "bfloat16", "buffers", "children", "compile",
    "cpu", "cuda", "double", "eval", "float", "forward", "half", "ipu", "load_state_dict", "modules", "mtia",
    "named_buffers", "named_children", "named_modules", "named_parameters", "parameters", "register_buffer",
    "register_forward_hook", "register_module", "register_parameter", "requires_grad_", "share_memory", "state_dict",
    "to", "to_empty", "train", "training", "type", "xpu", "zero_grad", "dump_patches", "call_super_init", "extra_repr",
    "get_buffer", "get_extra_state", "get_parameter", "get_submodule", "set_extra_state", "set_submodule",
  ]
}
