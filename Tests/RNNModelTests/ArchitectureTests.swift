import RNNModel
import Testing

@Suite struct ArchitectureTests {
  private typealias Layer = Architecture.Layer

  private static let input = Architecture.Layer.oneHot(.init(name: "input", size: 4))
  private static let lstm = Architecture.Layer.lstm(.init(name: "lstm", inputs: 4, outputs: 3))
  private static let output = Architecture.Layer.linear(.init(name: "output", inputs: 3, outputs: 4))

  private func problems(_ layers: [Architecture.Layer], size: Int = 4) -> [ArchitectureError] {
    Architecture(size: size, layers: layers).problems()
  }

  @Test func acceptsLayersThatFit() throws {
    #expect(problems([Self.input, Self.lstm, Self.output]) == [])
    #expect(problems([Self.input, .linear(.init(name: "output", inputs: 4, outputs: 4))]) == [])
    for seed in 0..<50 { try DrawnModel(seed: seed, dropout: true).architecture.check() }
  }

  @Test func refusesNoLayers() {
    #expect(problems([]) == [.outOfRange(layer: "", what: "there are no layers")])
  }

  @Test func refusesTwoLayersOfOneName() {
    let twin = Layer.dropout(.init(name: "lstm", rate: 0.1))
    #expect(problems([Self.input, Self.lstm, twin, Self.output]) == [.duplicateName("lstm")])
  }

