import ArgumentParser
import RNNGeneration

/// The strategies of drawing tokens, by the names that Hugging Face and llama.cpp have for them.
struct StrategyOptions: ParsableArguments {
  @Flag(help: "Always take the most probable token.")
  var greedy = false

  @Option(help: "Below 1 safer, above 1 wilder; 0.001 to 1000. Default: 1.")
  var temperature: Double?

  @Option(help: "Temperatures along the text, linear in between: '0=1.2,100=0.7' goes from 1.2 to 0.7 in 100 tokens.")
  var temperatureSchedule: String?

  @Flag(help: "Begin the schedule again at each line.")
  var scheduleByLine = false

  @Option(help: "Let the temperature follow the model's uncertainty, from T - RANGE to T + RANGE.")
  var dynatempRange: Double?

  @Option(help: "The power of the uncertainty that --dynatemp-range follows.")
  var dynatempExp = 1.0

  @Option(help: "Draw only from the K most probable tokens.")
  var topK: Int?

  @Option(help: "Draw only from the most probable tokens that together have this probability.")
  var topP: Double?

  @Option(help: "Draw only from tokens at least this many times as probable as the most probable one.")
  var minP: Double?

  @Option(help: "Draw only from the tokens nearest to the expected surprise that together have this probability.")
  var typicalP: Double?

  @Option(help: "Draw only from tokens of at least this probability.")
  var epsilonCutoff: Double?

  @Option(help: "Draw only from tokens of at least min(ETA, sqrt(ETA) e^-entropy).")
  var etaCutoff: Double?

  @Option(help: "Draw only from tokens whose score is at most N standard deviations below the best one.")
  var topNSigma: Double?

  @Option(help: "Keep the surprise of the text near a target: version 1 or 2.")
  var mirostat: Int?

  @Option(help: "The surprise that Mirostat aims at, in bits.")
  var mirostatEnt = 5.0

  @Option(help: "How fast Mirostat follows.")
  var mirostatLr = 0.1

  @Option(help: "How often to exclude the top choices but the last.")
  var xtcProbability: Double?

  @Option(help: "How probable a top choice is.")
  var xtcThreshold = 0.1

  @Option(help: "Punish going on with repetitions by this times base^(length - allowed length).")
  var dryMultiplier: Double?

  @Option(help: "The base of the DRY penalty.")
  var dryBase = 1.75

  @Option(help: "The longest repetition that DRY lets through for nothing but the multiplier.")
  var dryAllowedLength = 2

  @Option(help: "How many of the last tokens DRY looks at; -1 for all.")
  var dryPenaltyLastN = -1

  @Option(
    parsing: .singleValue,
    help:
      "Text over which no repetition reaches, for DRY; may be given several times. Default: line end, ':', '\"', '*'.")
  var drySequenceBreaker: [String] = []

  @Option(help: "Multiply ln p of the text's tokens; above 1 they become less probable.")
  var repetitionPenalty: Double?

  @Option(help: "Take this from the scores of the text's tokens.")
  var presencePenalty: Double?

  @Option(help: "Take this from the scores of the text's tokens for each time that they occur.")
  var frequencyPenalty: Double?

  @Option(help: "How many of the last tokens the three penalties look at; -1 for all.")
  var repeatLastN = -1

  @Option(help: "Let no N tokens in a row come twice.")
  var noRepeatNgramSize: Int?

  @Option(parsing: .singleValue, help: "Text whose tokens may not come in a row; may be given several times.")
  var forbid: [String] = []

  @Flag(help: "Never draw the token that stands for unknown symbols.")
  var forbidUnknown = false

  @Flag(help: "Draw tokens too that no text has, such as padding.")
  var specialTokens = false

  @Option(
    parsing: .singleValue,
    help: "Text that has to come after so many drawn tokens: '0=Once upon'; may be given several times.")
  var force: [String] = []

  @Option(
    help: ArgumentHelp(
      "The order of the strategies: hugging-face, llama.cpp, or a list of names.",
      discussion: "The names: " + StrategyName.allCases.map(\.rawValue).joined(separator: ", ") + "."))
  var order = "hugging-face"

  /// The flags that make no sense where no token is drawn.
  var drawingFlags: [String] {
    let values: [(String, Any?)] = [
      ("--temperature", temperature), ("--temperature-schedule", temperatureSchedule),
      ("--dynatemp-range", dynatempRange), ("--top-k", topK), ("--top-p", topP), ("--min-p", minP),
      ("--typical-p", typicalP), ("--epsilon-cutoff", epsilonCutoff), ("--eta-cutoff", etaCutoff),
      ("--top-n-sigma", topNSigma), ("--mirostat", mirostat), ("--xtc-probability", xtcProbability),
    ]
    return values.filter { $0.1 != nil }.map(\.0)
  }

