import Kernels
import Testing

@testable import RNNModel

/// Windows, pooling over time and plain values: what networks that are read give.
@Suite struct PoolingTests {
  /// A drawn network with a pooling layer before its output, or a window instead of one, or its values as they are.
  private static func drawn(_ seed: Int) -> DrawnModel {
    var draw = DrawnModel(seed: 7000 + seed, dropout: true, features: Architecture.allFeatures)
    var architecture = draw.architecture
    let last = architecture.layers.removeLast()
    let (name, width) = (architecture.layers.last?.name ?? "", last.inputs ?? 1)
    let isFree = architecture.input != .tokens || architecture.output != .softmax || last.outputs == architecture.size
    architecture.context = seed % 3 == 0 && isFree ? .window(length: 4, padding: nil) : .sequence
    if seed % 4 != 3 {
      architecture.layers.append(
        seed % 4 == 0
          ? .attention(.init(name: "pool", width: width)) : .final(.init(name: "pool", of: name)))
      architecture.layers.append(.activation(.init(name: "after", activation: .softsign)))
      architecture.layers.append(.dropout(.init(name: "late", rate: 0.5)))
    }
    if seed % 5 == 4 {
      architecture.output = .values
    } else {
      architecture.layers.append(last)
    }
    return DrawnModel(architecture, seed: Int(draw.generator.next() >> 32))
  }

  @Test(arguments: 0..<120) func theNetworkGivesWhatTheReferenceGives(seed: Int) throws {
    var model = Self.drawn(seed)
    let architecture = model.architecture
    try architecture.check()
    let (batch, steps) = (2, 4)
    let network = try Network(
      architecture, parameters: model.parameters, purpose: .inference, batch: batch, steps: steps)
    let reference = Reference<Double>(architecture, values: model.parameters.map { Double($0) })
    for _ in 0..<2 {
      let tokens = model.tokens(batch * steps)
      let features = (0..<(batch * steps * architecture.size)).map { _ in Float(model.generator.uniform(in: -1..<1)) }
      let isPooled = architecture.windowLength != nil || architecture.layers.contains { $0.pools }
      let rows = isPooled ? 1 : steps
      var logits = [Float](repeating: .nan, count: batch * rows * architecture.outputSize)
      network.logits(architecture.input == .tokens ? .tokens(tokens) : .features(features), into: &logits)
      for stream in 0..<batch {
        let inputs: Reference<Double>.Inputs =
          switch architecture.input {
          case .tokens: .tokens((0..<steps).map { tokens[$0 * batch + stream] })
          case .features:
            .features(
              (0..<steps).map { step in
                (0..<architecture.size).map { Double(features[(step * batch + stream) * architecture.size + $0]) }
              })
          }
        var state = reference.initialState
        let expected = reference.logits(inputs, state: &state)
        try #require(expected.count == rows)
        for row in 0..<rows {
          let start = (row * batch + stream) * architecture.outputSize
          #expect(largestError(Array(logits[start..<(start + architecture.outputSize)]), expected[row]) < 1e-4)
        }
      }
    }
  }

  @Test func ofAWindowTheReferenceComputesOneWideStep() throws {
    let architecture = Architecture(
      size: 9,
      layers: [
        .embedding(.init(name: "input", inputs: 9, outputs: 2)), .gru(.init(name: "gru", inputs: 2, outputs: 2)),
        .linear(.init(name: "output", inputs: 2, outputs: 9)),
      ], context: .window(length: 5, padding: nil))
    let model = DrawnModel(architecture, seed: 2)
    let values = model.parameters.map { Double($0) }
    let reference = Reference<Double>(architecture, values: values)
    let inputs = Reference<Double>.Inputs.tokens([1, 8, 3, 0, 2])
    #expect(reference.run(inputs, from: reference.initialState, cut: true).steps.map(\.count) == [5, 5, 1])
    // What comes out is the last step of the same layers over a stream.
    var stream = architecture
    stream.context = .stream
    var state = reference.initialState
    let expected = Reference<Double>(stream, values: values).logits(inputs, state: &state)
    var start = reference.initialState
    #expect(reference.logits(inputs, state: &start) == expected.suffix(1))
    let table = ParameterTable(architecture)
    var widest = 0
    let found = try LayerByLayer.logits(of: architecture, [inputs]) { entry, parameters in
      parameters += table[entry.layer, entry.name].map { values[$0.range] } ?? []
    } run: { layer, parameters, sequences in
      let result = LayerByLayer.reference(layer, parameters, sequences)
      widest = max(widest, result.joined().reduce(0) { $0 + $1.count })
      return result
    }
    #expect(largestError(found[0][0], expected[4]) < 1e-12 && found[0].count == 1)
    // Five steps of two units, one step of nine.
    #expect(widest == 10)
  }

