import ArgumentParser
import Kernels
import RNNEvaluation
import RNNFormat
import RNNGeneration
import RNNModel

/// `rnntool sample`
struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample", abstract: "Write text with a model.",
    discussion: """
      Reads the prompt, then draws one token after another. Without a prompt, the first token is drawn by how often each occurred in the training text. The strategies apply in the order of Hugging Face unless --order says
      otherwise: forbidden and forced tokens, penalties, temperature, top-k, top-p, min-p, typical, epsilon, eta, and so on. The same seed, model and prompt give the same text; docs/SAMPLING.md explains each strategy.

      Examples:
        rnntool sample book.h5
        rnntool sample book.h5 --prompt 'In the beginning' --length 300 --temperature 0.8
        rnntool sample book.h5 --top-p 0.95 --seed 7 --json
        rnntool sample book.h5 --prompt-file start.txt --greedy --no-repeat-ngram-size 12
        rnntool sample book.h5 --prompt 'And ' --count 20 --until-line-end --min-p 0.1
        rnntool sample book.h5 --prompt 'And God ' --beams 16 --length 60
        rnntool sample book.h5 --prompt 'In the ' --suffix ' the earth' --length 20
        rnntool sample book.h5 --regex '[A-Z][a-z]+ [0-9]{4}'
        rnntool sample book.h5 --interactive
      """)

  @Argument(help: "The model file.")
  var model: String

  @Option(help: "What the model reads first.")
  var prompt: String?

  @Option(help: "A file with what the model reads first; '-' for standard input.")
  var promptFile: String?

  @OptionGroup(title: "Symbols without a token") var unknown: PromptOptions

  @Option(help: "How many tokens to draw at most. Default: 500; 40 where there is a --suffix or a person.")
  var length: Int?

  @Option(help: "How many texts to write, side by side. With --beams: how many of the best.")
  var count = 1

  @Option(help: "How many texts are written side by side at most; it changes the speed, not the texts.")
  var batch = 32

  @Option(help: "Find what could stand between the prompt and this text, of up to --length tokens.")
  var suffix: String?

  @Flag(help: "Type text, get a continuation, choose among the tokens that may come next.")
  var interactive = false

  @Flag(help: "Print each token with its probability, instead of the text.")
  var showProbabilities = false

  @Option(help: "The seed of chance. Default: another one each time.")
  var seed: UInt64?

  @Option(help: "Threads to compute with. Default: as many as there are processors.")
  var threads: Int?

  @OptionGroup(title: "Strategies") var strategies: StrategyOptions
  @OptionGroup(title: "Searches") var search: SearchOptions
  @OptionGroup(title: "Constraints") var constraint: ConstraintOptions
  @OptionGroup(title: "Trust") var trust: TrustOptions
  @OptionGroup(title: "Output") var speech: AnswerOptions

  /// A text without end cannot be asked for.
  private static let mostTokens = 10_000_000
  private var tokenCount: Int { length ?? (suffix != nil || interactive ? 40 : 500) }

  func validate() throws {
    if prompt != nil && promptFile != nil {
      throw ValidationError("--prompt and --prompt-file contradict each other: give one of them.")
    }
    try search.validate(with: strategies)
    if strategies.greedy && seed != nil {
      throw ValidationError("--greedy contradicts --seed: it always takes the most probable token.")
    }
    if let threads, !(1...ThreadTeam.mostThreads).contains(threads) {
      throw ValidationError("--threads has to be between 1 and \(ThreadTeam.mostThreads).")
    }
    if let length, length < 0 { throw ValidationError("--length cannot be negative.") }
    if tokenCount > Self.mostTokens {
      throw ValidationError("--length can be at most \(Format.count(Self.mostTokens)).")
    }
    if !(1...1_000_000).contains(count) { throw ValidationError("--count has to be between 1 and 1,000,000.") }
    if !(1...SearchOptions.mostBeams).contains(batch) {
      throw ValidationError("--batch has to be between 1 and \(Format.count(SearchOptions.mostBeams)).")
    }
    if let beams = search.beams, count > beams {
      throw ValidationError("--beams \(beams) cannot give --count \(count) texts.")
    }
    if let seed, seed >= 1 << 53 { throw ValidationError("--seed has to be below 2^53.") }
    let modes = [
      (interactive, "--interactive"), (suffix != nil, "--suffix"), (search.penaltyAlpha != nil, "--penalty-alpha"),
    ].filter(\.0).map(\.1)
    if modes.count > 1 { throw ValidationError("\(modes[0]) and \(modes[1]) contradict each other.") }
    if let mode = modes.first, count > 1 && suffix == nil {
      throw ValidationError("\(mode) writes one text: --count contradicts it.")
    }
    if interactive && (speech.json || search.beams != nil || showProbabilities || promptFile == "-") {
      throw ValidationError(
        "--interactive contradicts --json, --beams, --show-probabilities and a prompt from standard input.")
    }
    if showProbabilities && speech.json { throw ValidationError("--json says all that --show-probabilities does.") }
    if suffix != nil && (strategies.greedy || !constraint.stop.isEmpty || constraint.untilLineEnd) {
      throw ValidationError("--suffix contradicts --greedy, --stop and --until-line-end.")
    }
  }

  func run() throws {
    if let threads { ThreadTeam.threadCount = threads }
    let file = try Input.model(model, through: trust.quarantine)
    let loaded = try file.loadLanguageModel()
    guard let vocabulary = loaded.vocabulary else { throw EvaluationError.noVocabulary }
    let text = try promptFile.map { try Input.text($0) } ?? Array((prompt ?? "").utf8)
    let pattern = try constraint.pattern(for: vocabulary)
    var strategies = strategies
    // Contrastive search tries so many tokens; their probabilities are those among all.
    let tried = search.penaltyAlpha == nil ? nil : strategies.topK
    if search.penaltyAlpha != nil { strategies.topK = nil }
    let chain = try strategies.chain(for: vocabulary, constraint: pattern)
    let seed = seed ?? UInt64.random(in: 0..<(1 << 53))
    let job = SamplingJob(
      model: loaded, architecture: file.document.architecture, vocabulary: vocabulary,
      prompt: try unknown.tokens(of: text, in: vocabulary), seed: seed,
      length: tokenCount, count: count, batch: batch, end: constraint.end, pattern: pattern,
      wantsEntropy: speech.json || showProbabilities)
    if interactive {
      var session = InteractiveSession(
        vocabulary, try loaded.languageModel(longestWindow: 64), chain: chain, prompt: job.prompt, seed: seed,
        length: tokenCount, unknown: unknown)
      return try session.run()
    }
    var output = SamplingOutput(
      vocabulary, prompt: text, isJSON: speech.json, showsProbabilities: showProbabilities, count: count)
    try output.begin()
    let clock = ContinuousClock()
    let start = clock.now
    if let suffix {
      let after = try unknown.tokens(of: Array(suffix.utf8), in: vocabulary)
      try job.infill(before: after, beams: search.beams ?? 16, search.lengthPenalty, chain, into: &output)
    } else {
      try job.run(search.method(chain, topK: tried), into: &output)
    }
    let usesChance = !strategies.greedy && (search.beams == nil || search.stochasticBeams) && search.penaltyAlpha == nil
    try output.end(
      seed: usesChance ? seed : nil, seconds: (clock.now - start) / .seconds(1), modelID: file.header.modelID,
      suffix: suffix)
  }
}
