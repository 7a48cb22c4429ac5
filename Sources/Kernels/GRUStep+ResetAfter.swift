import CKernels

extension GRUStep {
  /// Computes gates and output of one step, reset after the recurrent product.
  ///
  /// - Parameters:
  ///   - step: which step of `gates` and `recurrentParts` this is.
  ///   - previous: the slot that holds h(t-1).
  ///   - current: the slot that receives h(t); may equal `previous`.
  ///   - batch: the number of sequences, B.
  ///   - gates: `[steps, batch, 3, hidden]`; on entry the input part of the preactivations with the input bias, on
  ///     return the gate values.
  ///   - recurrentParts: `[steps, batch, 3, hidden]`, `U h(t-1)` plus the recurrent bias; the backward pass needs it.
  ///   - outputs: `[slots, batch, hidden]`; reads h(t-1), receives h(t).
  public func forwardResettingAfter(
    step: Int = 0, from previous: Int, to current: Int, batch: Int, gates: inout MutableSpan<Float>,
    recurrentParts: Span<Float>, outputs: inout MutableSpan<Float>
  ) {
    requireSizes(batch, hidden, names: "batch, hidden")
    let size = batch * hidden
    requireSlot(step, size: 3 * size, in: gates.count, "gates [steps, batch, 3, hidden]")
    requireSlot(step, size: 3 * size, in: recurrentParts.count, "recurrentParts [steps, batch, 3, hidden]")
    requireSlot(previous, size: size, in: outputs.count, "outputs [slots, batch, hidden]")
    requireSlot(current, size: size, in: outputs.count, "outputs [slots, batch, hidden]")
    guard size > 0 else { return }
    // Safe: every slot handed to the kernel was checked against its buffer above.
    unsafe gates.withUnsafeMutableBufferPointer { gates in
      unsafe recurrentParts.withUnsafeBufferPointer { recurrentParts in
        unsafe outputs.withUnsafeMutableBufferPointer { outputs in
          unsafe kernels_gru_after_forward(
            settings, batch, hidden, gates.slot(step, 3 * size), recurrentParts.slot(step, 3 * size),
            outputs.slot(previous, size), outputs.slot(current, size))
        }
      }
    }
  }

  /// Computes the gradients of one step, reset after the recurrent product.
  ///
  /// The caller then adds `recurrentGradients U` to slot `previous` of `outputGradients`.
  ///
  /// - Parameters:
  ///   - step: which step of the step buffers this is.
  ///   - previous: the slot of h(t-1).
  ///   - current: the slot of h(t).
  ///   - batch: the number of sequences, B.
  ///   - gates: `[steps, batch, 3, hidden]`, gate values.
  ///   - recurrentParts: `[steps, batch, 3, hidden]`, as the forward pass was given them.
  ///   - outputs: `[slots, batch, hidden]`.
  ///   - outputGradients: `[slots, batch, hidden]`; slot `current` holds the total gradient at h(t); the direct path
  ///     from h(t) to h(t-1) is added to slot `previous`.
  ///   - inputGradients: `[steps, batch, 3, hidden]`; receives the gradients at the input part.
  ///   - recurrentGradients: `[steps, batch, 3, hidden]`; receives the gradients at the recurrent part.
  /// - Precondition: `previous` and `current` differ.
  public func backwardResettingAfter(
    step: Int = 0, from previous: Int, to current: Int, batch: Int, gates: Span<Float>, recurrentParts: Span<Float>,
    outputs: Span<Float>, outputGradients: inout MutableSpan<Float>, inputGradients: inout MutableSpan<Float>,
    recurrentGradients: inout MutableSpan<Float>
  ) {
    requireSizes(batch, hidden, names: "batch, hidden")
    precondition(previous != current, "the backward pass needs two slots, not \(previous) twice")
    let size = batch * hidden
    requireSlot(step, size: 3 * size, in: gates.count, "gates [steps, batch, 3, hidden]")
    requireSlot(step, size: 3 * size, in: recurrentParts.count, "recurrentParts [steps, batch, 3, hidden]")
    requireSlot(previous, size: size, in: outputs.count, "outputs [slots, batch, hidden]")
    requireSlot(previous, size: size, in: outputGradients.count, "outputGradients [slots, batch, hidden]")
    requireSlot(current, size: size, in: outputGradients.count, "outputGradients [slots, batch, hidden]")
    requireSlot(step, size: 3 * size, in: inputGradients.count, "inputGradients [steps, batch, 3, hidden]")
    requireSlot(step, size: 3 * size, in: recurrentGradients.count, "recurrentGradients [steps, batch, 3, hidden]")
    guard size > 0 else { return }
    // Safe: every slot handed to the kernel was checked against its buffer above.
    unsafe gates.withUnsafeBufferPointer { gates in
      unsafe recurrentParts.withUnsafeBufferPointer { recurrentParts in
        unsafe outputs.withUnsafeBufferPointer { outputs in
          unsafe outputGradients.withUnsafeMutableBufferPointer { outputGradients in
            unsafe inputGradients.withUnsafeMutableBufferPointer { inputGradients in
              unsafe recurrentGradients.withUnsafeMutableBufferPointer { recurrentGradients in
                unsafe kernels_gru_after_backward(
                  settings, batch, hidden, gates.slot(step, 3 * size), recurrentParts.slot(step, 3 * size),
                  outputs.slot(previous, size), outputGradients.slot(current, size),
                  outputGradients.slot(previous, size), inputGradients.slot(step, 3 * size),
                  recurrentGradients.slot(step, 3 * size))
              }
            }
          }
        }
      }
    }
  }
}
