import Foundation
import RNNModel
import Testing

@testable import RNNFormat

/// The models of `fixtures/golden`: other programs computed their numbers.
@Suite struct GoldenTests {
  @Test func thereAreModels() { #expect(Fixtures.golden.count >= 24) }

  @Test(arguments: Fixtures.golden)
  func isValidAndMeetsItsProof(name: String) throws {
    let report = try Validator.validate(Fixtures.path(golden: name), level: .proof)
    #expect(report.isValid)
    // The first version's writer labelled the axes.
    let labels: Set = name == "lstm_one_hot_two_biases.h5" ? ["layout.labels"] : []
    #expect(Set(report.findings.map(\.rule)) == labels.union(["specification.missing"]))
    #expect(try #require(report.proofDifference) < 1e-5)
  }

  @Test func theTableOfKenLMGivesItsNumbers() throws {
    let file = try ModelFile(opening: Fixtures.path(golden: "ngram.h5"))
    let proof = try #require(file.document.proof)
    let model = try file.loadLanguageModel().languageModel()
    guard case .tokens(let inputs) = proof.inputs else { return }
    var row = [Float](repeating: 0, count: model.size)
    for (step, token) in inputs.enumerated() {
      model.advance([Int32(token)], into: &row)
      for (column, token) in proof.tokens.enumerated() {
        let expected = proof.logProbabilities[step * proof.tokens.count + column]
        #expect(abs(Double(row[Int(token)]) - expected) < 1e-5)
      }
    }
  }

  @Test(arguments: Fixtures.goldenNetworks)
  func fastPathGivesTheNumbersOfTheProof(name: String) throws {
    let file = try ModelFile(opening: Fixtures.path(golden: name))
    let model = try file.loadModel()
    let proof = try #require(file.document.proof)
    let (outputs, steps) = (model.architecture.outputSize, proof.inputs.count)
    let network = try Network(
      model.architecture, parameters: model.parameters.values, purpose: .inference, batch: 1, steps: steps)
    var logits = [Float](repeating: 0, count: steps * outputs)
    if model.architecture.hasOneOutput {
      for (step, piece) in model.architecture.proofPieces(steps).enumerated() {
        let window = try Network(
          model.architecture, parameters: model.parameters.values, purpose: .inference, batch: 1, steps: piece.count)
        guard case .tokens(let tokens) = proof.inputs.reference(piece, padding: model.architecture.padding) else {
          return
        }
        var row = [Float](repeating: 0, count: outputs)
        window.logits(inputs: tokens, into: &row)
        logits.replaceSubrange((step * outputs)..<((step + 1) * outputs), with: row)
      }
    } else {
      switch proof.inputs {
      case .tokens(let tokens): network.logits(.tokens(tokens.map { Int32($0) }), into: &logits)
      case .features(let values, _): network.logits(.features(values.map { Float($0) }), into: &logits)
      }
    }
    var largestDifference = 0.0
    for step in 0..<steps {
      let row = logits[(step * outputs)..<((step + 1) * outputs)].map { Double($0) }
      let found: [Double]
      switch model.architecture.output {
      case .softmax:
        let largest = row.max() ?? 0
        let total = largest + log(row.reduce(0) { $0 + exp($1 - largest) })
        found = row.map { $0 - total }
      case .sigmoid: found = row.map { min($0, 0) - log1p(exp(-abs($0))) }
      case .values, .logProbabilities: found = row
      }
      for (column, token) in proof.tokens.enumerated() {
        let expected = proof.logProbabilities[step * proof.tokens.count + column]
        largestDifference = max(largestDifference, abs(found[Int(token)] - expected))
      }
    }
    #expect(largestDifference <= proof.tolerance)
  }

  @Test(arguments: Fixtures.golden)
  func keepsItsIdentityWhenWrittenAgain(name: String) throws {
    let scratch = try Scratch()
    let file = try ModelFile(opening: Fixtures.path(golden: name))
    for compresses in [false, true] {
      let path = scratch.path("again.h5")
      let identity = try ModelWriter(compresses: compresses).write(file.document, tensors: file, to: path)
      #expect(identity == file.header.modelID)
      let report = try Validator.validate(path)
      #expect(report.findings.isEmpty)
      #expect(report.header?.modelID == identity)
    }
  }
}
