import RNNModel

extension CharRNNCheckpoint {
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

  func addElman(_ place: Int, _ assembly: inout Torch7Assembly) throws(ConversionError) {
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

  func addLSTM(_ place: Int, _ assembly: inout Torch7Assembly) throws(ConversionError) {
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
  func isGate(_ sum: Int) -> Bool {
    graph.places(of: "nn.Sigmoid").contains { graph.nodes[$0].inputs.first.map { graph.source($0) } == sum }
  }

  /// h(t) = (1 - z) h(t-1) + z n, with the reset gate before the product.
  ///
  /// - Returns: the sums of the layer.
  func addGRU(_ candidate: Int, _ assembly: inout Torch7Assembly) throws(ConversionError) -> [Int] {
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
}
