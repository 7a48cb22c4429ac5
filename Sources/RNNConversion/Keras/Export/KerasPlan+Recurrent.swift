import Kernels
import RNNFormat
import RNNModel

extension KerasPlan {
  /// Adds a layer that reads in one direction.
  mutating func addRecurrent(_ index: Int) throws {
    let layer = architecture.layers[index]
    let returnsSequences = !links.givesLastOnly.contains(layer.name)
    if layer.direction == .backward, returnsSequences {
      refuse(layer.name, "it reads backward and gives every step, which Keras has only beside a forward layer like it")
      return
    }
    guard let (className, options, arrays) = try cell(layer, returnsSequences: returnsSequences) else { return }
    add(
      KerasPlannedLayer(
        name: layer.name, className: className, options: options, sources: [source(index)],
        parts: [.init(place: "cell", arrays: arrays)]))
  }

  /// Adds two layers that read in both directions as one.
  mutating func addBoth(_ pair: KerasLinks.Pair, _ joint: Architecture.Layer, source: String) throws {
    guard let forward = links.layer(pair.forward), let backward = links.layer(pair.backward),
      let first = try cell(forward, returnsSequences: !pair.isFinal),
      let second = try cell(backward, returnsSequences: !pair.isFinal)
    else { return }
    func wrapped(_ name: String, _ layer: (String, [String: JSONValue], [(role: String, formula: TensorFormula)]))
      -> JSONValue
    {
      var config = layer.1
      config["name"] = .string(name)
      config["dtype"] = .string(dtype)
      return .object(
        ["class_name": .string(layer.0), "config": .object(config)].merging(KerasPlannedLayer.origin) {
          own, _ in own
        })
    }
    let isSum = if case .sum = joint { true } else { false }
    add(
      KerasPlannedLayer(
        name: joint.name, className: "Bidirectional",
        options: [
          "merge_mode": isSum ? "sum" : "concat", "layer": wrapped(pair.forward, first),
          "backward_layer": wrapped(pair.backward, second),
        ], sources: [source],
        parts: [
          .init(place: "forward_layer/cell", arrays: first.arrays),
          .init(place: "backward_layer/cell", arrays: second.arrays),
        ]))
  }

  /// The class, the options and the arrays of a recurrent layer; nil where Keras has none like it.
  private mutating func cell(
    _ layer: Architecture.Layer, returnsSequences: Bool
  ) throws -> (className: String, options: [String: JSONValue], arrays: [(role: String, formula: TensorFormula)])? {
    let before = problems.count
    var options: [String: JSONValue] = [
      "return_sequences": .bool(returnsSequences), "go_backwards": .bool(layer.direction == .backward),
      "units": .integer(layer.outputs ?? 0),
    ]
    let name = layer.name
    if layer.initialState == .learned { refuse(name, "its initial state is learned, and Keras begins with zeros") }
    if layer.initialState == .given { lose("that the state of '\(name)' can be handed in") }
    var arrays: [(role: String, formula: TensorFormula)] = []
    let className: String
    switch layer {
    case .elman(let elman):
      className = "SimpleRNN"
      if elman.leak != 1 { refuse(name, "its units leak (\(elman.leak)), and those of Keras do not") }
      options["activation"] = self.name(of: elman.activation, layer: name).map { .string($0) }
      arrays = try kernels(name, gates: 1, inputs: elman.inputs, outputs: elman.outputs)
      arrays += try bias(name, gates: 1, elman.outputs, elman.bias, elman.recurrentBias)
    case .lstm(let lstm):
      className = "LSTM"
      refuse(lstm)
      options["activation"] = self.name(of: lstm.activation, layer: name).map { .string($0) }
      options["recurrent_activation"] = self.name(of: lstm.recurrentActivation, layer: name).map { .string($0) }
      guard problems.count == before else { return nil }
      arrays = try kernels(name, gates: 4, inputs: lstm.inputs, outputs: lstm.outputs)
      arrays += try withForgetBias(lstm, try bias(name, gates: 4, lstm.outputs, lstm.bias, lstm.recurrentBias))
    case .gru(let gru):
      className = "GRU"
      if gru.updateKeeps != .previous {
        refuse(name, "its update gate keeps the candidate, and that of Keras the state before")
      }
      options["activation"] = self.name(of: gru.activation, layer: name).map { .string($0) }
      options["recurrent_activation"] = self.name(of: gru.recurrentActivation, layer: name).map { .string($0) }
      options["reset_after"] = .bool(gru.reset == .after)
      arrays = try kernels(name, gates: 3, inputs: gru.inputs, outputs: gru.outputs)
      if gru.reset == .after {
        arrays += try twoBiases(gru)
      } else {
        arrays += try bias(name, gates: 3, gru.outputs, gru.bias, gru.recurrentBias)
      }
    default: return nil
    }
    options["use_bias"] = .bool(arrays.count == 3)
    return problems.count == before ? (className, options, arrays) : nil
  }

