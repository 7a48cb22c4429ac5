import CKernels

/// One time step of a GRU layer (Cho et al. 2014), forward and backward, without its matrix products.
///
/// The gate axis has the order update z, reset r, candidate n. Two families are in use:
///
/// - *Reset after* the recurrent product (cuDNN, PyTorch, Keras with `reset_after`):
///   `n = c(x_n + r ∘ (U_n h(t-1) + b_n))`.
/// - *Reset before* it (Cho et al. 2014, version 3): `n = c(x_n + U_n (r ∘ h(t-1)))`.
///
/// and two meanings of the update gate:
///
/// - `keepsPrevious`: `h(t) = z ∘ h(t-1) + (1 - z) ∘ n` (PyTorch, Keras, cuDNN),
/// - otherwise `h(t) = (1 - z) ∘ h(t-1) + z ∘ n`.
///
/// Buffers hold whole sequences, indexed by step and slot as in ``LSTMStep``: `outputs` and `outputGradients` have a
/// slot for each state, a step goes from slot `previous` to slot `current`.
public struct GRUStep: Equatable, Sendable {
  /// The number of hidden units, H.
  public var hidden: Int
  /// The activation of the update and the reset gate.
  public var recurrent: Activation
  /// The activation of the candidate.
  public var candidate: Activation
  /// Whether an update gate of one keeps the previous state (true) or takes the candidate (false).
  public var keepsPrevious: Bool

  /// A step for `hidden` units.
  public init(
    hidden: Int, recurrent: Activation = .sigmoid, candidate: Activation = .tanh, keepsPrevious: Bool = true
  ) {
    precondition(hidden >= 0, "hidden must not be negative: \(hidden)")
    self.hidden = hidden
    self.recurrent = recurrent
    self.candidate = candidate
    self.keepsPrevious = keepsPrevious
  }

  var settings: kernels_gru {
    kernels_gru(recurrent: recurrent.code, candidate: candidate.code, keeps_previous: keepsPrevious)
  }
}
