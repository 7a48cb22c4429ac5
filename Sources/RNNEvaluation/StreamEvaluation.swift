import RNNModel
import RealModule

/// What scoring a text gives.
public struct EvaluationResult: Hashable, Sendable {
  /// The tokens that were scored.
  public var tokens: Int
  /// -ln p, summed, in nats.
  public var nats: Double
  /// The standard error of ``meanNats``, from the means of blocks of the text; nil for texts too short for it.
  public var standardError: Double?
  /// The bytes of the text that the scored tokens stand for.
  public var bytes: Int
  /// The Unicode characters of that text.
  public var characters: Int
  /// How many symbols of the text have no token of their own.
  public var unknown: Int
  /// How many of them were left out.
  public var skipped: Int

  /// The loss, in nats per token.
  public var meanNats: Double { nats / Double(max(1, tokens)) }
  /// e to the mean loss.
  public var perplexity: Double { .exp(meanNats) }
  /// In bits.
  public var bitsPerToken: Double { meanNats / .log(2) }
  /// Comparable across vocabularies, as long as no symbol was left out.
  public var bitsPerCharacter: Double { nats / .log(2) / Double(max(1, characters)) }
  /// Comparable across vocabularies, as long as no symbol was left out.
  public var bitsPerByte: Double { nats / .log(2) / Double(max(1, bytes)) }
}

/// Why a text cannot be scored.
public enum EvaluationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// There is no symbol with another one before it.
  case tooShort(tokens: Int)
  /// The model's vocabulary is not known.
  case noVocabulary
  /// The model gave no probability: its numbers overflow float32.
  case notFinite(token: Int)

  /// One sentence.
  public var description: String {
    switch self {
    case .tooShort(let tokens):
      "the text has \(tokens) token\(tokens == 1 ? "" : "s") of the model's vocabulary, but scoring needs at least two"
    case .notFinite(let token): "the model's numbers overflow at token \(token) of the text: it gives no probability"
    case .noVocabulary: "the model has no vocabulary, so that it cannot read text"
    }
  }
}

/// The protocol `stream`: the whole text is one stream, or cut into a few that are read side by side.
///
/// The state is the initial one before the first symbol of each stream and carried to its end. The first symbol of the text is context only; every
/// later one is scored once, given all symbols before it in its stream. More streams are faster, and lose context at their
/// beginnings.
public enum StreamEvaluation {
  /// The name in files and flags.
  public static let name = "stream"

  /// Scores a text.
  ///
  /// - Parameters:
  ///   - text: any bytes.
  ///   - model: its number of streams is that of the protocol.
  ///   - vocabulary: the model's.
  ///   - unknown: what to do with symbols outside a vocabulary that has no unknown token.
  ///   - progress: called now and then with the part that is done.
  /// - Throws: ``EvaluationError``, `VocabularyError`.
  public static func evaluate(
    _ text: [UInt8], _ model: some LanguageModel, vocabulary: Vocabulary, unknown: Vocabulary.UnknownSymbols = .skip,
    progress: (Double) -> Void = { _ in }
  ) throws -> EvaluationResult {
    let encoding = try vocabulary.encode(text, unknown: unknown)
    let tokens = encoding.tokens
    guard tokens.count > 1 else { throw EvaluationError.tooShort(tokens: tokens.count) }
    model.reset()
    let streams = model.streams
    let length = (tokens.count - 1 + streams - 1) / streams
    var errors = BlockErrors(count: tokens.count - 1)
    var (inputs, targets): ([Int32], [Int32]) = ([], [])
    var results = [Double](repeating: 0, count: min(length, model.longestWindow) * streams)
    var nats = 0.0
    var start = 0
    while start < length {
      let end = min(start + model.longestWindow, length)
      inputs.removeAll(keepingCapacity: true)
      targets.removeAll(keepingCapacity: true)
      for step in start..<end {
        for stream in 0..<streams {
          // The last stream may be shorter: what is beyond the text does not count.
          let position = stream * length + step
          inputs.append(position < tokens.count ? tokens[position] : 0)
          targets.append(position + 1 < tokens.count ? tokens[position + 1] : -1)
        }
      }
      model.score(inputs: inputs, targets: targets, into: &results)
      for stream in 0..<streams {
        for step in start..<end {
          let index = (step - start) * streams + stream
          guard targets[index] >= 0 else { continue }
          guard !results[index].isNaN else { throw EvaluationError.notFinite(token: stream * length + step + 1) }
          nats -= results[index]
          errors.add(-results[index])
        }
      }
      start = end
      progress(Double(start) / Double(length))
    }
    // What the scored tokens stand for: all but the first token's symbol, and without what was left out or lost.
    let isWhole = encoding.skippedCount == 0 && vocabulary.normalisation == .none
    let shown = isWhole ? text : vocabulary.decode(tokens)
    let first = isWhole ? encoding.firstEnd : vocabulary.decode(tokens.prefix(1)).count
    return EvaluationResult(
      tokens: tokens.count - 1, nats: nats, standardError: errors.standardError, bytes: shown.count - first,
      characters: Vocabulary.characterCount(of: shown, from: first), unknown: encoding.unknownCount,
      skipped: encoding.skippedCount)
  }
}

/// The standard error of a mean of values that depend on their neighbours: from the means of consecutive blocks, which hardly
/// depend on each other (batch means; Law & Kelton 2000, section 9.5.3).
struct BlockErrors {
  private let size: Int
  private var sum = 0.0
  private var filled = 0
  private var means: [Double] = []

  /// - Parameter count: how many values will come. There are at least 20 blocks of at least 10 values, or no answer; at most 1000 blocks.
  init(count: Int) {
    size = max(10, (count + 999) / 1000, count >= 2000 ? 100 : 0)
  }

  mutating func add(_ value: Double) {
    sum += value
    filled += 1
    if filled == size {
      means.append(sum / Double(size))
      (sum, filled) = (0, 0)
    }
  }

  var standardError: Double? {
    guard means.count >= 20 else { return nil }
    let mean = means.reduce(0, +) / Double(means.count)
    let variance = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(means.count - 1)
    return (variance / Double(means.count)).squareRoot()
  }
}
