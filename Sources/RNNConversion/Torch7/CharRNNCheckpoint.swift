import RNNFormat
import RNNModel

/// A checkpoint of char-rnn: the graph of one step in `protos.rnn`, and the vocabulary in `vocab`.
struct CharRNNCheckpoint {
  private let file: Torch7File
  private let graph: NNGraph
  /// The sums of two affine maps, one of what comes from below and one of the state, in the order of computation.
  private var sums: [Int: (input: Int, recurrent: Int)] = [:]
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

  private func malformed(_ reason: String) -> ConversionError {
    .malformed(file: file.path, place: "protos.rnn", reason: reason)
  }

  /// The two nodes that are multiplied.
  private func product(_ place: Int) -> (Int, Int)? {
    let node = graph.nodes[graph.source(place)]
    guard node.className == "nn.CMulTable", node.inputs.count == 2 else { return nil }
    return (node.inputs[0], node.inputs[1])
  }

  /// The gate of a state from outside.
  private func gated(_ place: Int) -> Int? {
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
    return try assembly.finish(choices, size: size, vocabulary: choices.vocabulary ?? (try vocabulary()))
  }

  private static let classes: Set<String> = [
    "nn.Identity", "OneHot", "nn.LookupTable", "nn.Dropout", "nn.Linear", "nn.CAddTable", "nn.CMulTable", "nn.Reshape",
    "nn.SplitTable", "nn.Narrow", "nn.Sigmoid", "nn.Tanh", "nn.MulConstant", "nn.AddConstant", "nn.LogSoftMax",
  ]

