import Kernels
import RNNFormat

/// A module with parameters, as far as the names and shapes of its parameters say what it is.
struct TorchPart: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    /// An embedding or an affine map.
    case matrix(weight: String, bias: String?, rows: Int, columns: Int, mayEmbed: Bool, mayMap: Bool)
    /// An affine map whose weights are the embedding's and are kept only there.
    case bias(String, width: Int)
    case norm(weight: String, bias: String?, width: Int, epsilon: Double?)
    case recurrent(TorchRecurrent, nonlinearity: Activation?, dropout: Double)
  }

  /// The module's path.
  let path: String
  private(set) var kind: Kind
  /// What stands between this module and the next one, where the file says it.
  var followers: [TorchFollower] = []

  /// The module with what its parameters do not say: `epsilon` of a norm, `activation` of an `nn.RNN`.
  func with(_ options: JSONValue) -> TorchPart {
    var part = self
    switch kind {
    case .norm(let weight, let bias, let width, let epsilon):
      part.kind = .norm(weight: weight, bias: bias, width: width, epsilon: options["epsilon"]?.number ?? epsilon)
    case .recurrent(let parameters, let nonlinearity, let dropout):
      let given = options["activation"]?.string.flatMap(Activation.init(rawValue:))
      part.kind = .recurrent(parameters, nonlinearity: given ?? nonlinearity, dropout: dropout)
    case .matrix, .bias: break
    }
    return part
  }

  /// What makes two modules alike: nothing but the order of the file can tell which comes first.
  var signature: String {
    switch kind {
    case .matrix(_, let bias, let rows, let columns, _, _): "matrix \(rows) \(columns) \(bias != nil)"
    case .bias(_, let width): "bias \(width)"
    case .norm(_, let bias, let width, _): "norm \(width) \(bias != nil)"
    case .recurrent(let parameters, _, _):
      "\(parameters.kind) \(parameters.inputs) \(parameters.width) \(parameters.layers.count)"
    }
  }
}

/// A module without parameters.
enum TorchFollower: Hashable, Sendable {
  case activation(Activation)
  case dropout(Double)
  /// A softmax, or its logarithm.
  case softmax
  /// What changes nothing.
  case identity
  /// What is not known.
  case unknown(PickleName)

  /// What a class of PyTorch without parameters computes.
  init(_ object: PickleObject) {
    switch object.type.name {
    case "ReLU": self = .activation(.relu)
    case "Tanh": self = .activation(.tanh)
    case "Sigmoid": self = .activation(.sigmoid)
    case "Hardsigmoid": self = .activation(.hardSigmoidSixth)
    case "Softsign": self = .activation(.softsign)
    case "Softplus" where object.number("beta") ?? 1 == 1 && object.number("threshold") ?? 20 >= 20:
      self = .activation(.softplus)
    case "ELU" where object.number("alpha") ?? 1 == 1: self = .activation(.elu)
    case "Hardtanh" where object.number("min_val") ?? -1 == -1 && object.number("max_val") ?? 1 == 1:
      self = .activation(.hardTanh)
    case "Dropout": self = .dropout(object.number("p") ?? 0.5)
    case "Softmax", "LogSoftmax": self = .softmax
    case "Identity", "CrossEntropyLoss", "NLLLoss", "BCEWithLogitsLoss", "MSELoss", "BCELoss": self = .identity
    default: self = .unknown(object.type)
    }
  }
}

extension PickleObject {
  /// An attribute that is a number.
  func number(_ name: String) -> Double? {
    switch attributes?[name] {
    case .real(let value): value
    case .integer(let value): Double(value)
    default: nil
    }
  }

  /// Whether this is one of PyTorch's own modules.
  var isTorchModule: Bool { type.module.hasPrefix("torch.nn.modules.") }
}
