import CKernels

extension GRUStep {
  /// First half of a step with the reset before the recurrent product: the update and the reset gate.
  ///
  /// The caller then adds `resetOutputs U_n` to the candidate's preactivations and calls
  /// ``forwardCandidateResettingBefore(step:from:to:batch:gates:outputs:)``.
  ///
  /// - Parameters:
  ///   - step: which step of `gates` and `resetOutputs` this is.
  ///   - previous: the slot that holds h(t-1).
  ///   - batch: the number of sequences, B.
  ///   - gates: `[steps, batch, 3, hidden]`; the complete preactivations of z and r become gate values, the candidate's
  ///     part is left alone.
  ///   - outputs: `[slots, batch, hidden]`; reads h(t-1).
  ///   - resetOutputs: `[steps, batch, hidden]`; receives r ∘ h(t-1).
  public func forwardGatesResettingBefore(
    step: Int = 0, from previous: Int, batch: Int, gates: inout MutableSpan<Float>, outputs: Span<Float>,
    resetOutputs: inout MutableSpan<Float>
  ) {
    requireSizes(batch, hidden, names: "batch, hidden")
    let size = batch * hidden
    requireSlot(step, size: 3 * size, in: gates.count, "gates [steps, batch, 3, hidden]")
    requireSlot(previous, size: size, in: outputs.count, "outputs [slots, batch, hidden]")
    requireSlot(step, size: size, in: resetOutputs.count, "resetOutputs [steps, batch, hidden]")
    guard size > 0 else { return }
    // Safe: every slot handed to the kernel was checked against its buffer above.
    unsafe gates.withUnsafeMutableBufferPointer { gates in
      unsafe outputs.withUnsafeBufferPointer { outputs in
        unsafe resetOutputs.withUnsafeMutableBufferPointer { resetOutputs in
          unsafe kernels_gru_before_gates(
            settings, batch, hidden, gates.slot(step, 3 * size), outputs.slot(previous, size),
            resetOutputs.slot(step, size))
        }
      }
    }
  }

  /// Second half of a step with the reset before the recurrent product: candidate and output.
  ///
  /// - Parameters:
  ///   - step: which step of `gates` this is.
  ///   - previous: the slot that holds h(t-1).
  ///   - current: the slot that receives h(t); may equal `previous`.
  ///   - batch: the number of sequences, B.
  ///   - gates: `[steps, batch, 3, hidden]`; z is read, the candidate's complete preactivation becomes its value.
  ///   - outputs: `[slots, batch, hidden]`; reads h(t-1), receives h(t).
  public func forwardCandidateResettingBefore(
    step: Int = 0, from previous: Int, to current: Int, batch: Int, gates: inout MutableSpan<Float>,
    outputs: inout MutableSpan<Float>
  ) {
    requireSizes(batch, hidden, names: "batch, hidden")
    let size = batch * hidden
    requireSlot(step, size: 3 * size, in: gates.count, "gates [steps, batch, 3, hidden]")
    requireSlot(previous, size: size, in: outputs.count, "outputs [slots, batch, hidden]")
    requireSlot(current, size: size, in: outputs.count, "outputs [slots, batch, hidden]")
    guard size > 0 else { return }
    // Safe: every slot handed to the kernel was checked against its buffer above.
    unsafe gates.withUnsafeMutableBufferPointer { gates in
      unsafe outputs.withUnsafeMutableBufferPointer { outputs in
        unsafe kernels_gru_before_candidate(
          settings, batch, hidden, gates.slot(step, 3 * size), outputs.slot(previous, size),
          outputs.slot(current, size))
      }
    }
  }