  /// How many units a recurrent map has, and whether it gives four numbers for each.
  private func units(_ map: Int) throws(ConversionError) -> (count: Int, isGated: Bool) {
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

  private func addDropout(before map: Int, _ assembly: inout Torch7Assembly) {
    guard let place = graph.nodes[map].inputs.first, graph.nodes[graph.source(place)].className == "nn.Dropout",
      case .number(let rate)? = file.field("p", of: graph.nodes[graph.source(place)].module), rate > 0, rate < 1
    else { return }
    assembly.add(.dropout(.init(name: "dropout_\(assembly.layers.count)", rate: rate)))
  }

  // MARK: - Layers

  private func name(_ kind: String, _ assembly: Torch7Assembly) -> String {
    "\(kind)_\(assembly.layers.filter { $0.layer.kind == (kind == "rnn" ? "elman" : kind) }.count + 1)"
  }

  /// One of the two affine maps of a sum, its rows as an axis of gates.
  private func map(
    _ place: Int, gates: Int, named name: String, _ assembly: inout Torch7Assembly
  ) throws(ConversionError) -> (weights: TensorFormula, bias: TensorFormula?) {
    guard let module = graph.nodes[place].module else { throw malformed("an affine map has no module") }
    let weights = try assembly.tensor("weight", of: module, named: "\(name).weight", rank: 2)
    let units = weights.shape[0] / gates
    let shaped = try assembly.formula(name) { () throws(TensorFormulaError) in
      try weights.reshaped([gates, units, weights.shape[1]])
    }
    guard file.tensor(file.field("bias", of: module)) != nil else { return (shaped, nil) }
    let bias = try assembly.tensor("bias", of: module, named: "\(name).bias", rank: 1)
    return (shaped, try assembly.formula(name) { () throws(TensorFormulaError) in try bias.reshaped([gates, units]) })
  }

  private func parameters(
    _ input: (weights: TensorFormula, bias: TensorFormula?), _ recurrent: (weights: TensorFormula, bias: TensorFormula?)
  ) -> [String: TensorFormula] {
    var parameters = ["input_weights": input.weights, "recurrent_weights": recurrent.weights]
    parameters["bias"] = input.bias
    parameters["recurrent_bias"] = recurrent.bias
    return parameters
  }

  private func addElman(_ place: Int, _ assembly: inout Torch7Assembly) throws(ConversionError) {
    guard let maps = sums[place] else { return }
    let name = name("rnn", assembly)
    addDropout(before: maps.input, &assembly)
    let input = try map(maps.input, gates: 1, named: "\(name).i2h", &assembly)
    let recurrent = try map(maps.recurrent, gates: 1, named: "\(name).h2h", &assembly)
    assembly.add(
      .elman(
        .init(
          name: name, inputs: input.weights.shape[2], outputs: input.weights.shape[1], bias: input.bias != nil,
          recurrentBias: recurrent.bias != nil)), parameters(input, recurrent))
  }

  private func addLSTM(_ place: Int, _ assembly: inout Torch7Assembly) throws(ConversionError) {
    guard let maps = sums[place] else { return }
    let name = name("lstm", assembly)
    let gates = try gates(of: place, units: try units(maps.recurrent).count)
    addDropout(before: maps.input, &assembly)
    var input = try map(maps.input, gates: 4, named: "\(name).i2h", &assembly)
    var recurrent = try map(maps.recurrent, gates: 4, named: "\(name).h2h", &assembly)
    let (first, second) = (input, recurrent)
    (input, recurrent) = try assembly.formula(name) { () throws(TensorFormulaError) in
      func ordered(_ formula: TensorFormula) throws(TensorFormulaError) -> TensorFormula {
        try formula.gates(gates, as: Architecture.LSTM.gates)
      }
      let inputBias = if let bias = first.bias { try ordered(bias) } else { nil as TensorFormula? }
      let recurrentBias = if let bias = second.bias { try ordered(bias) } else { nil as TensorFormula? }
      return ((try ordered(first.weights), inputBias), (try ordered(second.weights), recurrentBias))
    }
    assembly.add(
      .lstm(
        .init(
          name: name, inputs: input.weights.shape[2], outputs: input.weights.shape[1], bias: input.bias != nil,
          recurrentBias: recurrent.bias != nil)), parameters(input, recurrent))
  }

  /// The gates in the order of the file, found from what each of them is multiplied with.
  private func gates(of sum: Int, units: Int) throws(ConversionError) -> [String] {
    var names: [Int: String] = [:]
    func note(_ position: Int, _ name: String) throws(ConversionError) {
      guard names.updateValue(name, forKey: position) ?? name == name else {
        throw malformed("gate \(position + 1) of an LSTM is used in two ways")
      }
    }
    for place in graph.places(of: "nn.CMulTable") {
      guard let (first, second) = product(place) else { continue }
      for (gate, other) in [(first, second), (second, first)] {
        guard let own = part(gate, of: sum, units: units), own.function == "nn.Sigmoid" else { continue }
        if graph.isOutside(other) {
          try note(own.position, "forget")
        } else if let candidate = part(other, of: sum, units: units), candidate.function == "nn.Tanh" {
          try note(own.position, "input")
          try note(candidate.position, "candidate")
        } else if graph.nodes[graph.source(other)].className == "nn.Tanh" {
          try note(own.position, "output")
        }
      }
    }
    let gates = (0..<4).compactMap { names[$0] }
    guard Set(gates).count == 4 else { throw malformed("the gates of an LSTM are not understood") }
    return gates
  }

  /// Which part of a sum a node gives, and through which function.
  private func part(_ place: Int, of sum: Int, units: Int) -> (position: Int, function: String?)? {
    var (place, offset, function): (Int, Int, String?) = (place, 0, nil)
    while place != sum {
      let node = graph.nodes[place]
      guard node.inputs.count == 1 else { return nil }
      switch node.className {
      case nil:
        if let selection = node.selection {
          guard (1...4).contains(selection) else { return nil }
          offset += (selection - 1) * units
        }
      case "nn.Narrow":
        guard let index = file.field("index", of: node.module)?.integer, (1...(1 << 40)).contains(index) else {
          return nil
        }
        offset += index - 1
      case "nn.Sigmoid", "nn.Tanh":
        guard function == nil else { return nil }
        function = node.className
      case "nn.Identity", "nn.Reshape", "nn.SplitTable": break
      default: return nil
      }
      place = node.inputs[0]
    }
    return offset % units == 0 && offset / units < 4 ? (offset / units, function) : nil
  }

  /// Whether a sum goes through a sigmoid: it is a gate of a GRU, not a layer.
  private func isGate(_ sum: Int) -> Bool {
    graph.places(of: "nn.Sigmoid").contains { graph.nodes[$0].inputs.first.map { graph.source($0) } == sum }
  }

  /// h(t) = (1 - z) h(t-1) + z n, with the reset gate before the product.
  ///
  /// - Returns: the sums of the layer.
  private func addGRU(_ candidate: Int, _ assembly: inout Torch7Assembly) throws(ConversionError) -> [Int] {
    /// The sum below a function.
    func sum(_ place: Int, _ function: String) -> Int? {
      let node = graph.nodes[graph.source(place)]
      guard node.className == function, let below = node.inputs.first.map({ graph.source($0) }) else { return nil }
      return sums[below] == nil ? nil : below
    }
    guard let maps = sums[candidate], let state = graph.nodes[maps.recurrent].inputs.first, let gate = gated(state)
    else {
      throw malformed("a GRU is not understood")
    }
    let reset = sum(gate, "nn.Sigmoid")
    var updates: Set<Int> = []
    for place in graph.places(of: "nn.CMulTable") {
      guard let (first, second) = product(place) else { continue }
      for (gate, other) in [(first, second), (second, first)] where sum(other, "nn.Tanh") == candidate {
        if let update = sum(gate, "nn.Sigmoid") { updates.insert(update) }
      }
    }
    guard let reset, let update = updates.first, updates.count == 1, update != reset else {
      throw malformed("the gates of a GRU are not understood")
    }
    let name = name("gru", assembly)
    addDropout(before: maps.input, &assembly)
    var inputs: [(weights: TensorFormula, bias: TensorFormula?)] = []
    var recurrents: [(weights: TensorFormula, bias: TensorFormula?)] = []
    for (place, gate) in [(update, "update"), (reset, "reset"), (candidate, "candidate")] {
      guard let maps = sums[place] else { continue }
      inputs.append(try map(maps.input, gates: 1, named: "\(name).\(gate).i2h", &assembly))
      recurrents.append(try map(maps.recurrent, gates: 1, named: "\(name).\(gate).h2h", &assembly))
    }
    let input = try joined(inputs, name, assembly), recurrent = try joined(recurrents, name, assembly)
    assembly.add(
      .gru(
        .init(
          name: name, inputs: input.weights.shape[2], outputs: input.weights.shape[1], reset: .before,
          updateKeeps: .candidate, bias: input.bias != nil, recurrentBias: recurrent.bias != nil)),
      parameters(input, recurrent))
    return [update, reset, candidate]
  }

  private func joined(
    _ maps: [(weights: TensorFormula, bias: TensorFormula?)], _ name: String, _ assembly: Torch7Assembly
  ) throws(ConversionError) -> (weights: TensorFormula, bias: TensorFormula?) {
    let biases = maps.compactMap(\.bias)
    guard biases.isEmpty || biases.count == maps.count else { throw malformed("only some gates have biases") }
    return try assembly.formula(name) { () throws(TensorFormulaError) in
      (
        try TensorFormula.joining(maps.map(\.weights)),
        biases.isEmpty ? nil : try TensorFormula.joining(biases)
      )
    }
  }

  // MARK: - Vocabulary

  /// The table from characters to ids, counted from 1.
  private func vocabulary() throws -> Vocabulary? {
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
    do { return try Vocabulary(torch7: tokens.compactMap(\.self)) } catch { throw malformed("\(error)") }
  }
}
