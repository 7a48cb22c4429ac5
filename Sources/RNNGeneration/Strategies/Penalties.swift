/// Makes tokens less probable that the text has already: the repetition penalty (Keskar et al. 2019), and the presence and frequency
/// penalties of OpenAI and llama.cpp.
///
/// The repetition penalty acts on ln p, as Hugging Face does in beam search: p becomes p^penalty. Logits would do it
/// differently, depending on a constant without meaning.
public struct Penalties: DecodingStrategy {
  /// `penalties`
  public static let name = StrategyName.penalties
  /// Multiplies ln p of tokens of the text; 1 does nothing.
  public let repetition: Double
  /// Is taken from the scores of tokens of the text; 0 does nothing.
  public let presence: Double
  /// Is taken for each time that a token occurs; 0 does nothing.
  public let frequency: Double
  /// How many of the last tokens are looked at, the prompt's included; nil for all.
  public let lastCount: Int?

  /// - Precondition: the repetition penalty is positive.
  public init(repetition: Double = 1, presence: Double = 0, frequency: Double = 0, lastCount: Int? = nil) {
    precondition(repetition > 0, "a repetition penalty of \(repetition)")
    (self.repetition, self.presence, self.frequency, self.lastCount) = (repetition, presence, frequency, lastCount)
  }

  /// Lowers the scores.
  public func apply(to candidates: inout Candidates, in context: inout DecodingContext) {
    var counts: [Int32: Int] = [:]
    for token in context.tokens.suffix(lastCount ?? .max) { counts[token, default: 0] += 1 }
    candidates.adjust(counts.keys) { token, score in
      let scaled = score <= 0 ? score * repetition : score / repetition
      return scaled - presence - frequency * Double(counts[token] ?? 0)
    }
  }
}
