import RNNFormat
import RealModule

/// The loss of a model on a text.
public struct Score: Hashable, Sendable {
  /// The text.
  public let corpusSHA256: String
  /// How many tokens were scored.
  public let tokens: Int
  /// -ln p of them all, in nats.
  public let nats: Double

  /// Takes what an evaluation gave.
  public init(corpusSHA256: String, tokens: Int, nats: Double) {
    self.corpusSHA256 = corpusSHA256
    self.tokens = tokens
    self.nats = nats
  }

  /// e to the mean loss.
  public var perplexity: Double { .exp(nats / Double(max(1, tokens))) }
}

/// What it changed in a model that its parameters were rounded.
public struct Rounding: Hashable, Sendable {
  /// What the parameters are stored as.
  public let type: TensorType
  /// The largest difference of the proof's log-probabilities, in nats; nil for a model without a proof.
  public let proofDifference: Double?
  /// The loss on a text before; nil if none was given.
  public let before: Score?
  /// The loss on the same text after.
  public let after: Score?

  /// The event of the lineage.
  func event(modelID: String) -> JSONValue {
    var effect: [String: JSONValue] = [:]
    effect["proof_difference"] = proofDifference.flatMap { $0.isFinite ? .number($0) : nil }
    if let before, let after {
      effect["corpus_sha256"] = .string(before.corpusSHA256)
      effect["tokens"] = .integer(before.tokens)
      if before.nats.isFinite { effect["nats_before"] = .number(before.nats) }
      if after.nats.isFinite { effect["nats_after"] = .number(after.nats) }
    }
    return [
      "event": "quantised", "by": .string(Generator.text), "model_id": .string(modelID),
      "type": .string(type.rawValue), "effect": .object(effect),
    ]
  }
}
