import RNNFormat
import RNNModel

/// A checkpoint of char-rnn: the graph of one step in `protos.rnn`, and the vocabulary in `vocab`.
struct CharRNNCheckpoint {
  let file: Torch7File
  let graph: NNGraph
  /// The sums of two affine maps, one of what comes from below and one of the state, in the order of computation.
  var sums: [Int: (input: Int, recurrent: Int)] = [:]
  private var order: [Int] = []

  /// - Returns: nil for a file of another program.
  init?(_ file: Torch7File) throws(ConversionError) {
    let module = file.field("rnn", of: file.field("protos", of: file.root))
    guard let graph = try NNGraph(module, in: file) else { return nil }
    self.file = file
    self.graph = graph
    for place in graph.places(of: "nn.CAddTable") {
      let inputs = graph.nodes[place].inputs.map { graph.source($0) }
      guard inputs.count == 2, inputs.allSatisfy({ graph.nodes[$0].className == "nn.Linear" }) else { continue }
      // The one that takes a state, or a state behind a gate, is the recurrent one.
      let isRecurrent = inputs.map { map in
        guard let source = graph.nodes[map].inputs.first else { return false }
        return graph.isOutside(source) || gated(source) != nil
      }
      guard isRecurrent[0] != isRecurrent[1] else {
        throw .malformed(
          file: file.path, place: "protos.rnn", reason: "which of two affine maps takes the state is not clear")
      }
      sums[place] = isRecurrent[0] ? (inputs[1], inputs[0]) : (inputs[0], inputs[1])
      order.append(place)
    }
  }

  func malformed(_ reason: String) -> ConversionError {
    .malformed(file: file.path, place: "protos.rnn", reason: reason)
  }

  /// The two nodes that are multiplied.
  func product(_ place: Int) -> (Int, Int)? {
    let node = graph.nodes[graph.source(place)]
    guard node.className == "nn.CMulTable", node.inputs.count == 2 else { return nil }
    return (node.inputs[0], node.inputs[1])
  }

  /// The gate of a state from outside.
  func gated(_ place: Int) -> Int? {
    guard let (first, second) = product(place), graph.isOutside(first) != graph.isOutside(second) else { return nil }
    return graph.isOutside(first) ? second : first
  }

  func imported(_ choices: ImportChoices) throws -> ImportedModel {
    for node in graph.nodes {
      if let name = node.className, !Self.classes.contains(name) {
        throw malformed("the module '\(name)' is not supported")
      }
    }
    var assembly = Torch7Assembly(file)
    let size = try addInput(&assembly)
    var taken: Set<Int> = []
    for place in order where !taken.contains(place) {
      guard let maps = sums[place] else { continue }
      if graph.nodes[maps.recurrent].inputs.first.map({ gated($0) != nil }) ?? false {
        taken.formUnion(try addGRU(place, &assembly))
      } else if try units(maps.recurrent).isGated {
        try addLSTM(place, &assembly)
        taken.insert(place)
      } else if !isGate(place) {
        try addElman(place, &assembly)
        taken.insert(place)
      }
    }
    guard Set(order) == taken else { throw malformed("gates of some layers belong to nothing") }
    let inside = Set(sums.values.flatMap { [$0.input, $0.recurrent] })
    let rest = graph.places(of: "nn.Linear").filter { !inside.contains($0) }
    guard rest.count == 1, let decoder = graph.nodes[rest[0]].module, graph.places(of: "nn.LogSoftMax").count == 1
    else {
      throw malformed("it has not one affine map with a softmax as its output")
    }
    addDropout(before: rest[0], &assembly)
    try assembly.addLinear(decoder, named: "output")
    return try assembly.finish(
      choices, size: size, vocabulary: choices.hasVocabulary ? nil : try vocabulary(choices.vocabularyChoices))
  }

  private static let classes: Set<String> = [
    "nn.Identity", "OneHot", "nn.LookupTable", "nn.Dropout", "nn.Linear", "nn.CAddTable", "nn.CMulTable", "nn.Reshape",
    "nn.SplitTable", "nn.Narrow", "nn.Sigmoid", "nn.Tanh", "nn.MulConstant", "nn.AddConstant", "nn.LogSoftMax",
  ]

  /// How many units a recurrent map has, and whether it gives four numbers for each.
  func units(_ map: Int) throws(ConversionError) -> (count: Int, isGated: Bool) {
    guard let shape = file.tensor(file.field("weight", of: graph.nodes[map].module))?.shape, shape.count == 2,
      shape[1] > 0, shape[0] == shape[1] || shape[0] / 4 == shape[1] && shape[0] % 4 == 0
    else { throw malformed("a recurrent map has not as many inputs as units") }
    return (shape[1], shape[0] != shape[1])
  }

  // MARK: - Input and dropout

  private func addInput(_ assembly: inout Torch7Assembly) throws(ConversionError) -> Int {
    let tables = graph.places(of: "nn.LookupTable")
    if tables.count == 1, graph.places(of: "OneHot").isEmpty, let module = graph.nodes[tables[0]].module {
      let weights = try assembly.tensor("weight", of: module, named: "embedding.weight", rank: 2)
      let shape = weights.shape
      assembly.add(.embedding(.init(name: "embedding", inputs: shape[0], outputs: shape[1])), ["weights": weights])
      return shape[0]
    }
    guard tables.isEmpty, graph.places(of: "OneHot").count == 1, let first = order.first, let map = sums[first]?.input,
      let shape = file.tensor(file.field("weight", of: graph.nodes[map].module))?.shape, shape.count == 2
    else { throw malformed("it has not one layer that takes tokens") }
    assembly.add(.oneHot(.init(name: "input", size: shape[1])))
    return shape[1]
  }

  func addDropout(before map: Int, _ assembly: inout Torch7Assembly) {
    guard let place = graph.nodes[map].inputs.first, graph.nodes[graph.source(place)].className == "nn.Dropout",
      case .number(let rate)? = file.field("p", of: graph.nodes[graph.source(place)].module), rate > 0, rate < 1
    else { return }
    assembly.add(.dropout(.init(name: "dropout_\(assembly.layers.count)", rate: rate)))
  }

  // MARK: - Vocabulary

  /// The table from characters to ids, counted from 1.
  private func vocabulary(_ choices: VocabularyChoices) throws -> VocabularyWithOrder? {
    guard let pairs = file.pairs(file.field("vocab", of: file.root)) else { return nil }
    func malformed(_ reason: String) -> ConversionError { .malformed(file: file.path, place: "vocab", reason: reason) }
    var tokens = [[UInt8]?](repeating: nil, count: pairs.count)
    for (key, value) in pairs {
      guard case .string(let token) = key, let id = value.integer, id >= 1, id <= tokens.count, tokens[id - 1] == nil
      else {
        throw malformed("it is not a table from characters to the numbers from 1 on")
      }
      tokens[id - 1] = token
    }
    var list = TokenList(tokens.compactMap(\.self))
    list.place = "vocab"
    return try list.vocabulary(size: nil, choices, file: file.path)
  }
}
