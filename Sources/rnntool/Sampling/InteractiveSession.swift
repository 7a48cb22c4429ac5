import Foundation
import RNNFormat
import RNNGeneration
import RNNModel

/// Writing in turns: a person types, the model goes on, the person chooses among what may come next.
struct InteractiveSession {
  private struct Moment {
    var memory: TextMemory
    var logProbabilities: [Float]
    var chain: DecodingChain
    var context: DecodingContext
  }

  private static let shown = 9
  private let vocabulary: Vocabulary
  private let model: any BranchingLanguageModel
  private let length: Int
  private let unknown: PromptOptions
  private var now: Moment
  private var before: [Moment] = []

  init(
    _ vocabulary: Vocabulary, _ model: any BranchingLanguageModel, chain: DecodingChain, prompt: [Int32], seed: UInt64,
    length: Int, unknown: PromptOptions
  ) {
    (self.vocabulary, self.model, self.length, self.unknown) = (vocabulary, model, length, unknown)
    let first = model.read(prompt, frequencies: vocabulary.counts)
    now = Moment(
      memory: model.memory(of: 0), logProbabilities: first, chain: chain,
      context: DecodingContext(prompt: prompt, seed: seed))
  }

  static let help = """
    Type text, and the model goes on from it. An empty line lets it go on; :1 to :9 take one of the tokens shown; :undo goes back; :quit ends.
    """

  /// Reads lines until the end of the input.
  mutating func run() throws {
    Terminal.note(Self.help)
    try Terminal.show(vocabulary.decode(now.context.tokens))
    while true {
      try showChoices()
      Terminal.say("> ")
      guard let line = readLine(strippingNewline: true) else { break }
      switch line {
      case ":quit", ":q": return
      case ":undo":
        if let last = before.popLast() { now = last }
        try Terminal.show(vocabulary.decode(now.context.tokens))
      case "":
        before.append(now)
        try goOn()
      default:
        try take(line)
      }
    }
    try Terminal.print("")
  }

  private mutating func take(_ line: String) throws {
    if line.hasPrefix(":"), let number = Int(line.dropFirst()) {
      let tokens = candidates().tokens
      guard number >= 1, number <= min(Self.shown, tokens.count) else {
        return Terminal.note("there is no choice \(number)")
      }
      before.append(now)
      try read([tokens[number - 1]])
      return try goOn()
    }
    do {
      let tokens = try unknown.tokens(of: Array(line.utf8), in: vocabulary)
      before.append(now)
      // A terminal has shown it already.
      if isatty(STDIN_FILENO) == 1 { for token in tokens { readToken(token) } } else { try read(tokens) }
      try goOn()
    } catch let failure as Failure {
      Terminal.note(failure.message.printable)
    }
  }

  private func candidates() -> Candidates {
    var (chain, context) = (now.chain, now.context)
    return chain.candidates(now.logProbabilities, in: &context)
  }

  private func showChoices() throws {
    let candidates = candidates()
    let choices = zip(candidates.tokens, candidates.probabilities).prefix(Self.shown).enumerated().map {
      "\($0 + 1) \(Vocabulary.display(vocabulary[$1.0]).printable)\(Format.percent($1.1))"
    }
    Terminal.note("")
    Terminal.note(choices.joined(separator: "   "))
  }

  /// Reads tokens and shows them.
  private mutating func read(_ tokens: [Int32]) throws {
    for token in tokens {
      try Terminal.show(
        Array(
          vocabulary.decode(now.context.tokens.suffix(1) + [token]).dropFirst(
            vocabulary.decode(now.context.tokens.suffix(1)).count)))
      readToken(token)
    }
  }

  private mutating func readToken(_ token: Int32) {
    model.setMemory(now.memory, of: 0)
    model.advance([token], into: &now.logProbabilities)
    now.memory = model.memory(of: 0)
    now.chain.take(token, probability: 1)
    now.context.append(token)
  }

  private mutating func goOn() throws {
    var decoder = Vocabulary.Decoder(vocabulary)
    for token in now.context.tokens.suffix(1) { _ = decoder.decode(token) }
    var stream = CharacterStream()
    for _ in 0..<length {
      guard now.logProbabilities.allSatisfy({ !$0.isNaN }) else { throw Sampler.NotFinite(drawn: now.context.drawn) }
      guard let choice = now.chain.draw(now.logProbabilities, in: &now.context) else { break }
      model.setMemory(now.memory, of: 0)
      model.advance([choice.token], into: &now.logProbabilities)
      now.memory = model.memory(of: 0)
      now.context.append(choice.token)
      try Terminal.show(stream.complete(adding: decoder.decode(choice.token)))
    }
  }
}
