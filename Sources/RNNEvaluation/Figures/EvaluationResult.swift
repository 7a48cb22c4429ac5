import RealModule

/// What scoring a text gives.
public struct EvaluationResult: Hashable, Sendable {
  /// The tokens that were scored and count.
  public var tokens = 0
  /// -ln p, summed over them, in nats.
  public var nats = 0.0
  /// What ``nats`` is divided by for the mean: ``tokens``, unless the protocol says something else.
  public var divisor = 0
  /// The standard error of ``meanNats`` by the block bootstrap; nil for texts too short for it.
  public var standardError: Double?
  /// What holds 95% of the means of texts of this kind, by the same bootstrap, in nats per token.
  public var interval: ClosedRange<Double>?
  /// The bytes of the text that the scored tokens stand for.
  public var bytes = 0
  /// The Unicode characters of that text.
  public var characters = 0
  /// The tokens of the text.
  public var textTokens = 0
  /// Those of them that are context only.
  public var contextTokens = 0
  /// Those of them that the protocol neither reads nor scores.
  public var droppedTokens = 0
  /// How many of the counted tokens end a line.
  public var lineEnds = 0
  /// How many symbols of the text have no token of their own.
  public var unknown = 0
  /// How many of them were left out.
  public var skipped = 0
  /// How many scored tokens are unknown, whether they count or not.
  public var unknownTokens = 0
  /// -ln p, summed over them.
  public var unknownNats = 0.0
  /// Whether they are in ``tokens`` and ``nats``.
  public var countsUnknown = true

  /// The loss, in nats per token.
  public var meanNats: Double { nats / Double(max(1, divisor)) }
  /// e to the mean loss.
  public var perplexity: Double { .exp(meanNats) }
  /// In bits.
  public var bitsPerToken: Double { meanNats / .log(2) }
  /// Comparable across vocabularies, as long as no symbol was left out.
  public var bitsPerCharacter: Double { nats / .log(2) / Double(max(1, characters)) }
  /// Comparable across vocabularies, as long as no symbol was left out.
  public var bitsPerByte: Double { nats / .log(2) / Double(max(1, bytes)) }
  /// The part of the text's symbols that have no token of their own.
  public var unknownShare: Double { Double(unknown) / Double(max(1, textTokens + skipped)) }

  /// The perplexity with unknown tokens among those that count.
  public var perplexityWithUnknown: Double {
    countsUnknown
      ? perplexity : .exp((nats + unknownNats) / Double(max(1, divisor + unknownTokens)))
  }
  /// The perplexity without them.
  public var perplexityWithoutUnknown: Double {
    countsUnknown ? .exp((nats - unknownNats) / Double(max(1, divisor - unknownTokens))) : perplexity
  }
  /// The perplexity with the sum divided by the tokens that do not end a line: SRILM's ppl1.
  public var perplexityWithoutLineEnds: Double { .exp(nats / Double(max(1, tokens - lineEnds))) }
}
