/// How a gradient changes the parameters, with the hyper-parameters other than the learning rate.
///
/// Names and defaults are those of `torch.optim` (PyTorch 2), which cites the papers; where the papers differ, it is said.
/// Weight decay is a number of the plan: it is added to the gradient, except in ``adamW(beta1:beta2:epsilon:)``.
public enum Optimizer: Hashable, Sendable {
  /// Gradient descent with momentum (Polyak 1964; Sutskever et al. 2013) or Nesterov's (1983).
  case sgd(momentum: Double = 0, dampening: Double = 0, nesterov: Bool = false)
  /// Tieleman & Hinton 2012, who give alpha 0.9; centred: Graves 2013. Torch 7, and so char-rnn with alpha 0.95, computes
  /// the same.
  case rmsprop(alpha: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0, centred: Bool = false)
  /// Duchi, Hazan & Singer 2011.
  case adagrad(rateDecay: Double = 0, initialSum: Double = 0, epsilon: Double = 1e-10)
  /// Kingma & Ba 2015.
  case adam(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8)
  /// Loshchilov & Hutter 2019: the weight decay bypasses the moments.
  case adamW(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8)
  /// Gradient descent, and from its trigger on the mean of the parameters of all steps, which is then what is validated
  /// and kept (NT-ASGD: Merity, Keskar & Socher 2018, algorithm 1, who give 5).
  ///
  /// The trigger is the first validation whose loss is worse than the best of all but the last `nonMonotone` before it.
  case averagedSGD(nonMonotone: Int = 5)

  /// Gradient descent without momentum.
  public static var sgd: Self { .sgd() }
  /// RMSprop with the default constants.
  public static var rmsprop: Self { .rmsprop() }
  /// Adagrad with the default constants.
  public static var adagrad: Self { .adagrad() }
  /// Adam with the default constants.
  public static var adam: Self { .adam() }
  /// AdamW with the default constants.
  public static var adamW: Self { .adamW() }
  /// Averaged gradient descent with the default trigger.
  public static var averagedSGD: Self { .averagedSGD() }

  /// The name that command lines and files use.
  public var name: String {
    switch self {
    case .sgd: "sgd"
    case .rmsprop: "rmsprop"
    case .adagrad: "adagrad"
    case .adam: "adam"
    case .adamW: "adamw"
    case .averagedSGD: "averaged-sgd"
    }
  }

  /// All names, each with its optimizer of default constants.
  public static let named: [(name: String, optimizer: Optimizer)] = [
    .sgd(), .rmsprop(), .adagrad(), .adam(), .adamW(), .averagedSGD(),
  ].map { ($0.name, $0) }

  /// The optimizer of a name, with the default constants; nil if there is none.
  public init?(name: String) {
    guard let found = Self.named.first(where: { $0.name == name }) else { return nil }
    self = found.optimizer
  }

  /// The weight decay of PyTorch's defaults: 0.01 for AdamW, else none.
  public var defaultWeightDecay: Double {
    if case .adamW = self { 0.01 } else { 0 }
  }

  /// The learning rate that the papers or PyTorch give as the default.
  public var defaultLearningRate: Double {
    switch self {
    case .sgd, .averagedSGD: 1
    case .rmsprop, .adagrad: 0.01
    case .adam, .adamW: 0.001
    }
  }

  /// The arrays of one number for each parameter that the optimizer remembers from its first step on.
  var slotNames: [String] {
    switch self {
    case .sgd(let momentum, _, _): momentum > 0 ? ["momentum"] : []
    case .rmsprop(_, _, let momentum, let centred):
      ["square_average"] + (centred ? ["gradient_average"] : []) + (momentum > 0 ? ["momentum"] : [])
    case .adagrad: ["sum"]
    case .adam, .adamW: ["first_moment", "second_moment"]
    case .averagedSGD: []
    }
  }
}
