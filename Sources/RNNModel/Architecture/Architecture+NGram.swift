extension Architecture {
  /// A table of n-grams: the probability of a token after the few before it, as a text was counted, with a weight for shorter contexts
  /// where a longer one was never seen (Katz 1987; Chen & Goodman 1998).
  ///
  /// All n-grams lie in one row, those of a lower order first. Those of one order are sorted by their tokens, so that the ones with the same context lie side
  /// by side. The tensors are those of `docs/FORMAT.md`, section 5.
  public struct NGram: Hashable, Sendable {
    /// The layer's name.
    public var name: String
    /// The number of tokens, V.
    public var size: Int
    /// How many n-grams there are of each order from 1; those of order 1 are all tokens, and V for the beginning of a sentence if sentences end.
    public var counts: [Int]
    /// The token that ends a sentence, so that the next one begins anew; nil for a model of streams.
    public var sentenceEnd: Int?
    /// What a score is multiplied with for each order that it does not know (stupid backoff); nil for 1.
    public var skipFactor: Double?

    /// Makes a layer.
    public init(name: String = "ngram", size: Int, counts: [Int], sentenceEnd: Int? = nil, skipFactor: Double? = nil) {
      self.name = name
      self.size = size
      self.counts = counts
      self.sentenceEnd = sentenceEnd
      self.skipFactor = skipFactor
    }

    /// The highest order that is possible.
    public static let highestOrder = 10

    /// The highest order: the number of tokens of the longest n-grams.
    public var order: Int { counts.count }
    /// All n-grams.
    public var total: Int { counts.reduce(0, +) }
    /// Those below the highest order, which others may follow.
    public var contexts: Int { counts.dropLast().reduce(0, +) }
  }

  /// The table, of an n-gram model; nil for networks.
  public var ngram: NGram? {
    if layers.count == 1, case .ngram(let table) = layers[0] { table } else { nil }
  }

  /// An n-gram model.
  public init(_ ngram: NGram) {
    self.init(size: ngram.size, layers: [.ngram(ngram)], output: .logProbabilities)
  }
}

extension Architecture.NGram: Codable {
  private enum Key: String, CodingKey {
    case name, size, counts
    case sentenceEnd = "sentence_end"
    case skipFactor = "skip_factor"
  }

  /// Reads the layer's JSON.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    self.init(
      name: try container.decode(String.self, forKey: .name), size: try container.decode(Int.self, forKey: .size),
      counts: try container.decode([Int].self, forKey: .counts),
      sentenceEnd: try container.decodeNullable(Int.self, forKey: .sentenceEnd),
      skipFactor: try container.decodeNullable(Double.self, forKey: .skipFactor))
  }

  /// Writes the layer's JSON.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(size, forKey: .size)
    try container.encode(counts, forKey: .counts)
    try container.encode(sentenceEnd, forKey: .sentenceEnd)
    try container.encode(skipFactor, forKey: .skipFactor)
  }
}

extension Architecture.NGram {
  /// What is out of range.
  var rangeProblems: [String] {
    var problems: [String] = []
    if !(1...Self.highestOrder).contains(order) { problems.append("n-grams of order \(order) are not possible") }
    if let sentenceEnd, !(0..<size).contains(sentenceEnd) {
      problems.append("token \(sentenceEnd), which ends sentences, is not one of \(size)")
    }
    let singles = size + (sentenceEnd == nil ? 0 : 1)
    if counts.first != singles { problems.append("there have to be \(singles) n-grams of order 1, one for each token") }
    // Indices are stored in 32 bits where they are used.
    var total = 0
    for count in counts where total >= 0 {
      let (sum, overflow) = total.addingReportingOverflow(count)
      total = count < 0 || overflow || sum >= Int(UInt32.max) ? -1 : sum
    }
    if total < 0 { problems.append("the numbers of n-grams have to be at least 0, and together below \(UInt32.max)") }
    if let skipFactor, !(skipFactor >= Double(Float.leastNonzeroMagnitude) && skipFactor <= 1) {
      problems.append("the factor for each order that is skipped has to be at least the smallest float32 and at most 1")
    }
    return problems
  }
}
