import Kernels

extension Architecture {
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

  /// h(t) is the token's index times `scale`: a single unit.
  public struct Scalar: Hashable, Sendable, Codable {
    /// Unique among the layers.
    public var name: String
    /// The number of tokens.
    public var size: Int
    /// What the index is multiplied with, often 1 / size.
    public var scale: Double

    /// Makes a scalar input layer.
    public init(name: String, size: Int, scale: Double) {
      self.name = name
      self.size = size
      self.scale = scale
    }
  }

  /// In training, each element is zeroed with probability `rate` and the others are divided by 1 - rate.
  public struct Dropout: Hashable, Sendable {
    /// Unique among the layers.
    public var name: String
    /// The probability of zero, in 0 ..< 1.
    public var rate: Double
    /// Whether all steps of a window share a stream's mask (Gal & Ghahramani 2016: variational dropout).
    public var locked: Bool

    /// Makes a dropout layer.
    public init(name: String, rate: Double, locked: Bool = false) {
      self.name = name
      self.rate = rate
      self.locked = locked
    }
  }

  /// y = gain (x - mean) / sqrt(variance + epsilon) + bias, over the units of each step (Ba, Kiros & Hinton 2016).
  public struct LayerNorm: Hashable, Sendable {
    /// Unique among the layers.
    public var name: String
    /// The width of x(t) and of y(t).
    public var width: Int
    /// Added to the variance.
    public var epsilon: Double
    /// Whether there is a bias.
    public var bias: Bool

    /// Makes a layer normalisation; the default epsilon is that of PyTorch.
    public init(name: String, width: Int, epsilon: Double = 1e-5, bias: Bool = true) {
      self.name = name
      self.width = width
      self.epsilon = epsilon
      self.bias = bias
    }
  }

  /// h(t) = x(t - steps + 1), ..., x(t), one after another: a tapped delay line (Waibel et al. 1989); what was before the first step is zero.
  ///
  /// Its state is h, so that a stream goes on where it was left.
  public struct Delay: Hashable, Sendable {
    /// Unique among the layers.
    public var name: String
    /// The width of x(t).
    public var inputs: Int
    /// How many steps it holds, the present one included.
    public var steps: Int

    /// Makes a delay line.
    public init(name: String, inputs: Int, steps: Int) {
      self.name = name
      self.inputs = inputs
      self.steps = steps
    }

    /// The width of h(t); the largest number there is if it is none.
    public var outputs: Int {
      let (outputs, overflow) = inputs.multipliedReportingOverflow(by: steps)
      return overflow ? .max : outputs
    }
  }

  /// A sum or concatenation of what earlier layers give.
  public struct Connection: Hashable, Sendable, Codable {
    /// Unique among the layers.
    public var name: String
    /// The names of earlier layers, all different.
    public var of: [String]

    /// Makes a connection.
    public init(name: String, of: [String]) {
      self.name = name
      self.of = of
    }
  }

  /// h is what an earlier layer gives at the step that it reads last: the first one of a layer that reads backward.
  ///
  /// The layers after it have one step.
  public struct Final: Hashable, Sendable, Codable {
    /// Unique among the layers.
    public var name: String
    /// The name of the earlier layer.
    public var of: String

    /// Takes the last of a layer's steps.
    public init(name: String, of: String) {
      self.name = name
      self.of = of
    }
  }

  /// h = sum over t of a(t) x(t), where a = softmax over t of `weights` · x(t).
  ///
  /// The layers after it have one step.
  public struct Attention: Hashable, Sendable {
    /// Unique among the layers.
    public var name: String
    /// The width of x(t) and of h.
    public var width: Int

    /// Makes an attention layer.
    public init(name: String, width: Int) {
      self.name = name
      self.width = width
    }
  }

  /// h(t) = g(x(t)), unit by unit.
  public struct Activated: Hashable, Sendable, Codable {
    /// Unique among the layers.
    public var name: String
    /// g.
    public var activation: Activation

    /// Makes an activation layer.
    public init(name: String, activation: Activation) {
      self.name = name
      self.activation = activation
    }
  }

  /// h(t) = `weights` [output, input] x(t) + `bias` [output].
  public struct Linear: Hashable, Sendable {
    /// Unique among the layers.
    public var name: String
    /// The width of x(t).
    public var inputs: Int
    /// The width of h(t).
    public var outputs: Int
    /// Whether there is a bias.
    public var bias: Bool
    /// The embedding layer whose `weights` [token, output] are this layer's (Press & Wolf 2017: tied weights); nil for weights of its own.
    public var weightsOf: String?

    /// Makes a linear layer.
    public init(name: String, inputs: Int, outputs: Int, bias: Bool = true, weightsOf: String? = nil) {
      self.name = name
      self.inputs = inputs
      self.outputs = outputs
      self.bias = bias
      self.weightsOf = weightsOf
    }
  }
}
