import Foundation
import RNNEvaluation
import RNNModel
import Testing

/// Dynamic evaluation against PyTorch, the cache against numpy: `fixtures/evaluation/make_adaptation.py`.
@Suite struct AdaptationTests {
  private struct Golden: Decodable {
    var parameters: [Float]
    var training: [Int32]
    var tokens: [Int32]
    var magnitudes: [Double]
    var `static`: [Double]
    var sgd: [Double]
    var sgd_decay: [Double]
    var rms: [Double]
    var cache: [Double]
    var cache_large: [Double]
  }

  private static func golden() throws -> (Golden, Model) {
    let golden = try JSONDecoder().decode(Golden.self, from: Data(Fixtures.bytes("evaluation/adaptation.json")))
    let architecture = Architecture(
      Architecture.Stack(hidden: 4, layers: 1, embedding: 3, recurrentBias: true), size: 6)
    let table = ParameterTable(architecture)
    let model = try Model(
      architecture: architecture, parameters: Parameters(table: table, values: golden.parameters), vocabulary: nil)
    return (golden, model)
  }

  /// ln p of all tokens but the first, read in windows of some steps.
  private func scores(_ model: some LanguageModel, _ tokens: [Int32], windows: [Int]) -> [Double] {
    var (scores, start, index): ([Double], Int, Int) = ([], 0, 0)
    model.reset()
    while start < tokens.count - 1 {
      let end = min(start + windows[index % windows.count], tokens.count - 1)
      var results = [Double](repeating: 0, count: end - start)
      model.score(
        inputs: Array(tokens[start..<end]), targets: Array(tokens[(start + 1)..<(end + 1)]), into: &results)
      scores += results
      (start, index) = (end, index + 1)
    }
    return scores
  }

  /// The same, one distribution after another.
  private func steps(_ model: some LanguageModel, _ tokens: [Int32]) -> [Double] {
    var row = [Float](repeating: 0, count: model.size)
    model.reset()
    return zip(tokens, tokens.dropFirst()).map { token, next in
      model.advance([token], into: &row)
      return Double(row[Int(next)])
    }
  }

  private func difference(_ left: [Double], _ right: [Double]) -> Double {
    left.count == right.count ? zip(left, right).map { abs($0 - $1) }.max() ?? .infinity : .infinity
  }

  @Test(arguments: [[1], [5], [3, 4], [42]]) func learnsAsPyTorchDoes(windows: [Int]) throws {
    let (golden, model) = try Self.golden()
    let statistics = try GradientStatistics(of: model, on: golden.training, streams: 3, length: 5)
    #expect(zip(statistics.magnitudes, golden.magnitudes).allSatisfy { abs(Double($0) - $1) < 1e-6 })
    for (expected, settings) in [
      (golden.sgd, DynamicLanguageModel.Settings(.sgd, rate: 0.5)),
      (golden.sgd_decay, .init(.sgd, rate: 0.5, decay: 0.1)),
      (golden.rms, .init(.rms, rate: 0.02, decay: 0.3, epsilon: 1e-3)),
    ] {
      let dynamic = try DynamicLanguageModel(model, settings, statistics: statistics)
      #expect(difference(scores(dynamic, golden.tokens, windows: windows), expected) < 1e-4)
      let stepping = try DynamicLanguageModel(model, settings, statistics: statistics)
      #expect(difference(steps(stepping, golden.tokens), expected) < 1e-4)
    }
  }

  @Test func withoutARateNothingIsLearnt() throws {
    let (golden, model) = try Self.golden()
    let dynamic = try DynamicLanguageModel(model, .init(.sgd, rate: 0))
    #expect(difference(scores(dynamic, golden.tokens, windows: [7]), golden.static) < 1e-5)
    #expect(dynamic.parameters == golden.parameters)
  }

