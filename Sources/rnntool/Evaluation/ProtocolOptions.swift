import ArgumentParser
import RNNEvaluation
import RNNFormat
import RNNText

/// The protocol of an evaluation: a name, and what is changed of it.
struct ProtocolOptions: ParsableArguments {
  @Option(
    name: .customLong("protocol"),
    help: ArgumentHelp(
      "How the text is scored: \(EvaluationProtocol.all.map(\.name).joined(separator: ", ")). Default: the model's own, else stream.",
      valueName: "name"))
  var name: String?

  @Option(
    help: "Streams that the text is cut into, read side by side; of windows and lines, how many are read side by side.")
  var batch: Int?

  @Option(help: "Tokens of a window.")
  var window: Int?

  @Option(help: "Tokens between the beginnings of two windows.")
  var stride: Int?

  @Option(help: "Tokens at the beginning of a window that are context only.")
  var context: Int?

  @Option(help: "Score only what a training with the same layout would hold out: validation or test.")
  var part: TextLayout.Part?

  @Option(help: "What stands before the text: first-token (nothing: the first token is context only) or line-end.")
  var start: EvaluationProtocol.Start?

  @Option(
    help:
      "Symbols that the model has no token for: score (as the unknown token, or leave them out), exclude (read, but not counted), refuse."
  )
  var unknown: EvaluationProtocol.Unknown?

  @Option(help: "What the loss is divided by: scored, without-line-ends, read.")
  var divisor: EvaluationProtocol.Divisor?

  @Flag(inversion: .prefixedNo, help: "Whether lines without a token are scored, too.")
  var blankLines: Bool?

  func validate() throws {
    if let name, EvaluationProtocol.named(name) == nil {
      throw ValidationError(
        "--protocol is one of \(EvaluationProtocol.all.map(\.name).joined(separator: ", ")), not '\(name)'.")
    }
    if let batch, !(1...EvaluationProtocol.mostStreams).contains(batch) {
      throw ValidationError("--batch has to be between 1 and \(EvaluationProtocol.mostStreams).")
    }
    guard let name, let rules = EvaluationProtocol.named(name) else { return }
    do { try changed(rules).check() } catch { throw ValidationError("\(error).") }
  }

  /// A protocol with what the flags change.
  private func changed(_ rules: EvaluationProtocol) -> EvaluationProtocol {
    var rules = rules
    if let batch, rules.cut == .streams { rules.streams = batch }
    rules.window = window ?? rules.window
    rules.stride = stride ?? rules.stride
    rules.context = context ?? rules.context
    rules.part = part ?? rules.part
    rules.start = start ?? rules.start
    rules.unknown = unknown ?? rules.unknown
    rules.divisor = divisor ?? rules.divisor
    rules.blankLines = blankLines ?? rules.blankLines
    return rules
  }

  /// Whether nothing was said, so that another protocol than the model's own is as good.
  var areOpen: Bool {
    name == nil && batch == nil && window == nil && stride == nil && context == nil && part == nil && start == nil
      && divisor == nil && blankLines == nil
  }

  /// The protocol for a model.
  ///
  /// - Parameter own: what the model's metadata say.
  /// - Throws: `EvaluationError`.
  func rules(own: JSONValue?) throws -> EvaluationProtocol {
    if let name, let rules = EvaluationProtocol.named(name) { return changed(rules) }
    guard let own, let stored = own["name"]?.string else { return try checked(changed(.stream)) }
    // A name alone says something only if it is known.
    guard EvaluationProtocol.named(stored) != nil || own["cut"] != nil,
      let rules = try? own.decoded(as: EvaluationProtocol.self), (try? rules.check()) != nil
    else {
      Terminal.note("the model's own protocol, '\(stored.printable)', is not known here: scored as 'stream'")
      return try checked(changed(.stream))
    }
    return try checked(changed(rules))
  }

  private func checked(_ rules: EvaluationProtocol) throws -> EvaluationProtocol {
    try rules.check()
    return rules
  }

  /// How many windows or lines are read side by side.
  var width: Int { batch ?? 32 }
}

extension EvaluationProtocol.Start: ExpressibleByArgument {}
extension EvaluationProtocol.Divisor: ExpressibleByArgument {}

extension TextLayout.Part: ExpressibleByArgument {
  /// The parts that are held out.
  public init?(argument: String) {
    guard argument != Self.training.rawValue else { return nil }
    self.init(rawValue: argument)
  }
}

extension EvaluationProtocol.Unknown: ExpressibleByArgument {
  /// `skip` is what `score` was called before.
  public init?(argument: String) { self.init(rawValue: argument == "skip" ? Self.score.rawValue : argument) }
}
