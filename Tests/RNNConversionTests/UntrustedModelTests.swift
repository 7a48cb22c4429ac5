import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

/// Whoever writes a flat file can give it any identity: a model from one is only taken if it gives the numbers of its own proof and keeps every rule.
@Suite struct UntrustedModelTests {
  /// Writes the golden LSTM as safetensors, changed, and converts it.
  private func convert(
    to name: String = "out.h5", _ change: (inout ModelDocument, inout [Float]) -> Void
  ) throws -> (scratch: Scratch, error: ConversionError?) {
    let scratch = try Scratch()
    let file = try ModelFile(opening: Fixtures.path(golden: "lstm.h5"))
    var document = file.document
    var parameters = try file.loadModel().parameters
    var values = parameters.values
    change(&document, &values)
    parameters.values = values
    let source = scratch.path("changed.safetensors")
    let tensors = ParameterTensors(parameters)
    let identity = try ModelIdentity.identify(document, tensors: tensors)
    try SafetensorsWriter.write(document, identity: identity, tensors: tensors, creating: source)
    do {
      try Converter().convert(source, to: scratch.path(name))
      return (scratch, nil)
    } catch let error as ConversionError {
      return (scratch, error)
    }
  }

  @Test func takesTheModelUnchanged() throws {
    let (scratch, error) = try convert { _, _ in }
    #expect(error == nil)
    #expect(try Validator.validate(scratch.path("out.h5")).isValid)
  }

  @Test(arguments: ["out.h5", "out2.safetensors"])
  func refusesAChangedWeight(name: String) throws {
    let (scratch, error) = try convert(to: name) { $1[3] += 0.5 }
    #expect(error?.isRefusal == true && "\(error.map { "\($0)" } ?? "")".contains("proof"))
    #expect(scratch.names == ["changed.safetensors"])
  }

  @Test(arguments: [Float.nan, .infinity])
  func refusesWhatIsNoNumber(value: Float) throws {
    let (scratch, error) = try convert { $1[0] = value }
    #expect(error?.isRefusal == true)
    #expect(scratch.names == ["changed.safetensors"])
  }

  @Test func refusesAProofThatProvesNothing() throws {
    #expect(try convert { document, _ in document.proof?.toleranceFloat64 = 1e9 }.error?.isRefusal == true)
    #expect(try convert { document, _ in document.proof?.tolerance = -1 }.error?.isRefusal == true)
  }

  @Test func refusesDocumentsThatBreakTheirSchema() throws {
    #expect(try convert { document, _ in document.metadata = ["seed": -1] }.error?.isRefusal == true)
    #expect(try convert { document, _ in document.lineage = ["once"] }.error?.isRefusal == true)
    #expect(
      try convert { document, _ in
        document.history = History(columns: ["step": .integers([1]), "epoch": .reals([1, 2])])
      }.error?.isRefusal == true)
  }
}
