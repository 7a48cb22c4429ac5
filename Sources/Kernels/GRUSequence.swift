import CKernels

/// A GRU layer's recurrence over a window of time steps (Cho et al. 2014), forward and backward, on the ``ThreadTeam``.
///
/// The gate axis has the order update z, reset r, candidate n. With x the input's part of the preactivations, U the recurrent
/// weights and b their bias, z = f(x_z + U_z h(t-1) + b_z), r likewise, and the candidate is one of
///
/// - *reset after* the recurrent product (cuDNN, PyTorch, Keras with `reset_after`): `n = a(x_n + r ∘ (U_n h(t-1) + b_n))`,
/// - *reset before* it (Cho et al. 2014, version 3): `n = a(x_n + U_n (r ∘ h(t-1)) + b_n)`,
///
/// and the output one of
///
/// - `keepsPrevious`: `h(t) = z ∘ h(t-1) + (1 - z) ∘ n` (PyTorch, Keras, cuDNN),
/// - otherwise `h(t) = (1 - z) ∘ h(t-1) + z ∘ n`.
///
/// Slots, packing and buffers are as in ``LSTMSequence``.
public struct GRUSequence: ~Copyable {
  /// What kind of GRU it is.
  public struct Options: Equatable, Sendable {
    /// The number of hidden units, H.
    public var hidden: Int
    /// The activation of the update and the reset gate.
    public var recurrent: Activation
    /// The activation of the candidate.
    public var candidate: Activation
    /// Whether the reset acts before the recurrent product.
    public var resetsBefore: Bool
    /// Whether an update gate of one keeps the previous state (true) or takes the candidate (false).
    public var keepsPrevious: Bool
    /// Whether the last step comes first.
    public var runsBackward: Bool

    /// The GRU of cuDNN and PyTorch, but for what is named.
    public init(
      hidden: Int, recurrent: Activation = .sigmoid, candidate: Activation = .tanh, resetsBefore: Bool = false,
      keepsPrevious: Bool = true, runsBackward: Bool = false
    ) {
      self.hidden = hidden
      self.recurrent = recurrent
      self.candidate = candidate
      self.resetsBefore = resetsBefore
      self.keepsPrevious = keepsPrevious
      self.runsBackward = runsBackward
    }
  }

  /// What kind of GRU it is.
  public let options: Options
  /// Of all gates that are multiplied with h(t-1).
  private var weights: PackedWeights
  /// Of the candidate, where it is multiplied with r ∘ h(t-1).
  private var candidate: PackedWeights
  private var transposed: PackedWeights

  /// Room for the packed weights; `trains` tells whether there will be backward passes.
  public init(_ options: Options, trains: Bool) {
    self.options = options
    let hidden = options.hidden
    weights = PackedWeights(gates: options.resetsBefore ? 2 : 3, units: hidden, depth: hidden)
    candidate = PackedWeights(units: options.resetsBefore ? hidden : 0, depth: hidden)
    transposed = PackedWeights(units: hidden, depth: trains ? 3 * hidden : 0)
  }

  /// Takes U `[3, hidden, hidden]`; to be called whenever it has changed.
  public mutating func pack(_ recurrent: Span<Float>) {
    let size = options.hidden * options.hidden
    requireCount(recurrent.count, 3 * size, "recurrent [3, hidden, hidden]")
    weights.pack(recurrent.extracting(0..<((options.resetsBefore ? 2 : 3) * size)))
    if options.resetsBefore { candidate.pack(recurrent.extracting((2 * size)..<(3 * size))) }
    if transposed.address != nil { transposed.packTransposed(recurrent) }
  }

  /// Computes gates and outputs of a window.
  ///
  /// - Parameters:
  ///   - steps: the number of steps, T.
  ///   - batch: the number of sequences, B.
  ///   - bias: b `[3, hidden]` of the recurrent part, or empty.
  ///   - gates: `[T, B, 3, hidden]`; on entry the input's part of the preactivations, on return the gate values.
  ///   - parts: `[T, B, hidden]`; receives `U_n h(t-1) + b_n`, or with the reset before `r ∘ h(t-1)`.
  ///   - outputs: `[slots, B, hidden]`; the initial slot is read, the others are written.
  public borrowing func forward(
    steps: Int, batch: Int, bias: Span<Float> = Span(), gates: inout MutableSpan<Float>,
    parts: inout MutableSpan<Float>, outputs: inout MutableSpan<Float>
  ) {
    requireSizes(steps, batch, names: "steps, batch")
    let (H, slots) = (options.hidden, steps + (options.runsBackward ? 2 : 1))
    if !bias.isEmpty { requireCount(bias.count, 3 * H, "bias [3, hidden]") }
    requireCapacity(gates.count, steps * batch * 3 * H, "gates [steps, batch, 3, hidden]")
    requireCapacity(parts.count, steps * batch * H, "parts [steps, batch, hidden]")
    requireCapacity(outputs.count, slots * batch * H, "outputs [slots, batch, hidden]")
    guard steps > 0, batch > 0, H > 0 else { return }
    // Safe: every buffer holds what its shape says, checked above, and the forward pass writes nothing else.
    var layer = unsafe layer(steps: steps, batch: batch)
    unsafe layer.bias = bias.address
    unsafe layer.gates = gates.address
    unsafe layer.parts = parts.address
    unsafe layer.outputs = outputs.address
    weights.level.run { unsafe kernels_gru_forward(&layer) }
  }

