import RNNEvaluation
import RNNFormat

/// Metrics of texts as people and programs read them.
enum MetricsReport {
  static let columns = [
    "perplexity", "self-BLEU4", "Zipf", "repetition %", "(program's) %", "distinct-1", "distinct-2", "vocabulary",
    "length",
  ]

  static func row(_ metrics: GenerationMetrics) -> [String] {
    func cell(_ value: Double?, _ decimals: Int) -> String { value.map { Format.number($0, decimals) } ?? "-" }
    return [
      cell(metrics.perplexity, 2), cell(metrics.selfBLEU, 3), cell(metrics.zipf, 3),
      cell(metrics.repetition[.paper].map { $0 * 100 }, 2), cell(metrics.repetition[.program].map { $0 * 100 }, 2),
      cell(metrics.distinct[0], 4), cell(metrics.distinct[1], 4), cell(metrics.vocabularyShare, 3),
      cell(metrics.meanLength, 1),
    ]
  }

  static func json(_ metrics: GenerationMetrics) -> [String: JSONValue] {
    func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
    return [
      "texts": .integer(metrics.texts), "tokens": .integer(metrics.tokens), "perplexity": number(metrics.perplexity),
      "self_bleu_4": number(metrics.selfBLEU), "zipf": number(metrics.zipf),
      "repetition": .object([
        "paper": number(metrics.repetition[.paper]), "program": number(metrics.repetition[.program]),
      ]),
      "distinct": .array(metrics.distinct.map { .number($0) }), "vocabulary_share": number(metrics.vocabularyShare),
      "mean_length": .number(metrics.meanLength), "length_deviation": .number(metrics.lengthDeviation),
    ]
  }
}
