import CKernels

/// An LSTM layer's recurrence over a window of time steps, forward and backward (Hochreiter and Schmidhuber 1997; forget
/// gate by Gers et al. 2000), on the ``ThreadTeam``.
///
/// The gate axis has the order input, forget, candidate, output. With z the input's part of the preactivations and U the
/// recurrent weights,
///
///     i = f(z_i + U_i h(t-1) + r_i + p_i c(t-1))
///     f = f(z_f + U_f h(t-1) + r_f + p_f c(t-1) + forgetBias)
///     g = a(z_g + U_g h(t-1) + r_g)
///     c(t) = clip(f c(t-1) + i g)
///     o = f(z_o + U_o h(t-1) + r_o + p_o c(t))
///     h(t) = o k(c(t)), or clip(P (o k(c(t)))) with a projection P
///
/// With coupled gates f = 1 - i, and the axis is input, candidate, output.
///
/// The weights are packed once for each change of theirs; a window allocates nothing. States lie in slots: slot t + 1 holds
/// the state after step t. The state before the first step lies in slot 0, or, for a layer that runs backward, in
/// slot `steps` + 1; so there are `steps` + 1 slots, or `steps` + 2. Buffers may be longer than the window asks for.
public struct LSTMSequence: ~Copyable {
  /// What kind of LSTM it is.
  public struct Options: Equatable, Sendable {
    /// The number of cells, C.
    public var cells: Int
    /// The width of h(t), where it is a projection; nil for C.
    public var projectedOutputs: Int?
    /// The activation of the gates.
    public var recurrent: Activation
    /// The activation of the candidate.
    public var candidate: Activation
    /// The activation of the cell on its way to the output.
    public var cellOutput: Activation
    /// A constant added to the forget gate's preactivation.
    public var forgetBias: Float
    /// Whether f = 1 - i.
    public var couplesGates: Bool
    /// The largest magnitude of c(t); infinite for none.
    public var cellClip: Float
    /// The largest magnitude of a projected h(t); infinite for none.
    public var projectionClip: Float
    /// Whether the last step comes first.
    public var runsBackward: Bool

    /// The usual LSTM, but for what is named.
    public init(
      cells: Int, projectedOutputs: Int? = nil, recurrent: Activation = .sigmoid, candidate: Activation = .tanh,
      cellOutput: Activation = .tanh, forgetBias: Float = 0, couplesGates: Bool = false, cellClip: Float = .infinity,
      projectionClip: Float = .infinity, runsBackward: Bool = false
    ) {
      self.cells = cells
      self.projectedOutputs = projectedOutputs
      self.recurrent = recurrent
      self.candidate = candidate
      self.cellOutput = cellOutput
      self.forgetBias = forgetBias
      self.couplesGates = couplesGates
      self.cellClip = cellClip
      self.projectionClip = projectionClip
      self.runsBackward = runsBackward
    }

    /// The length of the gate axis.
    public var gates: Int { couplesGates ? 3 : 4 }
    /// The width of h(t), O.
    public var outputs: Int { projectedOutputs ?? cells }
  }

  /// What kind of LSTM it is.
  public let options: Options
  private var weights: PackedWeights
  private var transposed: PackedWeights
  private var projection: PackedWeights
  private var transposedProjection: PackedWeights

  /// Room for the packed weights.
  ///
  /// - Parameters:
  ///   - options: what kind of LSTM it is.
  ///   - trains: whether there will be backward passes.
  public init(_ options: Options, trains: Bool) {
    self.options = options
    let (gates, cells, outputs) = (options.gates, options.cells, options.outputs)
    weights = PackedWeights(gates: gates, units: cells, depth: outputs)
    transposed = PackedWeights(units: outputs, depth: trains ? gates * cells : 0)
    let projected = options.projectedOutputs ?? 0
    projection = PackedWeights(units: projected, depth: cells)
    transposedProjection = PackedWeights(units: trains ? cells : 0, depth: projected)
  }

  /// Takes the weights; to be called whenever they have changed.
  ///
  /// - Parameters:
  ///   - recurrent: U `[gates, cells, outputs]`.
  ///   - projection: P `[outputs, cells]`; empty without a projection.
  public mutating func pack(_ recurrent: Span<Float>, projection: Span<Float> = Span()) {
    weights.pack(recurrent)
    if transposed.address != nil { transposed.packTransposed(recurrent) }
    self.projection.pack(projection)
    if transposedProjection.address != nil { transposedProjection.packTransposed(projection) }
  }

