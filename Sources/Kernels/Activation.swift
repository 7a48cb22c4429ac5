import CKernels

/// A unit's activation function, named by its exact formula.
///
/// The raw values are the names used in model files. `derivative` formulas are written in terms of the output `y`,
/// which every one of these functions allows, so no preactivation has to be kept for the backward pass.
public enum Activation: String, CaseIterable, Codable, Sendable {
  /// `y = x`, `y' = 1`.
  case linear
  /// `y = tanh(x)`, `y' = 1 - y²`.
  case tanh
  /// `y = 1 / (1 + exp(-x))`, `y' = y (1 - y)`.
  case sigmoid
  /// `y = clip(0.2 x + 0.5, 0, 1)`, `y' = 0.2` for `0 < y < 1`, else 0. Slope 0.2, as in Keras 2 and Theano.
  case hardSigmoid = "hard_sigmoid"
  /// `y = clip(x / 6 + 0.5, 0, 1)`, `y' = 1/6` for `0 < y < 1`, else 0. Slope 1/6, as in PyTorch and Keras 3.
  case hardSigmoidSixth = "hard_sigmoid_sixth"
  /// `y = max(x, 0)`, `y' = 1` for `y > 0`, else 0.
  case relu
  /// `y = x / (1 + |x|)`, `y' = (1 - |y|)²`.
  case softsign
  /// `y = log(1 + exp(x))`, `y' = 1 - exp(-y)`.
  case softplus
  /// `y = x` for `x > 0`, else `exp(x) - 1` (alpha is 1); `y' = 1` for `y > 0`, else `y + 1`.
  case elu
  /// `y = clip(x, -1, 1)`, `y' = 1` for `-1 < y < 1`, else 0.
  case hardTanh = "hard_tanh"

  /// Replaces every `x` by `y(x)`.
  ///
  /// A NaN stays a NaN; infinities give the limits. Largest absolute error of `tanh` and `sigmoid`: 2e-7.
  public func apply(to values: inout MutableSpan<Float>) {
    // Safe: the kernel touches exactly the buffer's own elements.
    unsafe values.withUnsafeMutableBufferPointer { values in
      unsafe kernels_activate(code, values.baseAddress, values.count)
    }
  }

  /// Multiplies each gradient at an output by the derivative there: `gradients[i] *= y'(outputs[i])`.
  ///
  /// - Parameters:
  ///   - outputs: what `apply(to:)` gave, `[n]`.
  ///   - gradients: on entry the gradient at the outputs, on return at the preactivations, `[n]`.
  public func multiplyByDerivative(atOutputs outputs: Span<Float>, gradients: inout MutableSpan<Float>) {
    requireCount(outputs.count, gradients.count, "outputs")
    // Safe: both buffers hold the same number of elements, checked above.
    unsafe gradients.withUnsafeMutableBufferPointer { gradients in
      unsafe outputs.withUnsafeBufferPointer { outputs in
        unsafe kernels_multiply_by_derivative(code, outputs.baseAddress, gradients.baseAddress, outputs.count)
      }
    }
  }

  /// The kernels' code of this function.
  var code: kernels_activation {
    switch self {
    case .linear: KERNELS_LINEAR
    case .tanh: KERNELS_TANH
    case .sigmoid: KERNELS_SIGMOID
    case .hardSigmoid: KERNELS_HARD_SIGMOID
    case .hardSigmoidSixth: KERNELS_HARD_SIGMOID_SIXTH
    case .relu: KERNELS_RELU
    case .softsign: KERNELS_SOFTSIGN
    case .softplus: KERNELS_SOFTPLUS
    case .elu: KERNELS_ELU
    case .hardTanh: KERNELS_HARD_TANH
    }
  }
}
