import Kernels
import RNNFormat
import RNNModel

/// A model laid out as a functional model of Keras.
struct KerasPlan {
  /// The form of the description: what a version of Keras can compute, and how it calls it.
  enum Version { case two, three }

  let version: Version
  let architecture: Architecture
  /// The layers of Keras, each behind those that it takes from.
  private(set) var layers: [KerasPlannedLayer] = []
  /// What Keras cannot hold.
  private(set) var lost: [String] = []
  /// What Keras cannot compute.
  private(set) var problems: [String] = []
  /// The type of the numbers with which Keras is to compute.
  let dtype: String

  let tensors: [String: TensorDescription]
  let links: KerasLinks
  /// The layer of Keras that gives what a layer here gives.
  private var given: [String: String] = [:]
  private var input = ""

  /// - Throws: ``ConversionError/inexpressible(_:reasons:)`` with everything that Keras cannot compute.
  init(_ document: ModelDocument, _ tensors: [TensorDescription], _ version: Version, _ format: ModelFormat) throws {
    self.version = version
    architecture = document.architecture
    self.tensors = Dictionary(tensors.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    dtype = tensors.contains { $0.type == .float64 } ? "float64" : "float32"
    links = KerasLinks(document.architecture)
    addInput()
    do {
      for index in architecture.layers.indices { try add(index) }
    } catch let error as TensorFormulaError {
      problems.append("its tensors do not fit: \(error)")
    }
    if let problem = links.windowProblem { problems.append(problem) }
    guard problems.isEmpty else { throw ConversionError.inexpressible(format, reasons: problems) }
    noteLost(document)
  }

  /// The name of the layer that gives the model's output.
  var output: String { architecture.layers.last.flatMap { given[$0.name] } ?? input }

  mutating func refuse(_ layer: String, _ reason: String) { problems.append("layer '\(layer)': \(reason)") }

  private mutating func noteLost(_ document: ModelDocument) {
    if document.vocabulary != nil { lost.append("the vocabulary") }
    if !document.history.columns.isEmpty { lost.append("the history of the training") }
    if document.metadata.object?.isEmpty == false { lost.append("the metadata") }
    if !document.lineage.isEmpty { lost.append("the lineage") }
    if case .window(_, .some(let padding)) = architecture.context {
      lost.append("that token \(padding) stands in front of texts shorter than a window")
    }
  }

  mutating func lose(_ what: String) { lost.append(what) }

  // MARK: Layers

  private mutating func addInput() {
    var name = "inputs"
    while architecture.layers.contains(where: { $0.name == name }) { name += "_" }
    input = name
    let steps: JSONValue = architecture.windowLength.map { .integer($0) } ?? .null
    var shape: JSONValue = [.null, steps, .integer(architecture.size)]
    var type = dtype
    switch architecture.layers.first {
    case .embedding:
      shape = [.null, steps]
      type = "int32"
    case .scalar(let layer):
      shape = [.null, steps, 1]
      // Keras takes the number itself; what it is made of the token is in no file.
      if layer.scale != 1 / Double(layer.size) {
        refuse(
          layer.name, "tokens times \(layer.scale) are not the token divided by their number, which is what is usual")
      }
      if case .linear(let last)? = architecture.layers.last, last.outputs == layer.size, architecture.output != .sigmoid
      {
        break
      }
      refuse(layer.name, "how many tokens there are would be in no file of Keras: the outputs do not say it")
    default: break
    }
    add(
      KerasPlannedLayer(
        name: name, className: "InputLayer", options: ["batch_shape": shape, "dtype": .string(type)], sources: []))
  }

  mutating func add(_ layer: KerasPlannedLayer) { layers.append(layer) }

  /// The layer of Keras that gives what comes into a layer here.
  func source(_ index: Int) -> String { links.source(index).flatMap { given[$0] } ?? input }

  /// A tensor of the model.
  func tensor(_ path: String) throws(TensorFormulaError) -> TensorFormula {
    guard let tensor = tensors[path] else { throw TensorFormulaError("there is no '\(path)'") }
    return TensorFormula(tensor)
  }

  private mutating func add(_ index: Int) throws {
    let layer = architecture.layers[index]
    if links.isWithinPair(layer.name) { return }
    if let pair = links.pairs[layer.name] {
      given[layer.name] = layer.name
      return try addBoth(pair, layer, source: links.index(of: pair.forward).map { source($0) } ?? input)
    }
    given[layer.name] = layer.name
    switch layer {
    case .oneHot, .scalar: given[layer.name] = input
    case .embedding(let embedding):
      add(
        KerasPlannedLayer(
          name: embedding.name, className: "Embedding",
          options: [
            "input_dim": .integer(embedding.inputs), "output_dim": .integer(embedding.outputs), "mask_zero": false,
          ],
          sources: [source(index)],
          parts: [.init(place: "", arrays: [("embeddings", try tensor("\(embedding.name)/weights"))])]))
    case .elman, .lstm, .gru: try addRecurrent(index)
    case .dropout(let dropout):
      add(
        KerasPlannedLayer(
          name: dropout.name, className: dropout.locked ? "SpatialDropout1D" : "Dropout",
          options: ["rate": .number(dropout.rate)],
          sources: [source(index)]))
    case .layerNorm(let norm):
      var arrays = [("gamma", try tensor("\(norm.name)/gain"))]
      if norm.bias { arrays.append(("beta", try tensor("\(norm.name)/bias"))) }
      add(
        KerasPlannedLayer(
          name: norm.name, className: "LayerNormalization",
          options: ["axis": -1, "epsilon": .number(norm.epsilon), "center": .bool(norm.bias), "scale": true],
          sources: [source(index)], parts: [.init(place: "", arrays: arrays)]))
    case .sum(let connection), .concatenation(let connection):
      let sources = connection.of.map { given[$0] ?? input }
      if sources.count == 1 {
        given[layer.name] = sources[0]
      } else if Set(sources).count < sources.count {
        refuse(layer.name, "it joins the same output twice")
      } else {
        let isSum = if case .sum = layer { true } else { false }
        add(
          KerasPlannedLayer(
            name: layer.name, className: isSum ? "Add" : "Concatenate", options: isSum ? [:] : ["axis": -1],
            sources: sources))
      }
    case .delay: refuse(layer.name, "Keras has no layer that holds the last steps side by side")
    case .final(let final):
      // The layer itself gives its last step only, which it was planned to do.
      given[layer.name] = given[final.of]
      if let problem = links.finalProblems[layer.name] { refuse(layer.name, problem) }
    case .ngram: refuse(layer.name, "a table of n-grams is no network")
    case .attention(let attention): try addAttention(attention, source: source(index))
    case .linear(let linear):
      try addLinear(linear, isLast: index == architecture.layers.count - 1, source: source(index))
    case .activation(let activated):
      guard let name = name(of: activated.activation, layer: activated.name) else { return }
      add(
        KerasPlannedLayer(
          name: activated.name, className: "Activation", options: ["activation": .string(name)],
          sources: [source(index)]))
    }
  }

  private mutating func addLinear(_ linear: Architecture.Linear, isLast: Bool, source: String) throws {
    var weights: TensorFormula
    if let embedding = linear.weightsOf {
      weights = try tensor("\(embedding)/weights")
      lose("that the weights of '\(linear.name)' are those of '\(embedding)'")
    } else {
      weights = try tensor("\(linear.name)/weights")
    }
    weights = try weights.transposed()
    var arrays = [("kernel", weights)]
    if linear.bias { arrays.append(("bias", try tensor("\(linear.name)/bias"))) }
    var activation = "linear"
    if isLast {
      switch architecture.output {
      case .softmax: activation = "softmax"
      case .sigmoid: activation = "sigmoid"
      case .values, .logProbabilities: break
      }
    }
    add(
      KerasPlannedLayer(
        name: linear.name, className: "Dense",
        options: [
          "units": .integer(linear.outputs), "activation": .string(activation), "use_bias": .bool(linear.bias),
        ],
        sources: [source], parts: [.init(place: "", arrays: arrays)]))
  }

  /// Attention of layers that every Keras has: a score for each step, a softmax over the steps, and the sum of what they weigh.
  private mutating func addAttention(_ attention: Architecture.Attention, source: String) throws {
    let names = KerasAttention(attention.name)
    let weights = try tensor("\(attention.name)/weights").reshaped([attention.width, 1])
    add(
      KerasPlannedLayer(
        name: names.score, className: "Dense", options: ["units": 1, "activation": "linear", "use_bias": false],
        sources: [source], parts: [.init(place: "", arrays: [("kernel", weights)])]))
    add(KerasPlannedLayer(name: names.share, className: "Softmax", options: ["axis": 1], sources: [names.score]))
    add(
      KerasPlannedLayer(
        name: names.sum, className: "Dot", options: ["axes": 1, "normalize": false], sources: [source, names.share]))
    add(KerasPlannedLayer(name: attention.name, className: "Flatten", options: [:], sources: [names.sum]))
  }

  /// What Keras calls a function; a problem is noted where it has none.
  mutating func name(of activation: Activation, layer: String) -> String? {
    switch activation {
    case .linear, .tanh, .sigmoid, .relu, .softsign, .softplus, .elu: return activation.rawValue
    case .hardSigmoid where version == .two:
      loseOnce("that hard_sigmoid is clip(0.2 x + 0.5): Keras 3 computes another one, so open the file with Keras 2")
      return "hard_sigmoid"
    case .hardSigmoid:
      refuse(layer, "hard_sigmoid with the slope 0.2 is that of Keras 2; Keras 3 computes another one")
      return nil
    case .hardSigmoidSixth where version == .three: return "hard_sigmoid"
    case .hardSigmoidSixth:
      refuse(layer, "hard_sigmoid with the slope 1/6 is that of Keras 3; write a file of it (.keras)")
      return nil
    case .hardTanh where version == .three: return "hard_tanh"
    case .hardTanh:
      refuse(layer, "hard_tanh is not among the functions of Keras 2")
      return nil
    }
  }

  private mutating func loseOnce(_ what: String) {
    if !lost.contains(what) { lost.append(what) }
  }
}
