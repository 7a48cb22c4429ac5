import RNNEvaluation
import RNNFormat
import RNNModel

/// What an evaluation has to say of one text and one model.
struct EvaluationReport {
  var model: String
  var modelID: String
  var text: String
  var corpusSHA256: String
  var kind: Vocabulary.Kind
  var rules: EvaluationProtocol
  var result: EvaluationResult
  var seconds: Double
  /// What is not as in a plain evaluation.
  var adaptation: JSONValue?

  private var tokensPerSecond: Double { Double(result.tokens) / max(seconds, 1e-9) }

  /// For programs.
  func json() throws -> JSONValue {
    var members: [String: JSONValue] = [
      "model": .string(model), "model_id": .string(modelID), "text": .string(text),
      "corpus_sha256": .string(corpusSHA256), "protocol": try JSONValue(encoding: rules), "seconds": .number(seconds),
      "tokens_per_second": .number(tokensPerSecond),
    ]
    if let adaptation { members["adaptation"] = adaptation }
    members.merge(counts, uniquingKeysWith: { $1 })
    members.merge(figures, uniquingKeysWith: { $1 })
    return .object(members)
  }

  private var counts: [String: JSONValue] {
    let counts = [
      "tokens": result.tokens, "divisor": result.divisor, "characters": result.characters, "bytes": result.bytes,
      "text_tokens": result.textTokens, "context_tokens": result.contextTokens, "dropped_tokens": result.droppedTokens,
      "line_ends": result.lineEnds, "unknown": result.unknown, "skipped": result.skipped,
      "unknown_tokens": result.unknownTokens,
    ]
    return counts.mapValues { .integer($0) }
  }

  private var figures: [String: JSONValue] {
    let figures = [
      "nats": result.nats, "nats_per_token": result.meanNats, "perplexity": result.perplexity,
      "bits_per_token": result.bitsPerToken, "bits_per_character": result.bitsPerCharacter,
      "bits_per_byte": result.bitsPerByte, "unknown_share": result.unknownShare, "unknown_nats": result.unknownNats,
      "perplexity_with_unknown": result.perplexityWithUnknown,
      "perplexity_without_unknown": result.perplexityWithoutUnknown,
      "perplexity_without_line_ends": result.perplexityWithoutLineEnds,
    ]
    var members: [String: JSONValue] = figures.mapValues { .number($0) }
    members["standard_error"] = result.standardError.map { JSONValue.number($0) } ?? JSONValue.null
    members["interval"] =
      result.interval.map { JSONValue.array([.number($0.lowerBound), .number($0.upperBound)]) } ?? JSONValue.null
    return members
  }

  /// For the model file: what does not change when it is computed again.
  func receipt() throws -> JSONValue {
    var members = try json().object ?? [:]
    for key in ["model", "text", "model_id", "seconds", "tokens_per_second"] { members[key] = nil }
    // Tokens and nats give the loss, whatever it was divided by.
    members["tokens"] = .integer(result.divisor)
    members["scored"] = .integer(result.tokens)
    members["divisor"] = nil
    members["software"] = .string(Generator.text)
    // JSON has no infinite numbers.
    return .object(members.filter { $0.value.number?.isFinite ?? true })
  }

  /// For people, one model at a time.
  var block: String {
    let error = result.standardError.map { " ± \(Format.number($0, 4))" } ?? ""
    var rows = [
      ["text", text.printable], ["scored", "\(Format.count(result.tokens)) \(kind.rawValue), \(rules.summary)"],
      [
        "loss", "\(Format.number(result.meanNats, 4))\(error) nats per token (\(Format.number(result.nats, 1)) in all)",
      ],
      ["perplexity", perplexities],
      [
        "bits",
        "\(Format.number(result.bitsPerToken, 4)) per token, \(Format.number(result.bitsPerCharacter, 4)) per character, \(Format.number(result.bitsPerByte, 4)) per byte",
      ],
      ["unknown", unknown],
    ]
    let rest = [
      result.contextTokens > 0 ? "\(Format.count(result.contextTokens)) as context only" : nil,
      result.droppedTokens > 0 ? "\(Format.count(result.droppedTokens)) not read" : nil,
    ].compactMap(\.self)
    if !rest.isEmpty { rows.append(["not scored", rest.joined(separator: ", ")]) }
    rows.append(["speed", "\(Format.count(tokensPerSecond)) tokens/s"])
    return Format.table(rows)
  }

  private var perplexities: String {
    var text = Format.number(result.perplexity, 4)
    if result.unknownTokens > 0 {
      text +=
        result.countsUnknown
        ? ", \(Format.number(result.perplexityWithoutUnknown, 4)) without unknown tokens"
        : ", \(Format.number(result.perplexityWithUnknown, 4)) with unknown tokens"
    }
    if rules.cut == .lines && rules.divisor == .scored {
      text += ", \(Format.number(result.perplexityWithoutLineEnds, 4)) if line ends are not counted"
    }
    return text
  }

  private var unknown: String {
    guard result.unknown > 0 else { return "0" }
    let share =
      "\(Format.count(result.unknown, "symbol")) without a token (\(Format.short(result.unknownShare * 100))%)"
    if result.skipped > 0 { return "\(share), left out" }
    return result.countsUnknown ? "\(share), scored as the unknown token" : "\(share), read and not counted"
  }

  /// Several models or texts under one another.
  static func table(_ reports: [EvaluationReport]) -> String {
    var rows = [
      ["model", "text", "protocol", "tokens", "nats/token", "±", "perplexity", "bits/char", "bits/byte", "unknown"]
    ]
    for report in reports {
      let result = report.result
      rows.append([
        report.model.printable, report.text.printable, report.rules.name.printable, Format.count(result.tokens),
        Format.number(result.meanNats, 4), result.standardError.map { Format.number($0, 4) } ?? "",
        Format.number(result.perplexity, 3), Format.number(result.bitsPerCharacter, 4),
        Format.number(result.bitsPerByte, 4), "\(Format.short(result.unknownShare * 100))%",
      ])
    }
    return Format.table(rows, right: Set(3...9))
  }
}

extension EvaluationProtocol {
  /// The protocol in some words.
  var summary: String {
    var parts = ["protocol \(name.printable)"]
    switch cut {
    case .streams where streams > 1: parts.append("\(Format.count(streams)) streams")
    case .streams: break
    case .windows:
      parts.append("windows of \(Format.count(window)) tokens every \(Format.count(stride))")
      if context > 1 { parts.append("context of \(Format.count(context))") }
    case .lines: parts.append(blankLines ? "line by line" : "line by line, blank lines left out")
    }
    if let part { parts.append("the \(part.rawValue) part") }
    if divisor != .scored { parts.append("divided by \(divisor.words)") }
    return parts.joined(separator: ", ")
  }
}

extension EvaluationProtocol.Divisor {
  fileprivate var words: String {
    switch self {
    case .scored: "the scored tokens"
    case .withoutLineEnds: "the tokens that end no line"
    case .read: "all tokens of the streams"
    }
  }
}
