/// How the probabilities of an n-gram model are estimated from counts.
public enum NGramMethod: Hashable, Sendable {
  /// Lidstone's rule: each n-gram of the highest order counts `k` more than it occurs.
  case addK(Double)
  /// Brants et al. (2007): relative frequencies, times `factor` for each order that is skipped. The scores do not sum to one.
  case stupidBackoff(factor: Double)
  /// Ney, Essen & Kneser (1994): one discount for each order.
  case absoluteDiscounting(interpolated: Bool = true)
  /// Kneser & Ney (1995): absolute discounting whose lower orders count contexts.
  case kneserNey(interpolated: Bool = true)
  /// Chen & Goodman (1998): as Kneser & Ney, with three discounts for each order.
  case modifiedKneserNey(interpolated: Bool = true)

  /// The name in files and flags.
  public var name: String {
    switch self {
    case .addK: "add-k"
    case .stupidBackoff: "stupid-backoff"
    case .absoluteDiscounting: "absolute-discounting"
    case .kneserNey: "kneser-ney"
    case .modifiedKneserNey: "modified-kneser-ney"
    }
  }

  /// Whether the probabilities of all tokens sum to one after every context.
  public var isNormalised: Bool { if case .stupidBackoff = self { false } else { true } }

  func smoothing() throws(NGramError) -> any Smoothing {
    switch self {
    case .addK(let k): try AddK(k)
    case .stupidBackoff(let factor): try StupidBackoff(factor: factor)
    case .absoluteDiscounting(let interpolated): AbsoluteDiscounting(interpolated: interpolated)
    case .kneserNey(let interpolated): KneserNey(interpolated: interpolated)
    case .modifiedKneserNey(let interpolated): ModifiedKneserNey(interpolated: interpolated)
    }
  }
}
