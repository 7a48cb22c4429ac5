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
