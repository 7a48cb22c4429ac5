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
      Reads the prompt, then draws one token after another. Without a prompt, the first token is drawn by how often each occurred in the training text. The strategies apply in the order --temperature, --top-k, --top-p. The same seed, model and
      prompt give the same text.

      Examples:
        rnntool sample book.h5
        rnntool sample book.h5 --prompt 'In the beginning' --length 300 --temperature 0.8
        rnntool sample book.h5 --top-p 0.95 --seed 7 --json
        rnntool sample book.h5 --prompt-file start.txt --greedy
      """)

  @Argument(help: "The model file.")
  var model: String

  @Option(help: "What the model reads first.")
  var prompt: String?

  @Option(help: "A file with what the model reads first; '-' for standard input.")
  var promptFile: String?

  @Option(help: "How many tokens to draw.")
  var length = 500

  @Option(help: "Below 1 safer, above 1 wilder; 0.001 to 1000. Default: 1.")
  var temperature: Double?

  @Option(help: "Draw only from the K most probable tokens.")
  var topK: Int?

  @Option(help: "Draw only from the most probable tokens that together have this probability.")
  var topP: Double?

  @Flag(help: "Always take the most probable token.")
  var greedy = false

  @Flag(help: "Draw tokens too that no text has, such as padding.")
  var specialTokens = false

  @Option(help: "The seed of chance. Default: another one each time.")
  var seed: UInt64?

  @Option(help: "Threads to compute with. Default: as many as there are processors.")
  var threads: Int?

  @OptionGroup(title: "Trust") var trust: TrustOptions

  @OptionGroup(title: "Output") var speech: AnswerOptions

  func validate() throws {
    if prompt != nil && promptFile != nil {
      throw ValidationError("--prompt and --prompt-file contradict each other: give one of them.")
    }
    if greedy && (temperature != nil || topK != nil || topP != nil || seed != nil) {
      throw ValidationError(
        "--greedy contradicts --temperature, --top-k, --top-p and --seed: it always takes the most probable token.")
    }
    if let threads, !(1...ThreadTeam.mostThreads).contains(threads) {
      throw ValidationError("--threads has to be between 1 and \(ThreadTeam.mostThreads).")
    }
    if length < 0 { throw ValidationError("--length cannot be negative.") }
    if let temperature, !(temperature >= 0.001 && temperature <= 1000) {
      throw ValidationError("--temperature has to be between 0.001 and 1000; for 0, say --greedy.")
    }
    if let topK, topK < 1 { throw ValidationError("--top-k has to be positive.") }
    if let topP, !(topP > 0 && topP <= 1) { throw ValidationError("--top-p has to be above 0 and at most 1.") }
    if let seed, seed >= 1 << 53 { throw ValidationError("--seed has to be below 2^53.") }
  }

  func run() throws {
    if let threads { ThreadTeam.threadCount = threads }
    let file = try Input.model(model, through: trust.quarantine)
    let loaded = try file.loadModel()
    guard let vocabulary = loaded.vocabulary else { throw EvaluationError.noVocabulary }
    let text = try promptFile.map { try Input.text($0) } ?? Array((prompt ?? "").utf8)
    let tokens = try vocabulary.encode(text, unknown: .refuse).tokens
    let network = try loaded.languageModel(longestWindow: 1)
    let seed = seed ?? UInt64.random(in: 0..<(1 << 53))
    let specials = specialTokens ? [] : vocabulary.specials
    var frequencies = vocabulary.counts
    for token in specials { frequencies?[Int(token)] = 0 }
    var sampler = Sampler(strategies: specials.isEmpty ? strategies : [Without(specials)] + strategies, seed: seed)
    var decoder = Vocabulary.Decoder(vocabulary)
    for token in tokens { _ = decoder.decode(token) }
    var stream = CharacterStream()
    var draws: [JSONValue] = []
    if !speech.json { try Terminal.write(text) }
    var written: [UInt8] = []
    let clock = ContinuousClock()
    let start = clock.now
    try sampler.sample(length, after: tokens, from: network, frequencies: frequencies) { draw in
      let bytes = decoder.decode(draw.token)
      if speech.json {
        draws.append(["id": .integer(draw.token), "log_probability": draw.logProbability.map { .number($0) } ?? .null])
        written += bytes
      } else {
        try Terminal.show(stream.complete(adding: bytes))
      }
      return true
    }
    let seconds = (clock.now - start) / .seconds(1)
    if speech.json {
      try Terminal.print(
        .object([
          "prompt": .string(String(decoding: text, as: UTF8.self)),
          "text": .string(String(decoding: written, as: UTF8.self)), "tokens": .array(draws),
          "seed": greedy ? .null : .integer(seed), "seconds": .number(seconds),
          "model_id": .string(file.header.modelID),
        ]))
    } else {
      try Terminal.show(stream.rest + [0x0A])
    }
  }

  private var strategies: [any DecodingStrategy] {
    if greedy { return [Greedy()] }
    var strategies: [any DecodingStrategy] = []
    if let temperature { strategies.append(Temperature(temperature)) }
    if let topK { strategies.append(TopK(topK)) }
    if let topP { strategies.append(TopP(topP)) }
    return strategies
  }
}

/// Bytes that come piece by piece, given on only as whole characters, so that a terminal never sees half of one.
struct CharacterStream {
  /// The beginning of a character whose end has not come yet.
  private(set) var rest: [UInt8] = []

  /// The characters that are complete now.
  mutating func complete(adding bytes: [UInt8]) -> [UInt8] {
    let all = rest + bytes
    // At most the last three bytes can be the beginning of a character.
    for length in 1..<max(1, min(4, all.count + 1)) {
      let lead = all[all.count - length]
      let needed = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1
      if lead & 0xC0 == 0x80 { continue }
      if needed > length {
        rest = Array(all.suffix(length))
        return Array(all.dropLast(length))
      }
      break
    }
    rest = []
    return all
  }
}
