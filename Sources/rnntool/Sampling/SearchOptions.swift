import ArgumentParser
import RNNGeneration

/// Searches for a good text, instead of drawing one.
struct SearchOptions: ParsableArguments {
  @Option(help: "Keep the N most probable texts at each step, and write the best one.")
  var beams: Int?

  @Option(help: "Above 0, beam search prefers longer texts; below 0 shorter ones.")
  var lengthPenalty = 1.0

  @Option(help: "Groups of beams that avoid each other's tokens, with --diversity-penalty.")
  var beamGroups = 1

  @Option(help: "What a token costs that another group of beams has chosen.")
  var diversityPenalty = 0.0

  @Flag(help: "Draw the beams without replacement (Gumbel top-k) instead of keeping the most probable ones.")
  var stochasticBeams = false

  @Option(
    help:
      "Contrastive search: how much likeness to what was said weighs against probability, 0 to 1; with --top-k tokens tried (4)."
  )
  var penaltyAlpha: Double?

  static let mostBeams = 4096

  func validate() throws {
    if let beams, !(1...Self.mostBeams).contains(beams) {
      throw ValidationError("--beams has to be between 1 and \(Format.count(Self.mostBeams)).")
    }
    if beams == nil,
      let flag = [(beamGroups != 1, "--beam-groups"), (stochasticBeams, "--stochastic-beams")].first(where: { $0.0 })
    {
      throw ValidationError("\(flag.1) needs --beams.")
    }
    if let beams, beamGroups < 1 || beams % beamGroups != 0 {
      throw ValidationError("--beam-groups has to divide --beams.")
    }
    if (diversityPenalty != 0) != (beamGroups != 1) {
      throw ValidationError("--beam-groups and --diversity-penalty belong together: give both.")
    }
    if !(0...1e6).contains(diversityPenalty) { throw ValidationError("--diversity-penalty cannot be negative.") }
    if !(-100...100).contains(lengthPenalty) {
      throw ValidationError("--length-penalty has to be between -100 and 100.")
    }
    if let penaltyAlpha, !(0...1).contains(penaltyAlpha) {
      throw ValidationError("--penalty-alpha has to be between 0 and 1.")
    }
    if beams != nil && penaltyAlpha != nil {
      throw ValidationError("--beams and --penalty-alpha contradict each other: they are two searches.")
    }
    if stochasticBeams && beamGroups != 1 {
      throw ValidationError("--stochastic-beams and --beam-groups contradict each other.")
    }
  }

  /// Refuses strategies that a search has no use for.
  func validate(with strategies: StrategyOptions) throws {
    guard beams != nil || penaltyAlpha != nil else { return }
    if strategies.greedy {
      throw ValidationError(
        "--greedy contradicts \(beams != nil ? "--beams" : "--penalty-alpha"): they are two ways to choose.")
    }
    let flags = strategies.drawingFlags.filter { penaltyAlpha == nil || $0 != "--top-k" }
    if !stochasticBeams, let flag = flags.first {
      throw ValidationError(
        "\(flag) contradicts \(beams != nil ? "--beams" : "--penalty-alpha"): the search draws nothing by chance.")
    }
    if let topK = strategies.topK, penaltyAlpha != nil, topK > Self.mostBeams {
      throw ValidationError(
        "--penalty-alpha tries at most \(Format.count(Self.mostBeams)) tokens, not --top-k \(topK).")
    }
  }

  /// How texts are written.
  ///
  /// - Parameters:
  ///   - chain: the strategies.
  ///   - topK: how many tokens contrastive search tries.
  func method(_ chain: DecodingChain, topK: Int?) -> DecodingMethod {
    if let penaltyAlpha {
      return .contrastive(ContrastiveSearch(count: topK ?? 4, alpha: penaltyAlpha, chain: chain))
    }
    guard let beams else { return .sampling(chain) }
    if stochasticBeams { return .stochasticBeams(beams, chain) }
    return .beams(
      BeamSearch(
        beams: beams, groups: beamGroups, diversityPenalty: diversityPenalty, lengthPenalty: lengthPenalty, chain: chain
      ))
  }
}
