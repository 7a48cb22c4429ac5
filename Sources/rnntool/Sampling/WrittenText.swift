import RNNFormat
import RNNGeneration
import RNNModel

/// A text as it is written: its tokens, its bytes, and whether it has ended.
struct WrittenText {
  /// Why a text ended.
  enum End: String { case length, stop, exhausted }

  private var decoder: Vocabulary.Decoder
  private var end: TextEnd
  private let length: Int
  private var pattern: PatternConstraint?
  /// Whether the draws are kept: a long text of which nobody asks for them needs no memory for them.
  private let keepsDraws: Bool
  private(set) var draws: [Sampler.Draw] = []
  /// How many tokens were drawn.
  private(set) var count = 0
  private(set) var bytes: [UInt8] = []
  /// What a search says about the text.
  var hypothesis: Hypothesis?

  /// - Parameters:
  ///   - prompt: what comes before.
  ///   - length: how many tokens the text has at most.
  ///   - end: where it ends.
  ///   - pattern: what it has to match.
  ///   - keepsDraws: whether all that is known of each token will be asked for.
  init(
    _ vocabulary: Vocabulary, after prompt: [Int32], length: Int, end: TextEnd, pattern: TextPattern?, keepsDraws: Bool
  ) {
    decoder = Vocabulary.Decoder(vocabulary)
    for token in prompt { _ = decoder.decode(token) }
    (self.length, self.end, self.keepsDraws) = (length, end, keepsDraws)
    self.pattern = pattern.map { PatternConstraint($0) }
  }

  /// Adds a token.
  ///
  /// - Returns: the bytes that are now sure to belong to the text.
  mutating func add(_ draw: Sampler.Draw) -> [UInt8] {
    count += 1
    if keepsDraws { draws.append(draw) }
    pattern?.observe(draw.token, probability: draw.probability)
    let new = end.add(decoder.decode(draw.token))
    bytes += new
    return new
  }

  /// Whether a stop was reached.
  var isEnded: Bool { end.isReached }

  /// Ends the text.
  ///
  /// - Returns: what was held back, because a stop could have begun with it.
  mutating func finish() -> [UInt8] {
    bytes += end.held
    return end.held
  }

  /// Why the text ended.
  var reason: End { isEnded ? .stop : count < length ? .exhausted : .length }

  /// Whether it matches what it had to match; nil if it had not.
  var isComplete: Bool? { pattern?.isSatisfied }

  var json: [String: JSONValue] {
    var object: [String: JSONValue] = [
      "text": .string(String(decoding: bytes, as: UTF8.self)),
      "tokens": .array(draws.map(Self.json)), "end": .string(reason.rawValue),
    ]
    if let isComplete { object["complete"] = .bool(isComplete) }
    if let hypothesis {
      object["log_probability"] = .number(hypothesis.logProbability)
      object["score"] = .number(hypothesis.score)
    }
    return object
  }

  private static func json(_ draw: Sampler.Draw) -> JSONValue {
    .object([
      "id": .integer(draw.token), "log_probability": draw.logProbability.map { .number($0) } ?? .null,
      "probability": .number(draw.probability), "entropy": draw.entropy.map { .number($0) } ?? .null,
    ])
  }
}