  /// First half of the backward step with the reset before the recurrent product: candidate and update gate.
  ///
  /// The caller then computes the gradient at r ∘ h(t-1), which is the candidate's part of `gateGradients` times `U_n`,
  /// and calls ``backwardGatesResettingBefore(step:from:batch:gates:outputs:resetOutputGradient:outputGradients:gateGradients:)``.
  ///
  /// - Parameters:
  ///   - step: which step of `gates` and `gateGradients` this is.
  ///   - previous: the slot of h(t-1).
  ///   - current: the slot of h(t).
  ///   - batch: the number of sequences, B.
  ///   - gates: `[steps, batch, 3, hidden]`, gate values.
  ///   - outputs: `[slots, batch, hidden]`.
  ///   - outputGradients: `[slots, batch, hidden]`; slot `current` holds the total gradient at h(t); the direct path
  ///     from h(t) to h(t-1) is added to slot `previous`.
  ///   - gateGradients: `[steps, batch, 3, hidden]`; receives the gradients at the preactivations of z and of the
  ///     candidate; the reset gate's part is left alone.
  /// - Precondition: `previous` and `current` differ.
  public func backwardCandidateResettingBefore(
    step: Int = 0, from previous: Int, to current: Int, batch: Int, gates: Span<Float>, outputs: Span<Float>,
    outputGradients: inout MutableSpan<Float>, gateGradients: inout MutableSpan<Float>
  ) {
    requireSizes(batch, hidden, names: "batch, hidden")
    precondition(previous != current, "the backward pass needs two slots, not \(previous) twice")
    let size = batch * hidden
    requireSlot(step, size: 3 * size, in: gates.count, "gates [steps, batch, 3, hidden]")
    requireSlot(previous, size: size, in: outputs.count, "outputs [slots, batch, hidden]")
    requireSlot(previous, size: size, in: outputGradients.count, "outputGradients [slots, batch, hidden]")
    requireSlot(current, size: size, in: outputGradients.count, "outputGradients [slots, batch, hidden]")
    requireSlot(step, size: 3 * size, in: gateGradients.count, "gateGradients [steps, batch, 3, hidden]")
    guard size > 0 else { return }
    // Safe: every slot handed to the kernel was checked against its buffer above.
    unsafe gates.withUnsafeBufferPointer { gates in
      unsafe outputs.withUnsafeBufferPointer { outputs in
        unsafe outputGradients.withUnsafeMutableBufferPointer { outputGradients in
          unsafe gateGradients.withUnsafeMutableBufferPointer { gateGradients in
            unsafe kernels_gru_before_candidate_backward(
              settings, batch, hidden, gates.slot(step, 3 * size), outputs.slot(previous, size),
              outputGradients.slot(current, size), outputGradients.slot(previous, size),
              gateGradients.slot(step, 3 * size))
          }
        }
      }
    }
  }

  /// Second half of the backward step with the reset before the recurrent product: the reset gate.
  ///
  /// The caller then adds the z and r parts of `gateGradients` times `U_z` and `U_r` to slot `previous` of
  /// `outputGradients`.
  ///
  /// - Parameters:
  ///   - step: which step of `gates` and `gateGradients` this is.
  ///   - previous: the slot of h(t-1).
  ///   - batch: the number of sequences, B.
  ///   - gates: `[steps, batch, 3, hidden]`, gate values.
  ///   - outputs: `[slots, batch, hidden]`.
  ///   - resetOutputGradient: `[batch, hidden]`, the gradient at r ∘ h(t-1).
  ///   - outputGradients: `[slots, batch, hidden]`; `r ∘ resetOutputGradient` is added to slot `previous`.
  ///   - gateGradients: `[steps, batch, 3, hidden]`; receives the gradient at the reset gate's preactivation.
  public func backwardGatesResettingBefore(
    step: Int = 0, from previous: Int, batch: Int, gates: Span<Float>, outputs: Span<Float>,
    resetOutputGradient: Span<Float>, outputGradients: inout MutableSpan<Float>,
    gateGradients: inout MutableSpan<Float>
  ) {
    requireSizes(batch, hidden, names: "batch, hidden")
    let size = batch * hidden
    requireSlot(step, size: 3 * size, in: gates.count, "gates [steps, batch, 3, hidden]")
    requireSlot(previous, size: size, in: outputs.count, "outputs [slots, batch, hidden]")
    requireCount(resetOutputGradient.count, size, "resetOutputGradient [batch, hidden]")
    requireSlot(previous, size: size, in: outputGradients.count, "outputGradients [slots, batch, hidden]")
    requireSlot(step, size: 3 * size, in: gateGradients.count, "gateGradients [steps, batch, 3, hidden]")
    guard size > 0 else { return }
    // Safe: every slot handed to the kernel was checked against its buffer above.
    unsafe gates.withUnsafeBufferPointer { gates in
      unsafe outputs.withUnsafeBufferPointer { outputs in
        unsafe resetOutputGradient.withUnsafeBufferPointer { resetOutputGradient in
          unsafe outputGradients.withUnsafeMutableBufferPointer { outputGradients in
            unsafe gateGradients.withUnsafeMutableBufferPointer { gateGradients in
              unsafe kernels_gru_before_gates_backward(
                settings, batch, hidden, gates.slot(step, 3 * size), outputs.slot(previous, size),
                resetOutputGradient.baseAddress, outputGradients.slot(previous, size),
                gateGradients.slot(step, 3 * size))
            }
          }
        }
      }
    }
  }
}
