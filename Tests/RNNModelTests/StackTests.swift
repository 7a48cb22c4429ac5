import RNNModel
import Testing

@Suite struct StackTests {
  private func architecture(_ change: (inout Architecture.Stack) -> Void, size: Int = 10) throws -> Architecture {
    var stack = Architecture.Stack()
    change(&stack)
    let architecture = Architecture(stack, size: size)
    try architecture.check()
    return architecture
  }

  @Test func oneHotInputIsForSmallVocabularies() throws {
    #expect(try architecture { _ in }.layers.map(\.name) == ["input", "lstm_1", "output"])
    #expect(try architecture({ _ in }, size: 513).layers.map(\.name) == ["embedding", "lstm_1", "output"])
  }

  @Test func dropoutIsPutWhereItWasAskedFor() throws {
    let layers = try architecture {
      $0.layers = 2
      $0.dropouts = .init(input: 0.1, hidden: 0.2, output: 0.3, locked: true)
    }.layers
    #expect(layers.map(\.name) == ["input", "dropout_input", "lstm_1", "dropout_1", "lstm_2", "dropout_2", "output"])
    let dropouts = layers.compactMap { layer -> Architecture.Dropout? in
      if case .dropout(let dropout) = layer { dropout } else { nil }
    }
    #expect(dropouts.map(\.rate) == [0.1, 0.2, 0.3])
    #expect(dropouts.allSatisfy { $0.locked })
  }

  @Test func tiedWeightsNarrowTheLastLayer() throws {
    for projection in [nil, 6] {
      let tied = try architecture {
        $0.layers = 2
        $0.hidden = 8
        $0.embedding = 5
        $0.tied = true
        $0.projection = projection
      }
      #expect(tied.widths.suffix(3) == [projection ?? 8, 5, 10])
      #expect(tied.features.contains("tied-weights"))
    }
  }

  @Test func residualsConnectWhatIsEquallyWide() throws {
    let layers = try architecture {
      $0.cell = .gru
      $0.layers = 3
      $0.hidden = 4
      $0.layerNorm = true
      $0.residual = true
      $0.concatenated = true
    }
    #expect(
      layers.layers.map(\.name) == [
        "input", "gru_1", "norm_1", "gru_2", "norm_2", "residual_2", "gru_3", "norm_3", "residual_3", "all", "output",
      ])
    #expect(layers.layers.first { $0.name == "residual_3" }?.sources == ["residual_2", "norm_3"])
    #expect(layers.widths.suffix(2) == [12, 10])
  }
}