  @Test func theLastStepOfABackwardLayerIsTheFirst() throws {
    let layers: [Architecture.Layer] = [
      .oneHot(.init(name: "input", size: 3)),
      .elman(.init(name: "back", inputs: 3, outputs: 2, direction: .backward)),
      .dropout(.init(name: "none", rate: 0.5)),
    ]
    func logits(of name: String) throws -> [Float] {
      let architecture = Architecture(
        size: 3, layers: layers + [.final(.init(name: "pool", of: name))], context: .sequence, output: .values)
      let model = DrawnModel(architecture, seed: 3)
      let network = try Network(
        architecture, parameters: model.parameters, purpose: .inference, batch: 1, steps: 3)
      var (logits, all) = ([Float](repeating: 0, count: 2), [Float]())
      network.logits(inputs: [0, 1, 2], into: &logits) { if $0 == "back" { all = $1 } }
      #expect(logits == Array(name == "back" ? all[..<2] : all[4...]))
      return logits
    }
    // A dropout that does nothing is a layer of its own, and does not read backward.
    #expect(try logits(of: "back") != logits(of: "none"))
  }

  private static let input = Architecture.Layer.oneHot(.init(name: "input", size: 3))
  private static let pool = Architecture.Layer.final(.init(name: "pool", of: "input"))
  private static let output = Architecture.Layer.linear(.init(name: "output", inputs: 3, outputs: 3))

  @Test func refusesWhatCannotBe() {
    func problems(_ layers: [Architecture.Layer], _ context: Architecture.Context = .sequence) -> [ArchitectureError] {
      Architecture(size: 3, layers: layers, context: context).problems()
    }
    let (input, pool, output) = (Self.input, Self.pool, Self.output)
    #expect(problems([input, pool, output]).isEmpty)
    #expect(problems([input, pool, output], .window(length: 3, padding: 2)).isEmpty)
    #expect(problems([input, pool, output], .stream) == [.misplacedPooling(layer: "pool")])
    #expect(
      problems([input, pool, .attention(.init(name: "twice", width: 3)), output])
        == [.misplacedPooling(layer: "twice")])
    #expect(
      problems([input, pool, .elman(.init(name: "late", inputs: 3, outputs: 3)), output]) == [.noSteps(layer: "late")])
    #expect(
      problems([input, pool, .sum(.init(name: "mixed", of: ["pool", "input"])), output]) == [.noSteps(layer: "mixed")])
    #expect(
      problems([input, .final(.init(name: "pool", of: "output")), output])
        .contains(.unknownLayer(layer: "pool", name: "output")))
    for context in [
      Architecture.Context.window(length: 0, padding: nil), .window(length: 4097, padding: nil),
      .window(length: 3, padding: 3), .window(length: 3, padding: -1),
    ] {
      #expect(problems([input, output], context).count == 1, "\(context)")
    }
    for scale in [0, .infinity, .nan, 1e-60, 1e60] {
      let scalar = Architecture.Layer.scalar(.init(name: "input", size: 3, scale: scale))
      #expect(problems([scalar, .linear(.init(name: "output", inputs: 1, outputs: 3))]).count == 1, "\(scale)")
    }
  }

  @Test func refusesToTrainWhatHasNoGradient() {
    let window = Architecture(size: 3, layers: [Self.input, Self.output], context: .window(length: 2, padding: nil))
    let values = Architecture(size: 3, layers: [Self.input, Self.output], output: .values)
    for architecture in [window, values] {
      let parameters = DrawnModel(architecture).parameters
      #expect {
        try Network(architecture, parameters: parameters, purpose: .training, batch: 1, steps: 2)
      } throws: { error in
        if case ArchitectureError.notTrainable = error { true } else { false }
      }
    }
  }
}