  /// Computes the gradients of a window from what `forward` left.
  ///
  /// The gradient of `U_z` and `U_r` is then the sum over the steps of their `gateGradients(t)ᵀ h(t-1)`. That of `U_n` is the
  /// sum of `partGradients(t)ᵀ h(t-1)` with the reset after, and of its `gateGradients(t)ᵀ parts(t)` with the reset before.
  ///
  /// - Parameters:
  ///   - steps: the number of steps, T.
  ///   - batch: the number of sequences, B.
  ///   - gates: `[T, B, 3, hidden]`, gate values.
  ///   - parts: `[T, B, hidden]`, as the forward pass left them.
  ///   - outputs: `[slots, B, hidden]`.
  ///   - outputGradients: `[slots, B, hidden]`; on entry what the layers above give for each step, on return the total
  ///     gradients. The initial slot receives the gradient there, if it is wanted.
  ///   - gateGradients: `[T, B, 3, hidden]`, receives the gradients at the input's part of the preactivations.
  ///   - partGradients: reset after: `[T, B, hidden]`, receives the gradients at `U_n h(t-1) + b_n`. Reset before:
  ///     `[B, hidden]`, memory to work in.
  ///   - reachesInitialState: whether the gradient at the initial outputs is wanted, which costs one more product.
  public borrowing func backward(
    steps: Int, batch: Int, gates: Span<Float>, parts: Span<Float>, outputs: Span<Float>,
    outputGradients: inout MutableSpan<Float>, gateGradients: inout MutableSpan<Float>,
    partGradients: inout MutableSpan<Float>, reachesInitialState: Bool
  ) {
    requireSizes(steps, batch, names: "steps, batch")
    let (H, slots) = (options.hidden, steps + (options.runsBackward ? 2 : 1))
    requireCapacity(gates.count, steps * batch * 3 * H, "gates [steps, batch, 3, hidden]")
    requireCapacity(parts.count, steps * batch * H, "parts [steps, batch, hidden]")
    requireCapacity(outputs.count, slots * batch * H, "outputs [slots, batch, hidden]")
    requireCapacity(outputGradients.count, slots * batch * H, "outputGradients [slots, batch, hidden]")
    requireCapacity(gateGradients.count, steps * batch * 3 * H, "gateGradients [steps, batch, 3, hidden]")
    requireCapacity(partGradients.count, (options.resetsBefore ? 1 : steps) * batch * H, "partGradients")
    guard steps > 0, batch > 0, H > 0 else { return }
    precondition(transposed.address != nil, "a layer made without training")
    // Safe: every buffer holds what its shape says, checked above; the kernel reads those that the pass only borrows.
    var layer = unsafe layer(steps: steps, batch: batch)
    unsafe layer.reaches_initial_state = reachesInitialState
    unsafe layer.gates = UnsafeMutablePointer(mutating: gates.address)
    unsafe layer.parts = UnsafeMutablePointer(mutating: parts.address)
    unsafe layer.outputs = UnsafeMutablePointer(mutating: outputs.address)
    unsafe layer.output_gradients = outputGradients.address
    unsafe layer.gate_gradients = gateGradients.address
    unsafe layer.part_gradients = partGradients.address
    weights.level.run { unsafe kernels_gru_backward(&layer) }
  }

  private borrowing func layer(steps: Int, batch: Int) -> kernels_gru {
    var layer = unsafe kernels_gru()
    unsafe layer.steps = steps
    unsafe layer.batch = batch
    unsafe layer.hidden = options.hidden
    unsafe layer.runs_backward = options.runsBackward
    unsafe layer.resets_before = options.resetsBefore
    unsafe layer.keeps_previous = options.keepsPrevious
    unsafe layer.recurrent = options.recurrent.code
    unsafe layer.candidate = options.candidate.code
    unsafe layer.weights = weights.address
    unsafe layer.candidate_weights = candidate.address
    unsafe layer.transposed = transposed.address
    return unsafe layer
  }
}
