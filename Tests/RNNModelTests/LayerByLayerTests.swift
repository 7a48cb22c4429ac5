import Kernels
import RNNModel
import Testing

/// A network run with one layer's parameters at a time, against the whole.
@Suite struct LayerByLayerTests {
  @Test(arguments: 0..<60) func givesWhatTheWholeNetworkGives(seed: Int) throws {
    var drawn = DrawnModel(seed: 6000 + seed, dropout: true, features: Architecture.allFeatures)
    let architecture = drawn.architecture
    let values = drawn.parameters.map { Double($0) }
    let reference = Reference<Double>(architecture, values: values)
    let sequences: [Reference<Double>.Inputs] = (0..<2).map { _ in
      switch architecture.input {
      case .tokens: .tokens(drawn.tokens(5))
      case .features:
        .features(
          (0..<5).map { _ in (0..<architecture.size).map { _ in drawn.generator.uniform(in: -1..<1) } })
      }
    }
    let expected = sequences.map { sequence in
      var state = reference.initialState
      return reference.logits(sequence, state: &state)
    }
    var asked: [String] = []
    let exact = try LayerByLayer.logits(of: architecture, sequences) { entry, parameters in
      asked.append(entry.path)
      parameters += values[entry.range]
    } run: {
      LayerByLayer.reference($0, $1, $2)
    }
    #expect(exact == expected)
    #expect(Set(asked) == Set(ParameterTable(architecture).entries.map(\.path)))
    let fast = try LayerByLayer.logits(
      of: architecture,
      sequences.map { sequence -> Reference<Float>.Inputs in
        switch sequence {
        case .tokens(let tokens): .tokens(tokens)
        case .features(let vectors): .features(vectors.map { $0.map { Float($0) } })
        }
      }
    ) {
      $1 += drawn.parameters[$0.range]
    } run: {
      try LayerByLayer.network($0, $1, $2)
    }
    for (rows, wanted) in zip(fast.joined(), expected.joined()) { #expect(largestError(rows, wanted) < 1e-4) }
  }
}
