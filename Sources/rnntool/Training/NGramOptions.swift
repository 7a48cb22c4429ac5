import ArgumentParser
import NGram

/// How n-grams are counted and smoothed; only for `--model ngram`.
struct NGramOptions: ParsableArguments {
  @Option(help: "The number of symbols in the longest n-grams. Default: 5.")
  var order: Int?

  @Option(
    help:
      "modified-kneser-ney, kneser-ney, absolute-discounting, add-k or stupid-backoff. Default: modified-kneser-ney."
  )
  var smoothing: Smoothing?

  @Option(name: .customLong("add-k"), help: "What add-k adds to each count. Default: 1.")
  var addK: Double?

  @Option(help: "What stupid-backoff multiplies with for each order that it skips. Default: 0.4.")
  var backoffFactor: Double?

  @Flag(
    inversion: .prefixedNo,
    help: "Lower orders contribute to n-grams that were counted, too: of the methods with discounts. Default: yes.")
  var interpolation: Bool?

  @Option(
    help:
      "N-grams that occur so often, or less, are left out: a number for each order, the first 0, separated by commas, as 0,0,1; the last one stands for all that follow."
  )
  var prune: String?

  @Option(help: "N-grams are left out that change the perplexity by a smaller part than this (Stolcke 1998), as 1e-8.")
  var pruneEntropy: Double?

  enum Smoothing: String, ExpressibleByArgument, CaseIterable {
    case modifiedKneserNey = "modified-kneser-ney"
    case kneserNey = "kneser-ney"
    case absoluteDiscounting = "absolute-discounting"
    case addK = "add-k"
    case stupidBackoff = "stupid-backoff"
  }
}

extension NGramOptions {
  /// Whether nothing was said.
  var isEmpty: Bool {
    order == nil && smoothing == nil && addK == nil && backoffFactor == nil && interpolation == nil && prune == nil
      && pruneEntropy == nil
  }

  /// The highest order.
  var highestOrder: Int { order ?? 5 }

  /// How probabilities are estimated.
  var method: NGramMethod {
    let interpolated = interpolation ?? true
    return switch smoothing ?? .modifiedKneserNey {
    case .modifiedKneserNey: .modifiedKneserNey(interpolated: interpolated)
    case .kneserNey: .kneserNey(interpolated: interpolated)
    case .absoluteDiscounting: .absoluteDiscounting(interpolated: interpolated)
    case .addK: .addK(addK ?? 1)
    case .stupidBackoff: .stupidBackoff(factor: backoffFactor ?? 0.4)
    }
  }

  /// For each order, which n-grams are left out.
  func prunedCounts() throws -> [Int] {
    try (prune?.split(separator: ",", omittingEmptySubsequences: false) ?? []).map { word in
      guard let count = Int(word), (0...1_000_000_000).contains(count) else {
        throw ValidationError("--prune is a list of counts from 0 to 1,000,000,000, as 0,0,1, and '\(word)' is none.")
      }
      return count
    }
  }

  /// Flags that contradict each other or are out of range.
  func check() throws {
    try require(
      (1...NGramModel.highestOrder).contains(highestOrder),
      "--order has to be between 1 and \(NGramModel.highestOrder)."
    )
    let smoothing = smoothing ?? .modifiedKneserNey
    try require(addK == nil || smoothing == .addK, "--add-k is for --smoothing add-k.")
    try require(
      backoffFactor == nil || smoothing == .stupidBackoff, "--backoff-factor is for --smoothing stupid-backoff.")
    try require(
      interpolation == nil || ![.addK, .stupidBackoff].contains(smoothing),
      "--interpolation is for the methods with discounts.")
    try require(addK.map { $0 > 0 && $0.isFinite } ?? true, "--add-k has to be positive and finite.")
    try require(backoffFactor.map { $0 > 0 && $0 <= 1 } ?? true, "--backoff-factor has to be above 0 and at most 1.")
    try require(pruneEntropy.map { $0 >= 0 && $0.isFinite } ?? true, "--prune-entropy has to be at least 0 and finite.")
    try require(
      pruneEntropy == nil || smoothing != .stupidBackoff,
      "--prune-entropy weighs probabilities, and stupid-backoff has none.")
    _ = try prunedCounts()
  }
}
