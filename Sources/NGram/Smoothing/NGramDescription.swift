import RNNModel

/// How a model came about: what has to be kept with it to understand its numbers.
public struct NGramDescription: Hashable, Sendable, Codable {
  /// The discounts of one order.
  public struct Discounts: Hashable, Sendable, Codable {
    /// What is taken from n-grams that were counted once, twice, and three times or more.
    public var values: [Double]
    /// Whether the counts leave the discounts undefined, so that fixed values stand in their place.
    public var areFallback: Bool

    /// Takes the values.
    public init(values: [Double], areFallback: Bool) {
      self.values = values
      self.areFallback = areFallback
    }
  }

  /// The name of the method, as ``NGramMethod/name``; `arpa` for a model whose file does not say it.
  public var method: String
  /// k of `add-k`.
  public var k: Double?
  /// What `stupid-backoff` multiplies with for each order that it skips.
  public var factor: Double?
  /// Whether lower orders contribute to n-grams that were counted, too; nil where the method does not know the difference.
  public var interpolated: Bool?
  /// For each order, where the method has any.
  public var discounts: [Discounts]?
  /// For each order, n-grams that occurred so often, or less, were left out; nil if none was.
  public var prunedCounts: [Int]?
  /// N-grams were left out that change the perplexity by a smaller part than this; nil if none was.
  public var prunedEntropy: Double?

  /// Describes a model.
  public init(
    method: String, k: Double? = nil, factor: Double? = nil, interpolated: Bool? = nil, discounts: [Discounts]? = nil,
    prunedCounts: [Int]? = nil, prunedEntropy: Double? = nil
  ) {
    self.method = method
    self.k = k
    self.factor = factor
    self.interpolated = interpolated
    self.discounts = discounts
    self.prunedCounts = prunedCounts
    self.prunedEntropy = prunedEntropy
  }

  /// What the tables themselves say, where nothing else is known.
  public init(of table: Architecture.NGram) {
    self.init(method: table.skipFactor == nil ? "unknown" : "stupid-backoff", factor: table.skipFactor)
  }

  /// The orders whose discounts the counts leave undefined, for a warning.
  public var fallbackOrders: [Int] {
    (discounts ?? []).enumerated().filter { $1.areFallback }.map { $0.offset + 1 }
  }
}
