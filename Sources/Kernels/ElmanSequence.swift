import CKernels

/// A simple recurrent layer over a window of time steps (Elman 1990), forward and backward, on the ``ThreadTeam``:
///
///     y(t) = g(x(t) + U h(t-1) + r)
///     h(t) = (1 - leak) h(t-1) + leak y(t)
///
/// with x the input's part of the preactivations. A leak of 1 is the usual layer; below it are leaky units (Jaeger 2001).
/// Slots, packing and buffers are as in ``LSTMSequence``.
public struct ElmanSequence: ~Copyable {
  /// What kind of layer it is.
  public struct Options: Equatable, Sendable {
    /// The number of hidden units, H.
    public var hidden: Int
    /// g.
    public var activation: Activation
    /// How much of a unit is renewed at each step, above 0 and at most 1.
    public var leak: Float
    /// Whether the last step comes first.
    public var runsBackward: Bool

    /// The layer of Elman, but for what is named.
    public init(hidden: Int, activation: Activation = .tanh, leak: Float = 1, runsBackward: Bool = false) {
      self.hidden = hidden
      self.activation = activation
      self.leak = leak
      self.runsBackward = runsBackward
    }
  }

  /// What kind of layer it is.
  public let options: Options
  private var weights: PackedWeights
  private var transposed: PackedWeights

  /// Room for the packed weights; `trains` tells whether there will be backward passes.
  public init(_ options: Options, trains: Bool) {
    precondition(options.leak > 0 && options.leak <= 1, "a leak of \(options.leak)")
    self.options = options
    weights = PackedWeights(units: options.hidden, depth: options.hidden)
    transposed = PackedWeights(units: options.hidden, depth: trains ? options.hidden : 0)
  }

  /// Takes U `[hidden, hidden]`; to be called whenever it has changed.
  public mutating func pack(_ recurrent: Span<Float>) {
    weights.pack(recurrent)
    if transposed.address != nil { transposed.packTransposed(recurrent) }
  }

  /// Computes the outputs of a window.
  ///
  /// - Parameters:
  ///   - steps: the number of steps, T.
  ///   - batch: the number of sequences, B.
  ///   - bias: r `[hidden]`, or empty.
  ///   - values: `[T, B, hidden]`; on entry the input's part of the preactivations; on return y(t), if the leak is below 1,
  ///     and else of no use.
  ///   - outputs: `[slots, B, hidden]`; the initial slot is read, the others are written.
  public borrowing func forward(
    steps: Int, batch: Int, bias: Span<Float> = Span(), values: inout MutableSpan<Float>,
    outputs: inout MutableSpan<Float>
  ) {
    requireSizes(steps, batch, names: "steps, batch")
    let (H, slots) = (options.hidden, steps + (options.runsBackward ? 2 : 1))
    if !bias.isEmpty { requireCount(bias.count, H, "bias [hidden]") }
    requireCapacity(values.count, steps * batch * H, "values [steps, batch, hidden]")
    requireCapacity(outputs.count, slots * batch * H, "outputs [slots, batch, hidden]")
    guard steps > 0, batch > 0, H > 0 else { return }
    // Safe: every buffer holds what its shape says, checked above, and the forward pass writes nothing else.
    var layer = unsafe layer(steps: steps, batch: batch)
    unsafe layer.bias = bias.address
    unsafe layer.values = values.address
    unsafe layer.outputs = outputs.address
    weights.level.run { unsafe kernels_elman_forward(&layer) }
  }

  /// Computes the gradients of a window from what `forward` left.
  ///
  /// The gradient of U is then the sum over the steps of `gateGradients(t)ᵀ h(t-1)`.
  ///
  /// - Parameters:
  ///   - steps: the number of steps, T.
  ///   - batch: the number of sequences, B.
  ///   - values: `[T, B, hidden]`, as the forward pass left them; may be empty if the leak is 1.
  ///   - outputs: `[slots, B, hidden]`.
  ///   - outputGradients: `[slots, B, hidden]`; on entry what the layers above give for each step, on return the total
  ///     gradients. The initial slot receives the gradient there, if it is wanted.
  ///   - gateGradients: `[T, B, hidden]`, receives the gradients at the preactivations.
  ///   - reachesInitialState: whether the gradient at the initial outputs is wanted, which costs one more product.
  public borrowing func backward(
    steps: Int, batch: Int, values: Span<Float>, outputs: Span<Float>, outputGradients: inout MutableSpan<Float>,
    gateGradients: inout MutableSpan<Float>, reachesInitialState: Bool
  ) {
    requireSizes(steps, batch, names: "steps, batch")
    let (H, slots) = (options.hidden, steps + (options.runsBackward ? 2 : 1))
    if options.leak < 1 { requireCapacity(values.count, steps * batch * H, "values [steps, batch, hidden]") }
    requireCapacity(outputs.count, slots * batch * H, "outputs [slots, batch, hidden]")
    requireCapacity(outputGradients.count, slots * batch * H, "outputGradients [slots, batch, hidden]")
    requireCapacity(gateGradients.count, steps * batch * H, "gateGradients [steps, batch, hidden]")
    guard steps > 0, batch > 0, H > 0 else { return }
    precondition(transposed.address != nil, "a layer made without training")
    // Safe: every buffer holds what its shape says, checked above; the kernel reads those that the pass only borrows.
    var layer = unsafe layer(steps: steps, batch: batch)
    unsafe layer.reaches_initial_state = reachesInitialState
    unsafe layer.values = UnsafeMutablePointer(mutating: values.address)
    unsafe layer.outputs = UnsafeMutablePointer(mutating: outputs.address)
    unsafe layer.output_gradients = outputGradients.address
    unsafe layer.gate_gradients = gateGradients.address
    weights.level.run { unsafe kernels_elman_backward(&layer) }
  }

  private borrowing func layer(steps: Int, batch: Int) -> kernels_elman {
    var layer = unsafe kernels_elman()
    unsafe layer.steps = steps
    unsafe layer.batch = batch
    unsafe layer.hidden = options.hidden
    unsafe layer.runs_backward = options.runsBackward
    unsafe layer.activation = options.activation.code
    unsafe layer.leak = options.leak
    unsafe layer.weights = weights.address
    unsafe layer.transposed = transposed.address
    return unsafe layer
  }
}
