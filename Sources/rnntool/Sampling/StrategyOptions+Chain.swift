import RNNGeneration
import RNNModel

extension StrategyOptions {
  /// The strategies in their order.
  ///
  /// - Parameters:
  ///   - vocabulary: the model's.
  ///   - constraint: what the text has to match.
  func chain(for vocabulary: Vocabulary, constraint: TextPattern? = nil) throws -> DecodingChain {
    func tokens(_ text: String) throws -> [Int32] { try vocabulary.encode(Array(text.utf8), unknown: .refuse).tokens }
    var strategies: [any DecodingStrategy] = []
    if let constraint { strategies.append(PatternConstraint(constraint)) }
    var forced: [Int: Int32] = [:]
    for text in force {
      let (position, text) = try Self.forced(text)
      for (offset, token) in try tokens(text).enumerated() { forced[position + offset] = token }
    }
    if !forced.isEmpty { strategies.append(ForcedTokens(forced)) }
    if !forbid.isEmpty { strategies.append(ForbiddenSequences(try forbid.map { try tokens($0) })) }
    if let noRepeatNgramSize { strategies.append(NoRepeatNGram(noRepeatNgramSize)) }
    if repetitionPenalty != nil || presencePenalty != nil || frequencyPenalty != nil {
      strategies.append(
        Penalties(
          repetition: repetitionPenalty ?? 1, presence: presencePenalty ?? 0, frequency: frequencyPenalty ?? 0,
          lastCount: repeatLastN < 0 ? nil : repeatLastN))
    }
    if let dryMultiplier {
      strategies.append(
        DRY(
          multiplier: dryMultiplier, base: dryBase, allowedLength: dryAllowedLength,
          lastCount: dryPenaltyLastN < 0 ? nil : dryPenaltyLastN, breakers: breakers(in: vocabulary)))
    }
    strategies += try temperatures(vocabulary)
    strategies += cuts(vocabulary.count)
    if greedy { strategies.append(Greedy()) }
    var excluded = specialTokens ? [] : vocabulary.specials
    if forbidUnknown, let unknown = vocabulary.unknown { excluded.append(unknown) }
    return DecodingChain(strategies, excluding: excluded).ordered(by: try strategyOrder)
  }

  private func temperatures(_ vocabulary: Vocabulary) throws -> [any DecodingStrategy] {
    if let points = try schedulePoints {
      let lineEnds = (0..<Int32(vocabulary.count)).filter {
        $0 == vocabulary.lineEnd || vocabulary[$0].last == 0x0A
      }
      return [TemperatureSchedule(points, restartingAfter: scheduleByLine ? Set(lineEnds) : [])]
    }
    if let dynatempRange { return [DynamicTemperature(temperature ?? 1, range: dynatempRange, exponent: dynatempExp)] }
    return temperature.map { [Temperature($0)] } ?? []
  }

  private func cuts(_ size: Int) -> [any DecodingStrategy] {
    var cuts: [any DecodingStrategy] = []
    if let topNSigma { cuts.append(TopNSigma(topNSigma)) }
    if let topK { cuts.append(TopK(topK)) }
    if let topP { cuts.append(TopP(topP)) }
    if let minP { cuts.append(MinP(minP)) }
    if let typicalP { cuts.append(Typical(typicalP)) }
    if let epsilonCutoff { cuts.append(EpsilonCutoff(epsilonCutoff)) }
    if let etaCutoff { cuts.append(EtaCutoff(etaCutoff)) }
    if let xtcProbability { cuts.append(XTC(probability: xtcProbability, threshold: xtcThreshold)) }
    if mirostat == 1 { cuts.append(MirostatOne(tau: mirostatEnt, eta: mirostatLr, size: size)) }
    if mirostat == 2 { cuts.append(Mirostat(tau: mirostatEnt, eta: mirostatLr)) }
    return cuts
  }

  /// The tokens in which a breaker occurs.
  private func breakers(in vocabulary: Vocabulary) -> Set<Int32> {
    let texts = (drySequenceBreaker.isEmpty ? ["\n", ":", "\"", "*"] : drySequenceBreaker).map { Array($0.utf8) }
    return Set(
      (0..<Int32(vocabulary.count)).filter { token in
        let bytes = token == vocabulary.lineEnd ? [0x0A] : Array(vocabulary[token])
        return texts.contains { !$0.isEmpty && bytes.contains($0) }
      })
  }
}
