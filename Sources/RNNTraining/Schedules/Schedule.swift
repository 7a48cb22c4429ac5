import RealModule

/// How the learning rate changes in the course of a training.
///
/// The rate of an update is the plan's rate times the factor of the warm-up times the factor of the decay.
public struct Schedule: Hashable, Sendable {
  /// What makes the rate fall.
  public enum Decay: Hashable, Sendable {
    /// Nothing.
    case constant
    /// The rate is multiplied by `factor` after every `every` epochs (PyTorch's `StepLR`).
    case step(every: Int, factor: Double)
    /// The rate is multiplied by `factor` at the end of each epoch, the first time at the end of epoch `from`, counted from 1.
    ///
    /// char-rnn: factor 0.97 from epoch 10. Zaremba et al. 2014: factor 1/2 (small) from epoch 5, as their program computes
    /// it; see ``Schedule/halving(after:)`` for the reading of their text.
    case exponential(factor: Double, from: Int)
    /// Half a cosine over the whole training, down to the part `final` of the rate (Loshchilov & Hutter 2017, without
    /// restarts).
    case cosine(final: Double)
    /// The rate is multiplied by `factor` once more than `patience` validations in a row were not better than the best by the
    /// relative `threshold`, down to the part `minimum` (PyTorch's `ReduceLROnPlateau`, which has factor 0.1, patience 10 and
    /// threshold 1e-4). Factor 0.25 with patience and threshold 0 is word_language_model's.
    case plateau(factor: Double, patience: Int, threshold: Double, minimum: Double)
  }

  /// What makes the rate fall.
  public var decay: Decay
  /// The number of updates in which the rate rises from (1 / warmUp) of itself to itself; 0 for none.
  public var warmUp: Int

  /// Makes a schedule.
  public init(_ decay: Decay = .constant, warmUp: Int = 0) {
    self.decay = decay
    self.warmUp = warmUp
  }

  /// The same rate from the first update to the last.
  public static let constant = Schedule()

  /// The rate falls along half a cosine to the part `final` of itself.
  public static func cosine(final: Double = 0) -> Self { Self(.cosine(final: final)) }

  /// The rate is halved at the end of each epoch from the given one on: epoch `after + 1` has the first lower rate.
  public static func halving(after epoch: Int) -> Self { Self(.exponential(factor: 0.5, from: epoch)) }

  /// Divides the rate by 4 whenever a validation is not better than the best, as word_language_model does.
  public static let quarterOnPlateau = Schedule(.plateau(factor: 0.25, patience: 0, threshold: 0, minimum: 0))

  /// Where a training stands, as far as a schedule wants to know it.
  struct Moment {
    /// The number of updates before this one.
    var step: Int
    /// The number of whole epochs before this one.
    var epoch: Int
    /// The part of the whole training that is done, 0 ... 1.
    var fraction: Double
  }

  /// What a schedule remembers of the validations.
  public struct State: Hashable, Sendable, Codable {
    /// The lowest loss that counted as an improvement.
    public var best: Double?
    /// The validations in a row that were no improvement.
    public var badChecks = 0
    /// The factor that came of it.
    public var factor = 1.0

    /// Before the first validation.
    public init() {}

    private enum CodingKeys: String, CodingKey {
      case best, factor
      case badChecks = "bad_checks"
    }
  }

  /// What the learning rate is multiplied with.
  func factor(at moment: Moment, _ state: State) -> Double {
    let warm = moment.step < warmUp ? Double(moment.step + 1) / Double(warmUp) : 1
    switch decay {
    case .constant: return warm
    case .step(let every, let factor): return warm * .pow(factor, moment.epoch / every)
    case .exponential(let factor, let from): return warm * .pow(factor, max(0, moment.epoch - from + 1))
    case .cosine(let final): return warm * (final + (1 - final) * 0.5 * (1 + .cos(.pi * moment.fraction)))
    case .plateau: return warm * state.factor
    }
  }

  /// Takes note of a validation.
  func observe(_ loss: Double, _ state: inout State) {
    guard case .plateau(let factor, let patience, let threshold, let minimum) = decay else { return }
    if let best = state.best, !(loss < best - abs(best) * threshold) {
      state.badChecks += 1
      if state.badChecks > patience {
        state.factor = max(minimum, state.factor * factor)
        state.badChecks = 0
      }
    } else {
      state.best = loss
      state.badChecks = 0
    }
  }
}
