import CKernels

/// One time step of an LSTM layer (Hochreiter and Schmidhuber 1997; forget gate by Gers et al. 2000), forward and
/// backward, without its matrix products.
///
/// The gate axis has the order input, forget, candidate, output. With `a` the preactivations,
///
///     i = f(a_i)   f = f(a_f + forgetBias)   g = c(a_g)   o = f(a_o)
///     c(t) = f c(t-1) + i g
///     h(t) = o k(c(t))
///
/// where `f` is `recurrent`, `c` is `candidate` and `k` is `cellOutput`.
///
/// Buffers hold whole sequences so that a caller need not slice them. `gates` and `activatedCells` are indexed by
/// `step`. `cells` and `outputs` are indexed by slot, one for each state: a forward layer over T steps has T + 1 slots
/// and goes from slot t to slot t + 1, a backward-running layer goes from slot t + 1 to slot t, and a caller that only
/// wants the newest state may use one slot as both.
public struct LSTMStep: Equatable, Sendable {
  /// The number of hidden units, H.
  public var hidden: Int
  /// The activation of the three gates.
  public var recurrent: Activation
  /// The activation of the candidate.
  public var candidate: Activation
  /// The activation of the cell on its way to the output.
  public var cellOutput: Activation
  /// A constant added to the forget gate's preactivation at run time.
  public var forgetBias: Float

  /// A step for `hidden` units.
  public init(
    hidden: Int, recurrent: Activation = .sigmoid, candidate: Activation = .tanh, cellOutput: Activation = .tanh,
    forgetBias: Float = 0
  ) {
    precondition(hidden >= 0, "hidden must not be negative: \(hidden)")
    self.hidden = hidden
    self.recurrent = recurrent
    self.candidate = candidate
    self.cellOutput = cellOutput
    self.forgetBias = forgetBias
  }

  /// Computes gates, cell and output of one step.
  ///
  /// - Parameters:
  ///   - step: which step of `gates` and `activatedCells` this is.
  ///   - previous: the slot that holds c(t-1).
  ///   - current: the slot that receives c(t) and h(t); may equal `previous`.
  ///   - batch: the number of sequences, B.
  ///   - gates: `[steps, batch, 4, hidden]`; the step's preactivations become its gate values.
  ///   - cells: `[slots, batch, hidden]`; reads c(t-1), receives c(t).
  ///   - activatedCells: `[steps, batch, hidden]`; receives k(c(t)), needed by the backward pass.
  ///   - outputs: `[slots, batch, hidden]`; receives h(t).
  public func forward(
    step: Int = 0, from previous: Int, to current: Int, batch: Int, gates: inout MutableSpan<Float>,
    cells: inout MutableSpan<Float>, activatedCells: inout MutableSpan<Float>, outputs: inout MutableSpan<Float>
  ) {
    requireSizes(batch, hidden, names: "batch, hidden")
    let size = batch * hidden
    requireSlot(step, size: 4 * size, in: gates.count, "gates [steps, batch, 4, hidden]")
    requireSlot(previous, size: size, in: cells.count, "cells [slots, batch, hidden]")
    requireSlot(current, size: size, in: cells.count, "cells [slots, batch, hidden]")
    requireSlot(step, size: size, in: activatedCells.count, "activatedCells [steps, batch, hidden]")
    requireSlot(current, size: size, in: outputs.count, "outputs [slots, batch, hidden]")
    guard size > 0 else { return }
    // Safe: every slot handed to the kernel was checked against its buffer above.
    unsafe gates.withUnsafeMutableBufferPointer { gates in
      unsafe cells.withUnsafeMutableBufferPointer { cells in
        unsafe activatedCells.withUnsafeMutableBufferPointer { activatedCells in
          unsafe outputs.withUnsafeMutableBufferPointer { outputs in
            unsafe kernels_lstm_forward(
              activations, forgetBias, batch, hidden, gates.slot(step, 4 * size), cells.slot(previous, size),
              cells.slot(current, size), activatedCells.slot(step, size), outputs.slot(current, size))
          }
        }
      }
    }
  }

  /// Computes the gradients of one step from what `forward` left.
  ///
  /// - Parameters:
  ///   - step: which step of `gates`, `activatedCells` and `gateGradients` this is.
  ///   - previous: the slot that holds c(t-1).
  ///   - current: the slot of `outputGradients` that holds the gradient at h(t).
  ///   - batch: the number of sequences, B.
  ///   - gates: `[steps, batch, 4, hidden]`, gate values.
  ///   - cells: `[slots, batch, hidden]`.
  ///   - activatedCells: `[steps, batch, hidden]`.
  ///   - outputGradients: `[slots, batch, hidden]`; slot `current` is the total gradient at h(t), from the layers above
  ///     and from the later step.
  ///   - cellGradient: `[batch, hidden]`; on entry the gradient that reaches c(t) from the later step (zero at the last
  ///     step), on return the gradient at c(t-1).
  ///   - gateGradients: `[steps, batch, 4, hidden]`; receives the gradients at the preactivations.
  public func backward(
    step: Int = 0, from previous: Int, to current: Int, batch: Int, gates: Span<Float>, cells: Span<Float>,
    activatedCells: Span<Float>, outputGradients: Span<Float>, cellGradient: inout MutableSpan<Float>,
    gateGradients: inout MutableSpan<Float>
  ) {
    requireSizes(batch, hidden, names: "batch, hidden")
    let size = batch * hidden
    requireSlot(step, size: 4 * size, in: gates.count, "gates [steps, batch, 4, hidden]")
    requireSlot(previous, size: size, in: cells.count, "cells [slots, batch, hidden]")
    requireSlot(step, size: size, in: activatedCells.count, "activatedCells [steps, batch, hidden]")
    requireSlot(current, size: size, in: outputGradients.count, "outputGradients [slots, batch, hidden]")
    requireCount(cellGradient.count, size, "cellGradient [batch, hidden]")
    requireSlot(step, size: 4 * size, in: gateGradients.count, "gateGradients [steps, batch, 4, hidden]")
    guard size > 0 else { return }
    // Safe: every slot handed to the kernel was checked against its buffer above.
    unsafe gates.withUnsafeBufferPointer { gates in
      unsafe cells.withUnsafeBufferPointer { cells in
        unsafe activatedCells.withUnsafeBufferPointer { activatedCells in
          unsafe outputGradients.withUnsafeBufferPointer { outputGradients in
            unsafe cellGradient.withUnsafeMutableBufferPointer { cellGradient in
              unsafe gateGradients.withUnsafeMutableBufferPointer { gateGradients in
                unsafe kernels_lstm_backward(
                  activations, batch, hidden, gates.slot(step, 4 * size), cells.slot(previous, size),
                  activatedCells.slot(step, size), outputGradients.slot(current, size), cellGradient.baseAddress,
                  gateGradients.slot(step, 4 * size))
              }
            }
          }
        }
      }
    }
  }

  private var activations: kernels_lstm_activations {
    kernels_lstm_activations(
      recurrent: recurrent.code, candidate: candidate.code, cell_output: cellOutput.code)
  }
}
