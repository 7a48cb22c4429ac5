import Kernels
import RNNModel
import Testing

/// A network that reads windows as a language model, against the reference run on each window by itself.
@Suite struct WindowedLanguageModelTests {
  @Test(arguments: 0..<8) func advancesAndScoresLikeTheReference(seed: Int) throws {
    var drawn = DrawnModel(seed: 5000 + seed, dropout: false)
    var architecture = drawn.architecture
    let padding = seed.isMultiple(of: 2) ? 1 : nil
    architecture.context = .window(length: 3, padding: padding)
    let table = ParameterTable(architecture)
    let model = try Model(
      architecture: architecture, parameters: Parameters(table: table, values: drawn.parameters), vocabulary: nil)
    let reference = Reference<Double>(architecture, values: drawn.parameters.map { Double($0) })
    let (streams, steps) = (2, 40)
    let texts = (0..<streams).map { _ in drawn.tokens(steps + 1) }
    func expected(_ stream: Int, _ step: Int) -> [Double] {
      let front = padding.map { [Int32](repeating: Int32($0), count: 2) } ?? []
      let window = Array((front + texts[stream][...step]).suffix(3))
      return reference.logProbabilities(window).last ?? []
    }
    let language = try model.languageModel(streams: streams)
    #expect(language is WindowedLanguageModel)
    var logProbabilities = [Float](repeating: 0, count: streams * language.size)
    for step in 0..<5 {
      language.advance(texts.map { $0[step] }, into: &logProbabilities)
      #expect(largestError(logProbabilities, expected(0, step) + expected(1, step)) < 1e-5)
    }
    language.reset()
    var results = [Double](repeating: 7, count: steps * streams)
    // Two calls, so that windows reach over their border; some targets do not count.
    var scores: [Double] = []
    for part in [0..<25, 25..<steps] {
      let inputs = part.flatMap { step in texts.map { $0[step] } }
      let targets = part.flatMap { step in
        texts.enumerated().map { (step + $0.offset) % 7 == 3 ? -1 : $0.element[step + 1] }
      }
      language.score(inputs: inputs, targets: targets, into: &results)
      scores += results.prefix(inputs.count)
    }
    let wanted = (0..<steps).flatMap { step in
      (0..<streams).map { (step + $0) % 7 == 3 ? 0 : expected($0, step)[Int(texts[$0][step + 1])] }
    }
    #expect(largestError(scores, wanted) < 1e-5)
    #expect(throws: ArchitectureError.notLanguageModel) { try RecurrentLanguageModel(model) }
  }
}