  private mutating func refuse(_ lstm: Architecture.LSTM) {
    let name = lstm.name
    if lstm.cellActivation != lstm.activation {
      refuse(
        name, "its cells have another activation on their way out than on their way in, and Keras has one for both")
    }
    if lstm.peepholes { refuse(name, "it has peepholes, and LSTMs of Keras have none") }
    if lstm.coupledGates { refuse(name, "its input and forget gates are coupled, and those of Keras are not") }
    if lstm.cellClip != nil { refuse(name, "its cells are clipped, and those of Keras are not") }
    if lstm.projection != nil { refuse(name, "its output is projected, and that of Keras is not") }
  }

  /// `[gates, units, inputs]` to `[inputs, gates x units]`.
  private func kernels(
    _ name: String, gates: Int, inputs: Int, outputs: Int
  ) throws(TensorFormulaError) -> [(role: String, formula: TensorFormula)] {
    // No overflow: the architecture has been checked, and all its tensors fit into memory.
    [
      ("kernel", try tensor("\(name)/input_weights").reshaped([gates * outputs, inputs]).transposed()),
      ("recurrent_kernel", try tensor("\(name)/recurrent_weights").reshaped([gates * outputs, outputs]).transposed()),
    ]
  }

  /// The one bias that Keras has: two are added.
  private mutating func bias(
    _ name: String, gates: Int, _ units: Int, _ bias: Bool, _ recurrentBias: Bool
  ) throws(TensorFormulaError) -> [(role: String, formula: TensorFormula)] {
    var sum: TensorFormula?
    if bias { sum = try tensor("\(name)/bias").reshaped([gates * units]) }
    if recurrentBias {
      let second = try tensor("\(name)/recurrent_bias").reshaped([gates * units])
      if let first = sum {
        sum = try first.adding(second)
        lose("the second bias of '\(name)', which is added to the first")
      } else {
        sum = second
      }
    }
    return sum.map { [("bias", $0)] } ?? []
  }

  /// The bias, with what is added to the forget gate at run time in it: Keras adds nothing then.
  private mutating func withForgetBias(
    _ lstm: Architecture.LSTM, _ bias: [(role: String, formula: TensorFormula)]
  ) throws(TensorFormulaError) -> [(role: String, formula: TensorFormula)] {
    guard lstm.forgetBias != 0 else { return bias }
    lose("that \(lstm.forgetBias) of the forget gates' bias of '\(lstm.name)' is added at run time: it is in the bias")
    let type = try tensor("\(lstm.name)/input_weights").type
    let added = try TensorFormula.joining([
      .zeros(type, shape: [lstm.outputs]), .filled(type, value: lstm.forgetBias, shape: [lstm.outputs]),
      .zeros(type, shape: [2 * lstm.outputs]),
    ])
    return [("bias", try bias.first?.formula.adding(added) ?? added)]
  }

  /// The two biases of a GRU that resets after the product; one that is missing is zero.
  private func twoBiases(_ gru: Architecture.GRU) throws(TensorFormulaError) -> [(role: String, formula: TensorFormula)]
  {
    guard gru.bias || gru.recurrentBias else { return [] }
    let shape = [1, 3 * gru.outputs]
    let first = gru.bias ? try tensor("\(gru.name)/bias").reshaped(shape) : nil
    let second = gru.recurrentBias ? try tensor("\(gru.name)/recurrent_bias").reshaped(shape) : nil
    guard let type = (first ?? second)?.type else { return [] }
    return [("bias", try .joining([first ?? .zeros(type, shape: shape), second ?? .zeros(type, shape: shape)]))]
  }
}