  @Test func refusesWidthsThatDoNotFit() {
    let wide = Layer.linear(.init(name: "output", inputs: 5, outputs: 4))
    #expect(
      problems([Self.input, Self.lstm, .dropout(.init(name: "d", rate: 0)), wide])
        == [.widthMismatch(layer: "output", expected: 3, found: 5)])
    #expect(
      problems([.embedding(.init(name: "input", inputs: 5, outputs: 4)), Self.lstm, Self.output])
        == [.widthMismatch(layer: "input", expected: 4, found: 5)])
  }

  @Test func refusesMisplacedInputs() {
    #expect(problems([Self.lstm, Self.output]) == [.misplacedInput(layer: "lstm")])
    let second = Layer.embedding(.init(name: "second", inputs: 4, outputs: 4))
    #expect(problems([Self.input, second, Self.lstm, Self.output]) == [.misplacedInput(layer: "second")])
  }

  @Test func refusesWrongOutputs() {
    #expect(problems([Self.input, Self.lstm]) == [.wrongOutput(layer: "lstm", expected: 4, found: nil)])
    let narrow = Layer.linear(.init(name: "output", inputs: 3, outputs: 2))
    #expect(
      problems([Self.input, Self.lstm, narrow]) == [.wrongOutput(layer: "output", expected: 4, found: 2)])
  }

  @Test(arguments: [0, -1, Int(Int32.max) + 1]) func refusesImpossibleWidths(width: Int) {
    let lstm = Layer.lstm(.init(name: "lstm", inputs: 4, outputs: width))
    let output = Layer.linear(.init(name: "output", inputs: width, outputs: 4))
    let what = "\(width) units are not possible"
    #expect(
      problems([Self.input, lstm, output])
        == [.outOfRange(layer: "lstm", what: what), .outOfRange(layer: "output", what: what)])
  }

  @Test(arguments: [-0.1, 1, 2, .nan, .infinity]) func refusesImpossibleDropout(rate: Double) {
    let dropout = Layer.dropout(.init(name: "dropout", rate: rate))
    #expect(
      problems([Self.input, Self.lstm, dropout, Self.output])
        == [.outOfRange(layer: "dropout", what: "the dropout rate has to be at least 0 and below 1")])
  }

  @Test func followsConnections() {
    let skip = Layer.sum(.init(name: "skip", of: ["lstm", "second"]))
    let second = Layer.lstm(.init(name: "second", inputs: 3, outputs: 3))
    let both = Layer.concatenation(.init(name: "both", of: ["lstm", "skip"]))
    let wide = Layer.linear(.init(name: "output", inputs: 6, outputs: 4))
    #expect(problems([Self.input, Self.lstm, second, skip, both, wide]) == [])
    #expect(
      Architecture(size: 4, layers: [Self.input, Self.lstm, second, skip, both, wide]).widths == [4, 3, 3, 3, 6, 4])
    #expect(
      problems([Self.input, Self.lstm, skip, second, Self.output])
        == [.unknownLayer(layer: "skip", name: "second")])
    #expect(
      problems([Self.input, Self.lstm, .sum(.init(name: "sum", of: ["input", "lstm"])), Self.output])
        == [
          .widthMismatch(layer: "sum", expected: 4, found: 3), .widthMismatch(layer: "output", expected: 4, found: 3),
        ])
    #expect(
      problems([Self.input, Self.lstm, .sum(.init(name: "sum", of: ["lstm", "lstm"])), Self.output])
        == [.outOfRange(layer: "sum", what: "it names a layer twice")])
  }

  @Test func refusesToReadAStreamBackward() {
    let backward = Layer.gru(.init(name: "gru", inputs: 4, outputs: 3, direction: .backward))
    #expect(problems([Self.input, backward, Self.output]) == [.backwardInStream(layer: "gru")])
    #expect(Architecture(size: 4, layers: [Self.input, backward, Self.output], context: .sequence).problems() == [])
  }

  @Test func tiesWeightsOfFittingLayersOnly() {
    func tied(_ name: String, inputs: Int = 4) -> [ArchitectureError] {
      problems(
        [
          .embedding(.init(name: "embedding", inputs: 5, outputs: 4)),
          .lstm(.init(name: "lstm", inputs: 4, outputs: inputs)),
          .linear(.init(name: "output", inputs: inputs, outputs: 5, weightsOf: name)),
        ], size: 5)
    }
    #expect(tied("embedding") == [])
    #expect(tied("lstm") == [.unknownLayer(layer: "output", name: "lstm")])
    #expect(tied("embedding", inputs: 3) == [.widthMismatch(layer: "output", expected: 4, found: 3)])
  }

  @Test func takesFeaturesAndGivesAnyNumberOfBits() {
    let lstm = Layer.lstm(.init(name: "lstm", inputs: 8, outputs: 3))
    let layers = [lstm, .linear(.init(name: "output", inputs: 3, outputs: 2))]
    #expect(Architecture(size: 8, layers: layers, input: .features, output: .sigmoid).problems() == [])
    #expect(Architecture(size: 8, layers: layers, input: .features).problems() == [])
    #expect(
      Architecture(size: 4, layers: [Self.input] + layers, input: .features).problems().contains(
        .misplacedInput(layer: "input")))
  }

  @Test func refusesMoreParametersThanAnAddressSpaceHolds() {
    let large = Int(Int32.max)
    let layers: [Layer] = [
      Self.input, .linear(.init(name: "first", inputs: 4, outputs: large)),
      .linear(.init(name: "second", inputs: large, outputs: large)),
      .linear(.init(name: "output", inputs: large, outputs: 4)),
    ]
    #expect(problems(layers) == [.tooLarge(layer: "second")])
  }

  @Test func namesAllProblemsAtOnceAndThrowsTheFirst() {
    let architecture = Architecture(
      size: 4, layers: [Self.input, Self.lstm, .linear(.init(name: "lstm", inputs: 2, outputs: 3))])
    let expected: [ArchitectureError] = [
      .duplicateName("lstm"), .widthMismatch(layer: "lstm", expected: 3, found: 2),
      .wrongOutput(layer: "lstm", expected: 4, found: 3),
    ]
    #expect(architecture.problems() == expected)
    #expect(throws: expected[0]) { try architecture.check() }
  }

  @Test func errorsNameTheLayer() {
    let errors: [ArchitectureError] = [
      .duplicateName("x"), .widthMismatch(layer: "x", expected: 1, found: 2), .misplacedInput(layer: "x"),
      .wrongOutput(layer: "x", expected: 1, found: nil), .outOfRange(layer: "x", what: "y"), .tooLarge(layer: "x"),
    ]
    for error in errors { #expect(error.description.contains("'x'") && error.description.hasSuffix(".")) }
  }
}
