import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

/// Every file of the fixtures gives the numbers that Keras gave.
@Suite struct KerasGoldenTests {
  @Test func thereAreFixtures() {
    #expect(KerasFixtures.all.count >= 20)
  }

  @Test(arguments: KerasFixtures.all)
  func givesTheNumbersOfKeras(fixture: KerasFixtures.Case) throws {
    var choices = ImportChoices()
    choices.architecture = try fixture.architecture.map { try KerasFixtures.text($0) }
    let logits =
      fixture.name.contains("stateful") || fixture.name.contains("backward") || fixture.name.contains("bfloat16")
    if logits { choices.output = .values }
    if fixture.name == "keras2_textgenrnn_weights.h5" { choices.context = .window(length: 4, padding: 0) }
    let model = try KerasImport.read(fixture.path, choices: choices)
    let found = try KerasRun(model: model).outputs(fixture.inputs)
    let expected = fixture.outputs.values
    // A model that is read as a stream has an output at each step; Keras gave the last one.
    let compared = Array(found.suffix(expected.count))
    try #require(compared.count == expected.count)
    let difference = zip(compared, expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(difference < 2e-6, "\(fixture.name): \(difference)")
  }
}
