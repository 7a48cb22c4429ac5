import Kernels

/// ONNX's names for the functions of units.
enum ONNXActivation {
  /// The function of that name; nil for one that is not known here, or with constants that make it another one.
  static func named(_ name: String, alpha: Float?, beta: Float?) -> Activation? {
    switch name.lowercased() {
    case "tanh": .tanh
    case "sigmoid": .sigmoid
    case "relu": .relu
    case "softsign": .softsign
    case "softplus": .softplus
    case "elu": alpha ?? 1 == 1 ? .elu : nil
    case "affine": alpha ?? 1 == 1 && beta ?? 0 == 0 ? .linear : nil
    case "hardsigmoid": beta ?? 0.5 == 0.5 ? hardSigmoid(slope: alpha ?? 0.2) : nil
    default: nil
    }
  }

  private static func hardSigmoid(slope: Float) -> Activation? {
    if slope == 0.2 { return .hardSigmoid }
    // Written as a decimal number, the sixth is not exact.
    return abs(slope - 1 / 6) < 1e-6 ? .hardSigmoidSixth : nil
  }

  /// How many constants a function takes: alpha, and beta.
  static func constants(of name: String) -> (alpha: Bool, beta: Bool) {
    switch name.lowercased() {
    case "affine", "hardsigmoid", "scaledtanh": (true, true)
    case "elu", "leakyrelu", "thresholdedrelu": (true, false)
    default: (false, false)
    }
  }

  /// The name and the constants of a function; nil for one that ONNX's recurrent operators do not have.
  static func description(of activation: Activation) -> (name: String, alpha: Float?, beta: Float?)? {
    switch activation {
    case .linear: ("Affine", 1, 0)
    case .tanh: ("Tanh", nil, nil)
    case .sigmoid: ("Sigmoid", nil, nil)
    case .hardSigmoid: ("HardSigmoid", 0.2, 0.5)
    case .hardSigmoidSixth: ("HardSigmoid", 1 / 6, 0.5)
    case .relu: ("Relu", nil, nil)
    case .softsign: ("Softsign", nil, nil)
    case .softplus: ("Softplus", nil, nil)
    case .elu: ("Elu", 1, nil)
    case .hardTanh: nil
    }
  }
}