  func validate() throws {
    if greedy, let flag = drawingFlags.first {
      throw ValidationError("--greedy contradicts \(flag): it always takes the most probable token.")
    }
    let temperatures = drawingFlags.filter { $0.hasPrefix("--temp") || $0.hasPrefix("--dyna") }
    if temperatureSchedule != nil, temperatures.count > 1 {
      throw ValidationError("\(temperatures.joined(separator: " and ")) contradict each other.")
    }
    if scheduleByLine && temperatureSchedule == nil {
      throw ValidationError("--schedule-by-line needs a --temperature-schedule.")
    }
    let cuts = drawingFlags.filter { !$0.hasPrefix("--temp") && !$0.hasPrefix("--dyna") && $0 != "--mirostat" }
    if mirostat != nil, let flag = cuts.first {
      throw ValidationError("--mirostat contradicts \(flag): it decides by itself how many tokens to draw from.")
    }
    try validateNumbers()
    _ = try strategyOrder
    _ = try schedulePoints
    for text in force { _ = try Self.forced(text) }
  }

  private func validateNumbers() throws {
    func check(_ value: Double?, _ flag: String, _ range: ClosedRange<Double>, openAtZero: Bool = true) throws {
      guard let value else { return }
      guard range.contains(value), !openAtZero || value > range.lowerBound else {
        let low = openAtZero ? "above \(Format.short(range.lowerBound))" : "at least \(Format.short(range.lowerBound))"
        throw ValidationError("\(flag) has to be \(low) and at most \(Format.short(range.upperBound)).")
      }
    }
    if let temperature, !(0.001...1000).contains(temperature) {
      throw ValidationError("--temperature has to be between 0.001 and 1000; for 0, say --greedy.")
    }
    try check(dynatempRange, "--dynatemp-range", 0...1000)
    try check(dynatempExp, "--dynatemp-exp", 0...100)
    if let topK, topK < 1 { throw ValidationError("--top-k has to be positive.") }
    try check(topP, "--top-p", 0...1)
    try check(minP, "--min-p", 0...1, openAtZero: false)
    try check(typicalP, "--typical-p", 0...1)
    try check(epsilonCutoff, "--epsilon-cutoff", 0...0.999999)
    try check(etaCutoff, "--eta-cutoff", 0...0.999999)
    try check(topNSigma, "--top-n-sigma", 0...1e6)
    if let mirostat, !(1...2).contains(mirostat) { throw ValidationError("--mirostat has to be 1 or 2.") }
    try check(mirostatEnt, "--mirostat-ent", 0...1000)
    try check(mirostatLr, "--mirostat-lr", 0...1000)
    try check(xtcProbability, "--xtc-probability", 0...1, openAtZero: false)
    try check(xtcThreshold, "--xtc-threshold", 0...1, openAtZero: false)
    try check(dryMultiplier, "--dry-multiplier", 0...1e6, openAtZero: false)
    try check(dryBase, "--dry-base", 1...1e6, openAtZero: false)
    if dryAllowedLength < 1 { throw ValidationError("--dry-allowed-length has to be positive.") }
    try check(repetitionPenalty, "--repetition-penalty", 0...1e6)
    try check(presencePenalty, "--presence-penalty", -1e6...1e6, openAtZero: false)
    try check(frequencyPenalty, "--frequency-penalty", -1e6...1e6, openAtZero: false)
    for (flag, value) in [("--repeat-last-n", repeatLastN), ("--dry-penalty-last-n", dryPenaltyLastN)] where value < -1
    {
      throw ValidationError("\(flag) has to be -1 for all, or not negative.")
    }
    if let noRepeatNgramSize, noRepeatNgramSize < 1 {
      throw ValidationError("--no-repeat-ngram-size has to be positive.")
    }
  }

  /// The order that --order names.
  var strategyOrder: [StrategyName] {
    get throws {
      if let preset = StrategyName.presets[order] { return preset }
      return try order.split(separator: ",").map { part in
        let name = part.trimmingPrefix { $0 == " " }
        guard let strategy = StrategyName(rawValue: String(name)) else {
          throw ValidationError(
            "'\(name)' in --order is no strategy: there are \(StrategyName.allCases.map(\.rawValue).joined(separator: ", "))."
          )
        }
        return strategy
      }
    }
  }

  /// The points of --temperature-schedule.
  var schedulePoints: [TemperatureSchedule.Point]? {
    get throws {
      guard let temperatureSchedule else { return nil }
      let points = try temperatureSchedule.split(separator: ",").map { part in
        let sides = part.split(separator: "=", omittingEmptySubsequences: false)
        guard sides.count == 2, let position = Int(sides[0]), let temperature = Double(sides[1]),
          (0...Int(Int32.max)).contains(position), (0.001...1000).contains(temperature)
        else { throw ValidationError("'\(part)' in --temperature-schedule is not POSITION=TEMPERATURE, as in 0=1.2.") }
        return TemperatureSchedule.Point(at: position, temperature)
      }
      guard !points.isEmpty, zip(points, points.dropFirst()).allSatisfy({ $0.position < $1.position }) else {
        throw ValidationError("the positions of --temperature-schedule have to rise.")
      }
      return points
    }
  }

  /// What --force says: how many tokens come before it, and the text.
  static func forced(_ text: String) throws -> (position: Int, text: String) {
    let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard sides.count == 2, let position = Int(sides[0]), (0...Int(Int32.max)).contains(position), !sides[1].isEmpty
    else {
      throw ValidationError("'\(text)' in --force is not NUMBER=TEXT, as in '0=Once upon'.")
    }
    return (position, String(sides[1]))
  }
}
