import Kernels
import RNNModel
import Testing

/// A network as a language model, against the reference.
@Suite struct RecurrentLanguageModelTests {
  @Test(arguments: 0..<12) func advancesAndScoresLikeTheReference(seed: Int) throws {
    var drawn = DrawnModel(seed: 3000 + seed, dropout: true)
    let table = ParameterTable(drawn.architecture)
    let model = try Model(
      architecture: drawn.architecture, parameters: Parameters(table: table, values: drawn.parameters), vocabulary: nil)
    let reference = Reference<Double>(drawn.architecture, values: drawn.parameters.map { Double($0) })
    let texts = [drawn.tokens(6), drawn.tokens(6)]
    let expected = texts.map { reference.logProbabilities($0) }
    let language = try RecurrentLanguageModel(model, streams: 2, longestWindow: 6)
    #expect(language.size == drawn.architecture.size)
    #expect(language.streams == 2)
    #expect(language.longestWindow == 6)
    var logProbabilities = [Float](repeating: 0, count: 2 * language.size)
    for step in 0..<6 {
      language.advance(texts.map { $0[step] }, into: &logProbabilities)
      #expect(largestError(logProbabilities, expected[0][step] + expected[1][step]) < 1e-5)
    }
    language.reset()
    var results = [Double](repeating: 0, count: 10)
    language.score(
      inputs: (0..<5).flatMap { step in texts.map { $0[step] } },
      targets: (1..<6).flatMap { step in texts.map { $0[step] } }, into: &results)
    let scores = (0..<5).flatMap { step in (0..<2).map { expected[$0][step][Int(texts[$0][step + 1])] } }
    #expect(largestError(results, scores) < 1e-5)
  }
}
