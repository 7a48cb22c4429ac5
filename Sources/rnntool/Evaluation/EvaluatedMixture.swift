import RNNEvaluation
import RNNFormat
import RNNModel

/// A model, and the ones that it is mixed with.
struct EvaluatedMixture {
  let first: EvaluatedModel
  private let others: [EvaluatedModel]
  /// The weights, the first model's first; nil until they are known.
  private(set) var weights: [Double]?

  /// Reads the models.
  init(
    _ path: String, through quarantine: Quarantine?, _ adaptation: AdaptationOptions, isQuiet: Bool
  ) throws {
    first = try EvaluatedModel(path, through: quarantine, adaptation, isQuiet: isQuiet)
    var others: [EvaluatedModel] = []
    for part in adaptation.parts {
      let other = try EvaluatedModel(part.path, through: quarantine, nil, isQuiet: isQuiet)
      if let difference = first.vocabulary.difference(from: other.vocabulary) {
        throw EvaluationError.differentVocabularies(
          reason: "of '\(path.printable)' and '\(part.path.printable)' \(difference)")
      }
      others.append(other)
    }
    self.others = others
    weights = adaptation.weights
  }

  /// Fits the weights on a held-out text.
  mutating func fit(_ text: [UInt8], _ rules: EvaluationProtocol, _ length: Int?) throws -> MixtureWeights {
    let evaluation = Evaluation(rules, vocabulary: first.vocabulary)
    let models = ([first] + others).map { model -> (Int) throws -> any LanguageModel in
      { try model.languageModel(streams: $0, length: length) }
    }
    let rows = try evaluation.logProbabilities(text, models)
    let fitted = try MixtureWeights(fitting: rows)
    weights = fitted.weights
    return fitted
  }

  /// The mixture for reading so many texts side by side, or the only model.
  func languageModel(streams: Int, length: Int?) throws -> any LanguageModel {
    let single = try first.languageModel(streams: streams, length: length)
    guard let weights, !others.isEmpty else { return single }
    return try MixtureLanguageModel(
      [single] + others.map { try $0.languageModel(streams: streams, length: length) }, weights: weights)
  }

  /// The identities of the other models with their weights.
  var parts: [(modelID: String, weight: Double)] {
    zip(others, (weights ?? []).dropFirst()).map { ($0.modelID, $1) }
  }
}
