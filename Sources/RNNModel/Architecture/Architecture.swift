import Kernels

/// What a recurrent language model computes, without its numbers: the layers from token to next-token
/// probabilities, each with its full semantics.
///
/// `docs/FORMAT.md`, section 4, gives the formula of every layer; the JSON that ``Codable`` reads and writes is the
/// one of that section, every key written out.
public struct Architecture: Hashable, Sendable {
  /// The number of tokens, both at the input and at the output.
  public var size: Int

  /// The layers in the order of computation; each takes the output of the one before it.
  public var layers: [Layer]

  /// Makes an architecture that sees a text as one stream and ends in a softmax.
  ///
  /// - Parameters:
  ///   - size: the number of tokens.
  ///   - layers: from a ``Layer/oneHot(_:)`` or ``Layer/embedding(_:)`` to a ``Layer/linear(_:)``.
  public init(size: Int, layers: [Layer]) {
    self.size = size
    self.layers = layers
  }
}

extension Architecture {
  /// One layer of a network.
  public enum Layer: Hashable, Sendable {
    /// A token as a vector with a single 1.
    case oneHot(OneHot)
    /// A token as a row of a trained matrix.
    case embedding(Embedding)
    /// A simple recurrent layer.
    case elman(Elman)
    /// A layer of long short-term memory cells.
    case lstm(LSTM)
    /// A layer of gated recurrent units.
    case gru(GRU)
    /// Random zeroing during training.
    case dropout(Dropout)
    /// An affine map.
    case linear(Linear)
  }

  /// h(t) is 1 at the token's index and 0 elsewhere.
  public struct OneHot: Hashable, Sendable, Codable {
    /// Unique among the layers.
    public var name: String
    /// The number of tokens and of outputs.
    public var size: Int

    /// Makes a one-hot input layer.
    public init(name: String, size: Int) {
      self.name = name
      self.size = size
    }
  }

  /// h(t) is the token's row of `weights` [token, output].
  public struct Embedding: Hashable, Sendable, Codable {
    /// Unique among the layers.
    public var name: String
    /// The number of tokens.
    public var inputs: Int
    /// The width of a row.
    public var outputs: Int

    /// Makes an embedding layer.
    public init(name: String, inputs: Int, outputs: Int) {
      self.name = name
      self.inputs = inputs
      self.outputs = outputs
    }
  }

  /// h(t) = g(W x(t) + b + U h(t-1) + r), after Elman (1990).
  public struct Elman: Hashable, Sendable {
    /// Unique among the layers.
    public var name: String
    /// The width of x(t).
    public var inputs: Int
    /// The number of hidden units.
    public var outputs: Int
    /// g.
    public var activation: Activation
    /// Whether there is b.
    public var bias: Bool
    /// Whether there is r, a second bias (frameworks with two biases keep both).
    public var recurrentBias: Bool

    /// Makes an Elman layer.
    public init(
      name: String, inputs: Int, outputs: Int, activation: Activation = .tanh, bias: Bool = true,
      recurrentBias: Bool = false
    ) {
      self.name = name
      self.inputs = inputs
      self.outputs = outputs
      self.activation = activation
      self.bias = bias
      self.recurrentBias = recurrentBias
    }
  }

  /// Long short-term memory with a forget gate, without peepholes (Gers, Schmidhuber & Cummins 2000).
  ///
  /// With z_j = W_j x(t) + b_j + U_j h(t-1) + r_j for the gates input, forget, candidate, output:
  /// c(t) = σ(z_forget + forgetBias) c(t-1) + σ(z_input) g(z_candidate), h(t) = σ(z_output) k(c(t)).
  public struct LSTM: Hashable, Sendable {
    /// Unique among the layers.
    public var name: String
    /// The width of x(t).
    public var inputs: Int
    /// The number of hidden units.
    public var outputs: Int
    /// σ, of the three gates.
    public var recurrentActivation: Activation
    /// g, of the candidate.
    public var activation: Activation
    /// k, of the cell on its way out.
    public var cellActivation: Activation
    /// A constant added to the forget gate's input at run time, not contained in the bias.
    public var forgetBias: Double
    /// Whether there is b.
    public var bias: Bool
    /// Whether there is r.
    public var recurrentBias: Bool

    /// The order of the gate axis.
    public static let gates = ["input", "forget", "candidate", "output"]

    /// Makes an LSTM layer.
    public init(
      name: String, inputs: Int, outputs: Int, recurrentActivation: Activation = .sigmoid,
      activation: Activation = .tanh, cellActivation: Activation = .tanh, forgetBias: Double = 0, bias: Bool = true,
      recurrentBias: Bool = false
    ) {
      self.name = name
      self.inputs = inputs
      self.outputs = outputs
      self.recurrentActivation = recurrentActivation
      self.activation = activation
      self.cellActivation = cellActivation
      self.forgetBias = forgetBias
      self.bias = bias
      self.recurrentBias = recurrentBias
    }
  }