  @Test func aResetKeepsWhatWasLearnt() throws {
    let (golden, model) = try Self.golden()
    let dynamic = try DynamicLanguageModel(model, .init(.sgd, length: 50, rate: 0.5))
    let first = scores(dynamic, golden.tokens, windows: [50])
    #expect(difference(first, golden.static) < 1e-5 && dynamic.parameters == golden.parameters)
    // The segment is not complete: the reset learns from it.
    let second = scores(dynamic, golden.tokens, windows: [50])
    #expect(second.reduce(0, +) > first.reduce(0, +) + 1)
  }

  @Test func dropoutHasNoPartInIt() throws {
    let (golden, plain) = try Self.golden()
    let architecture = Architecture(
      Architecture.Stack(
        hidden: 4, layers: 1, embedding: 3, recurrentBias: true, dropouts: .init(input: 0.5, output: 0.5)), size: 6)
    let parameters = Parameters(table: ParameterTable(architecture), values: plain.parameters.values)
    let model = try Model(architecture: architecture, parameters: parameters, vocabulary: nil)
    let dynamic = try DynamicLanguageModel(model, .init(.sgd, rate: 0.5))
    #expect(difference(scores(dynamic, golden.tokens, windows: [9]), golden.sgd) < 1e-4)
  }

  @Test func whatCannotBeIsRefused() throws {
    let (_, model) = try Self.golden()
    #expect(throws: EvaluationError.self) { try DynamicLanguageModel(model, .init(.rms)) }
    for settings in [
      DynamicLanguageModel.Settings(.sgd, length: 0), .init(.sgd, rate: -1), .init(.sgd, rate: .nan),
      .init(.sgd, decay: 2), .init(.sgd, epsilon: 0),
    ] { #expect(throws: EvaluationError.self) { try DynamicLanguageModel(model, settings) } }
    #expect(throws: EvaluationError.self) { try GradientStatistics(of: model, on: [1]) }
  }

  @Test(arguments: [[1], [5], [3, 4], [42]]) func theCacheIsThatOfItsFormula(windows: [Int]) throws {
    let (golden, model) = try Self.golden()
    let base = try RecurrentLanguageModel(model)
    #expect(difference(scores(base, golden.tokens, windows: windows), golden.static) < 1e-5)
    for (expected, settings) in [
      (golden.cache, CacheLanguageModel.Settings(size: 4, theta: 0.7, lambda: 0.2)),
      (golden.cache_large, .init(size: 100, theta: 2, lambda: 0.5)),
    ] {
      let cached = try CacheLanguageModel(base, settings)
      #expect(difference(scores(cached, golden.tokens, windows: windows), expected) < 1e-5)
      // Nothing is left of the text before.
      #expect(difference(steps(cached, golden.tokens), expected) < 1e-5)
    }
  }

  @Test func theCacheOfEachStreamIsItsOwn() throws {
    let (golden, model) = try Self.golden()
    let other = Array(golden.tokens.reversed())
    let settings = CacheLanguageModel.Settings(size: 4, theta: 0.7, lambda: 0.2)
    let pair = try CacheLanguageModel(RecurrentLanguageModel(model, streams: 2), settings)
    let inputs = zip(golden.tokens, other).flatMap { [$0, $1] }
    var results = [Double](repeating: 0, count: 84)
    pair.reset()
    pair.score(inputs: Array(inputs.dropLast(2)), targets: Array(inputs.dropFirst(2)), into: &results)
    let first = (0..<42).map { results[2 * $0] }
    #expect(difference(first, golden.cache) < 1e-5)
    let single = try CacheLanguageModel(RecurrentLanguageModel(model), settings)
    #expect(difference((0..<42).map { results[2 * $0 + 1] }, scores(single, other, windows: [42])) < 1e-9)
  }

  @Test func cachesThatCannotBeAreRefused() throws {
    let (_, model) = try Self.golden()
    let base = try RecurrentLanguageModel(model)
    for settings in [
      CacheLanguageModel.Settings(size: 0), .init(theta: -1), .init(theta: .nan), .init(lambda: 1), .init(lambda: -0.1),
    ] { #expect(throws: EvaluationError.self) { try CacheLanguageModel(base, settings) } }
    #expect(throws: EvaluationError.noHiddenStates) { try CacheLanguageModel(KnownModel(size: 3, streams: 1)) }
  }
}
