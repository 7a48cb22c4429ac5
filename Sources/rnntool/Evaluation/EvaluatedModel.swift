import RNNEvaluation
import RNNFormat
import RNNModel
import RNNText

/// A model that is to be scored, with what it may learn and remember meanwhile.
struct EvaluatedModel {
  let path: String
  let modelID: String
  let vocabulary: Vocabulary
  /// The protocol that its metadata name.
  let ownProtocol: JSONValue?
  private let source: any LanguageModelSource
  private let architecture: Architecture
  private let dynamic: (DynamicLanguageModel.Settings, GradientStatistics?)?
  private let cache: CacheLanguageModel.Settings?

  /// Reads a model.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - quarantine: reads the file, if it is not trusted.
  ///   - adaptation: what it may learn and remember; nil for nothing.
  ///   - isQuiet: whether to say nothing while it takes its time.
  init(_ path: String, through quarantine: Quarantine?, _ adaptation: AdaptationOptions?, isQuiet: Bool) throws {
    let file = try Input.model(path, through: quarantine)
    source = try file.loadLanguageModel()
    architecture = file.document.architecture
    guard let vocabulary = source.vocabulary else { throw EvaluationError.noVocabulary }
    self.path = path
    self.vocabulary = vocabulary
    modelID = file.header.modelID
    ownProtocol = file.document.metadata["evaluation"]?["protocol"]
    cache = adaptation?.cacheSettings
    guard let settings = adaptation?.dynamicSettings else {
      dynamic = nil
      return
    }
    guard let model = source as? Model else {
      throw EvaluationError.notAdaptable(reason: "it is a table of n-grams, and no network")
    }
    let statistics = try adaptation?.dynamicStatistics.map { path -> GradientStatistics in
      let tokens = try vocabulary.encode(try Input.texts([path]), unknown: .skip).tokens
      try Memory.check(
        bytes: [model.parameters.values.count, MemoryLayout<Float>.size, 6], for: "the statistics of the gradient")
      let clock = ContinuousClock()
      let start = clock.now
      var bar = ProgressBar(isQuiet: isQuiet)
      defer { bar.clear() }
      return try GradientStatistics(of: model, on: tokens, length: settings.length) {
        bar.update($0, seconds: (clock.now - start) / .seconds(1), [.init("gradient statistics")])
      }
    }
    dynamic = (settings, statistics)
  }

  /// The model for reading so many texts side by side: a fresh one, which has learnt nothing yet.
  ///
  /// - Parameter length: how many tokens of each stream are computed at once; nil for what is usual.
  func languageModel(streams: Int, length: Int?) throws -> any LanguageModel {
    let window = length ?? max(1, 256 / streams)
    try Memory.check(architecture, batch: streams, steps: window)
    if let (settings, statistics) = dynamic, let model = source as? Model {
      return try DynamicLanguageModel(
        model, settings, statistics: statistics, streams: streams, longestWindow: window)
    }
    let plain = try source.languageModel(streams: streams, longestWindow: window)
    guard let cache else { return plain }
    return try CacheLanguageModel(plain, cache)
  }
}