  /// Gated recurrent units (Cho et al. 2014), in all four variants that programs use.
  public struct GRU: Hashable, Sendable {
    /// Where the reset gate acts.
    public enum Reset: String, Hashable, Sendable, Codable, CaseIterable {
      /// After the recurrent product: n = g(W x + b + q (U h + r)).
      case after
      /// Before it: n = g(W x + b + U (q h) + r).
      case before
    }

    /// What an update gate of 1 keeps.
    public enum Update: String, Hashable, Sendable, Codable, CaseIterable {
      /// h(t) = z h(t-1) + (1 - z) n.
      case previous
      /// h(t) = (1 - z) h(t-1) + z n.
      case candidate
    }

    /// Unique among the layers.
    public var name: String
    /// The width of x(t).
    public var inputs: Int
    /// The number of hidden units.
    public var outputs: Int
    /// σ, of the update and reset gates.
    public var recurrentActivation: Activation
    /// g, of the candidate.
    public var activation: Activation
    /// Where the reset gate acts.
    public var reset: Reset
    /// Which side the update gate keeps.
    public var updateKeeps: Update
    /// Whether there is b.
    public var bias: Bool
    /// Whether there is r.
    public var recurrentBias: Bool

    /// The order of the gate axis.
    public static let gates = ["update", "reset", "candidate"]

    /// Makes a GRU layer; the defaults are the variant of cuDNN, PyTorch and Keras 3.
    public init(
      name: String, inputs: Int, outputs: Int, recurrentActivation: Activation = .sigmoid,
      activation: Activation = .tanh, reset: Reset = .after, updateKeeps: Update = .previous, bias: Bool = true,
      recurrentBias: Bool = true
    ) {
      self.name = name
      self.inputs = inputs
      self.outputs = outputs
      self.recurrentActivation = recurrentActivation
      self.activation = activation
      self.reset = reset
      self.updateKeeps = updateKeeps
      self.bias = bias
      self.recurrentBias = recurrentBias
    }
  }

  /// In training, each element is zeroed with probability `rate` and the others are divided by 1 - rate.
  public struct Dropout: Hashable, Sendable, Codable {
    /// Unique among the layers.
    public var name: String
    /// The probability of zero, in 0 ..< 1.
    public var rate: Double

    /// Makes a dropout layer.
    public init(name: String, rate: Double) {
      self.name = name
      self.rate = rate
    }
  }

  /// h(t) = `weights` [output, input] x(t) + `bias` [output].
  public struct Linear: Hashable, Sendable, Codable {
    /// Unique among the layers.
    public var name: String
    /// The width of x(t).
    public var inputs: Int
    /// The width of h(t).
    public var outputs: Int
    /// Whether there is a bias.
    public var bias: Bool

    /// Makes a linear layer.
    public init(name: String, inputs: Int, outputs: Int, bias: Bool = true) {
      self.name = name
      self.inputs = inputs
      self.outputs = outputs
      self.bias = bias
    }
  }
}

extension Architecture.Layer {
  /// The layer's name.
  public var name: String {
    switch self {
    case .oneHot(let layer): layer.name
    case .embedding(let layer): layer.name
    case .elman(let layer): layer.name
    case .lstm(let layer): layer.name
    case .gru(let layer): layer.name
    case .dropout(let layer): layer.name
    case .linear(let layer): layer.name
    }
  }

  /// The `kind` of the layer's JSON.
  public var kind: String {
    switch self {
    case .oneHot: "one_hot"
    case .embedding: "embedding"
    case .elman: "elman"
    case .lstm: "lstm"
    case .gru: "gru"
    case .dropout: "dropout"
    case .linear: "linear"
    }
  }

  /// The width of the layer's input (a number of tokens for the first layer); nil where any width passes through.
  public var inputs: Int? {
    switch self {
    case .oneHot(let layer): layer.size
    case .embedding(let layer): layer.inputs
    case .elman(let layer): layer.inputs
    case .lstm(let layer): layer.inputs
    case .gru(let layer): layer.inputs
    case .dropout: nil
    case .linear(let layer): layer.inputs
    }
  }

  /// The width of the layer's output; nil where any width passes through.
  public var outputs: Int? {
    switch self {
    case .oneHot(let layer): layer.size
    case .embedding(let layer): layer.outputs
    case .elman(let layer): layer.outputs
    case .lstm(let layer): layer.outputs
    case .gru(let layer): layer.outputs
    case .dropout: nil
    case .linear(let layer): layer.outputs
    }
  }

  /// Whether the layer takes tokens.
  public var takesTokens: Bool {
    switch self {
    case .oneHot, .embedding: true
    case .elman, .lstm, .gru, .dropout, .linear: false
    }
  }
}
