import RNNFormat
import RNNModel

/// Reads ONNX models of recurrent networks.
enum ONNXImport: ModelImport {
  static func read(_ path: String, choices: ImportChoices) throws -> ImportedModel {
    let external: ONNXFile.ExternalData = choices.followsOtherFiles ? .besideModel : .refused
    return try read(try ONNXFile(opening: path, externalData: external), choices: choices)
  }

  /// - Parameter bindings: values for inputs of the graph.
  static func read(
    _ file: ONNXFile, choices: ImportChoices, bindings: [String: ONNXArrays.Binding] = [:]
  ) throws -> ImportedModel {
    let arrays = try ONNXArrays(file, bindings: bindings)
    var interpreter = ONNXInterpreter(file, arrays)
    try interpreter.run()
    let output = try interpreter.output()
    let stated = try ONNXMetadata(file)
    var network = interpreter.network
    if network.size == 0 { network.setSize(stated.architecture?.size ?? output.width) }
    var assembly = ModelAssembly(of: arrays, choices: choices)
    if interpreter.takesTokens(network, output, stated.architecture?.input, &assembly) { network.takeTokens() }
    network.dropInputLayer()
    if let architecture = stated.architecture { network.adoptInitialStates(of: architecture) }
    network.shareWeights()
    for planned in network.layers {
      for formula in planned.parameters.values {
        for name in formula.operands { _ = try assembly.take(name) }
      }
      assembly.add(planned.layer, planned.parameters)
    }
    try takeConstants(of: file, &assembly, arrays)
    let context = interpreter.context(network, stated.architecture?.context, &assembly)
    let meaning = interpreter.meaning(of: output, network, stated.architecture?.output, &assembly)
    return try assembly.finish(
      size: network.size ?? 0, context: context, input: network.vectors == nil ? .tokens : .features,
      output: meaning, vocabulary: stated.vocabulary.map { VocabularyWithOrder($0) }, metadata: stated.metadata)
  }

  /// Constants that the graph uses for something else than parameters, such as a state of zeros, are in the layers already.
  private static func takeConstants(
    of file: ONNXFile, _ assembly: inout ModelAssembly, _ arrays: ONNXArrays
  ) throws(ConversionError) {
    for node in file.model.graph.nodes {
      for name in node.inputs where arrays.arrays[name] != nil { _ = try assembly.take(name) }
    }
  }
}

extension ONNXNetwork {
  /// States that the graph takes only because a stream goes on from them start from zero, where the model says so.
  mutating func adoptInitialStates(of architecture: Architecture) {
    let stated = architecture.layers.filter { $0.direction != nil }
    let found = layers.map(\.layer).filter { $0.direction != nil }
    guard stated.map(\.kind) == found.map(\.kind) else { return }
    for (layer, model) in zip(found, stated) where layer.initialState == .given && model.initialState == .zero {
      switch layer {
      case .elman(var layer):
        layer.initialState = .zero
        self[layer.name]?.layer = .elman(layer)
      case .lstm(var layer):
        layer.initialState = .zero
        self[layer.name]?.layer = .lstm(layer)
      case .gru(var layer):
        layer.initialState = .zero
        self[layer.name]?.layer = .gru(layer)
      default: break
      }
    }
  }

  /// Says how many tokens there are, where the first layer takes them as numbers.
  mutating func setSize(_ count: Int) {
    guard let first = layers.first, case .scalar(var scalar) = first.layer else { return }
    scalar.size = count
    size = count
    self[scalar.name]?.layer = .scalar(scalar)
  }

  /// Makes the input of vectors one of tokens: each vector has a single 1.
  mutating func takeTokens() {
    guard let vectors, let first = layers.first, first.layer.name == ONNXInterpreter.inputLayer else { return }
    self[first.layer.name]?.layer = .oneHot(.init(name: first.layer.name, size: vectors.width))
    self.vectors = nil
  }

  /// Removes the layer that stands for the input where the first layer simply takes it.
  mutating func dropInputLayer() {
    guard let first = layers.first, first.layer.name == ONNXInterpreter.inputLayer, vectors != nil, first.uses == 1,
      layers.count > 1, layers[1].layer.sources == nil
    else { return }
    removeFirst()
  }

  /// Makes an output that has the matrix of the embedding share it.
  mutating func shareWeights() {
    guard let last = layers.last, case .linear(var linear) = last.layer, let first = layers.first,
      case .embedding(let embedding) = first.layer, let weights = last.parameters["weights"],
      weights == first.parameters["weights"]
    else { return }
    linear.weightsOf = embedding.name
    var shared = last
    shared.layer = .linear(linear)
    shared.parameters["weights"] = nil
    self[linear.name] = shared
  }
}