  /// Computes gates, cells and outputs of a window. B is the batch, C the cells, O the outputs.
  ///
  /// - Parameters:
  ///   - steps: the number of steps, T.
  ///   - batch: the number of sequences, B.
  ///   - bias: r `[gates, C]`, added to the preactivations, or empty.
  ///   - peepholes: p `[gates - 1, C]`, in the order of the gates without the candidate, or empty.
  ///   - gates: `[T, B, gates, C]`; on entry the input's part of the preactivations, on return the gate values.
  ///   - cells: `[slots, B, C]`; the initial slot is read, the others are written.
  ///   - activatedCells: `[T, B, C]`, receives k(c(t)).
  ///   - unprojected: `[T, B, C]`, receives what the projection is applied to; may be empty without one.
  ///   - outputs: `[slots, B, O]`; the initial slot is read, the others are written.
  public borrowing func forward(
    steps: Int, batch: Int, bias: Span<Float> = Span(), peepholes: Span<Float> = Span(),
    gates: inout MutableSpan<Float>, cells: inout MutableSpan<Float>, activatedCells: inout MutableSpan<Float>,
    unprojected: inout MutableSpan<Float>, outputs: inout MutableSpan<Float>
  ) {
    requireSizes(steps, batch, names: "steps, batch")
    let (C, O) = (options.cells, options.outputs)
    let slots = steps + (options.runsBackward ? 2 : 1)
    if !bias.isEmpty { requireCount(bias.count, options.gates * C, "bias [gates, cells]") }
    if !peepholes.isEmpty { requireCount(peepholes.count, (options.gates - 1) * C, "peepholes [gates - 1, cells]") }
    requireCapacity(gates.count, steps * batch * options.gates * C, "gates [steps, batch, gates, cells]")
    requireCapacity(cells.count, slots * batch * C, "cells [slots, batch, cells]")
    requireCapacity(activatedCells.count, steps * batch * C, "activatedCells [steps, batch, cells]")
    requireCapacity(outputs.count, slots * batch * O, "outputs [slots, batch, outputs]")
    if options.projectedOutputs != nil {
      requireCapacity(unprojected.count, steps * batch * C, "unprojected [steps, batch, cells]")
    }
    guard steps > 0, batch > 0, C > 0, O > 0 else { return }
    // Safe: every buffer holds what its shape says, checked above, and the forward pass writes nothing else.
    var layer = unsafe layer(steps: steps, batch: batch)
    unsafe layer.bias = bias.address
    unsafe layer.peepholes = peepholes.address
    unsafe layer.gates = gates.address
    unsafe layer.cell_states = cells.address
    unsafe layer.activated_cells = activatedCells.address
    unsafe layer.unprojected = unprojected.address
    unsafe layer.outputs = outputs.address
    weights.level.run { unsafe kernels_lstm_forward(&layer) }
  }

  /// Computes the gradients of a window from what `forward` left.
  ///
  /// The gradient of U is then the sum over the steps of `gateGradients(t)ᵀ h(t-1)`, that of P the sum of
  /// `outputGradients(t)ᵀ unprojected(t)`: products over all rows at once, left to the caller.
  ///
  /// - Parameters:
  ///   - steps: the number of steps, T.
  ///   - batch: the number of sequences, B.
  ///   - peepholes: as in the forward pass.
  ///   - gates: `[T, B, gates, C]`, gate values.
  ///   - cells: `[slots, B, C]`.
  ///   - activatedCells: `[T, B, C]`.
  ///   - outputs: `[slots, B, O]`.
  ///   - outputGradients: `[slots, B, O]`; on entry what the layers above give for each step; on return the total gradients,
  ///     zero where a projected output is clipped. The initial slot receives the gradient there, if it is wanted.
  ///   - cellGradient: `[B, C]`; on entry the gradient at the cells after the window (zero as a rule), on return at the
  ///     initial cells.
  ///   - gateGradients: `[T, B, gates, C]`, receives the gradients at the preactivations.
  ///   - unprojectedGradient: `[B, C]`, memory to work in; may be empty without a projection.
  ///   - peepholeGradients: `[gates - 1, C]`, the gradient is added; empty without peepholes.
  ///   - reachesInitialState: whether the gradient at the initial outputs is wanted, which costs one more product.
  public borrowing func backward(
    steps: Int, batch: Int, peepholes: Span<Float> = Span(), gates: Span<Float>, cells: Span<Float>,
    activatedCells: Span<Float>, outputs: Span<Float>, outputGradients: inout MutableSpan<Float>,
    cellGradient: inout MutableSpan<Float>, gateGradients: inout MutableSpan<Float>,
    unprojectedGradient: inout MutableSpan<Float>, peepholeGradients: inout MutableSpan<Float>,
    reachesInitialState: Bool
  ) {
    requireSizes(steps, batch, names: "steps, batch")
    let (C, O, rows) = (options.cells, options.outputs, steps * batch)
    let slots = steps + (options.runsBackward ? 2 : 1)
    if !peepholes.isEmpty {
      requireCount(peepholes.count, (options.gates - 1) * C, "peepholes [gates - 1, cells]")
      requireCount(peepholeGradients.count, peepholes.count, "peepholeGradients [gates - 1, cells]")
    }
    requireCapacity(gates.count, rows * options.gates * C, "gates [steps, batch, gates, cells]")
    requireCapacity(cells.count, slots * batch * C, "cells [slots, batch, cells]")
    requireCapacity(activatedCells.count, rows * C, "activatedCells [steps, batch, cells]")
    requireCapacity(outputs.count, slots * batch * O, "outputs [slots, batch, outputs]")
    requireCapacity(outputGradients.count, slots * batch * O, "outputGradients [slots, batch, outputs]")
    requireCapacity(cellGradient.count, batch * C, "cellGradient [batch, cells]")
    requireCapacity(gateGradients.count, rows * options.gates * C, "gateGradients [steps, batch, gates, cells]")
    if options.projectedOutputs != nil {
      requireCapacity(unprojectedGradient.count, batch * C, "unprojectedGradient [batch, cells]")
    }
    guard steps > 0, batch > 0, C > 0, O > 0 else { return }
    precondition(transposed.address != nil, "a layer made without training")
    // Safe: every buffer holds what its shape says, checked above; the kernel reads those that the pass only borrows.
    var layer = unsafe layer(steps: steps, batch: batch)
    unsafe layer.reaches_initial_state = reachesInitialState
    unsafe layer.peepholes = peepholes.address
    unsafe layer.gates = UnsafeMutablePointer(mutating: gates.address)
    unsafe layer.cell_states = UnsafeMutablePointer(mutating: cells.address)
    unsafe layer.activated_cells = UnsafeMutablePointer(mutating: activatedCells.address)
    unsafe layer.outputs = UnsafeMutablePointer(mutating: outputs.address)
    unsafe layer.output_gradients = outputGradients.address
    unsafe layer.cell_gradient = cellGradient.address
    unsafe layer.gate_gradients = gateGradients.address
    unsafe layer.unprojected_gradient = unprojectedGradient.address
    unsafe layer.peephole_gradients = peepholes.isEmpty ? nil : peepholeGradients.address
    weights.level.run { unsafe kernels_lstm_backward(&layer) }
  }

  private borrowing func layer(steps: Int, batch: Int) -> kernels_lstm {
    var layer = unsafe kernels_lstm()
    unsafe layer.steps = steps
    unsafe layer.batch = batch
    unsafe layer.cells = options.cells
    unsafe layer.outputs_width = options.outputs
    unsafe layer.runs_backward = options.runsBackward
    unsafe layer.coupled = options.couplesGates
    unsafe layer.recurrent = options.recurrent.code
    unsafe layer.candidate = options.candidate.code
    unsafe layer.cell_output = options.cellOutput.code
    unsafe layer.forget_bias = options.forgetBias
    unsafe layer.cell_clip = options.cellClip
    unsafe layer.projection_clip = options.projectionClip
    unsafe layer.weights = weights.address
    unsafe layer.transposed = transposed.address
    unsafe layer.projection = projection.address
    unsafe layer.projection_transposed = transposedProjection.address
    return unsafe layer
  }
}
