import Kernels

extension Architecture {
  /// h(t) = (1 - a) h(t-1) + a g(W x(t) + b + U h(t-1) + r): Elman (1990), with leaky units where a < 1 (Jaeger 2001).
  public struct Elman: Hashable, Sendable {
    /// Unique among the layers.
    public var name: String
    /// The width of x(t).
    public var inputs: Int
    /// The number of hidden units.
    public var outputs: Int
    /// g.
    public var activation: Activation
    /// a, in 0 < a <= 1: how much of the unit is renewed at each step.
    public var leak: Double
    /// Whether there is b.
    public var bias: Bool
    /// Whether there is r, a second bias (frameworks with two biases keep both).
    public var recurrentBias: Bool
    /// The order of reading.
    public var direction: Direction
    /// h(0).
    public var initialState: InitialState

    /// The order of the gate axis.
    public static let gates = ["hidden"]

    /// Makes an Elman layer.
    public init(
      name: String, inputs: Int, outputs: Int, activation: Activation = .tanh, leak: Double = 1, bias: Bool = true,
      recurrentBias: Bool = false, direction: Direction = .forward, initialState: InitialState = .zero
    ) {
      self.name = name
      self.inputs = inputs
      self.outputs = outputs
      self.activation = activation
      self.leak = leak
      self.bias = bias
      self.recurrentBias = recurrentBias
      self.direction = direction
      self.initialState = initialState
    }
  }

  /// Long short-term memory with a forget gate (Gers, Schmidhuber & Cummins 2000), and the options that came later.
  ///
  /// With z_j = W_j x(t) + b_j + U_j h(t-1) + r_j for the gates input, forget, candidate, output, and peepholes p_j (zero if there are none):
  /// i = σ(z_i + p_i c(t-1)), f = σ(z_f + p_f c(t-1) + forgetBias), c(t) = clip(f c(t-1) + i g(z_c)),
  /// o = σ(z_o + p_o c(t)), h(t) = o k(c(t)), or the projection of that.
  public struct LSTM: Hashable, Sendable {
    /// h(t) = clip(P (o k(c(t)))): fewer outputs than cells (Sak, Senior & Beaufays 2014).
    public struct Projection: Hashable, Sendable {
      /// The number of cells.
      public var cells: Int
      /// The largest magnitude of h, if there is one.
      public var clip: Double?

      /// Makes a projection.
      public init(cells: Int, clip: Double? = nil) {
        self.cells = cells
        self.clip = clip
      }
    }

    /// Unique among the layers.
    public var name: String
    /// The width of x(t).
    public var inputs: Int
    /// The width of h(t): the number of cells, unless there is a projection.
    public var outputs: Int
    /// σ, of the gates.
    public var recurrentActivation: Activation
    /// g, of the candidate.
    public var activation: Activation
    /// k, of the cell on its way out.
    public var cellActivation: Activation
    /// A constant added to the forget gate's input at run time, not contained in the bias.
    public var forgetBias: Double
    /// Whether there is b.
    public var bias: Bool
    /// Whether there is r, a second bias.
    public var recurrentBias: Bool
    /// Whether the gates see the cells (Gers, Schraudolph & Schmidhuber 2002).
    public var peepholes: Bool
    /// Whether f = 1 - i, and there is no forget gate of its own (Greff et al. 2017).
    public var coupledGates: Bool
    /// The largest magnitude of a cell, if there is one.
    public var cellClip: Double?
    /// The projection, if there is one.
    public var projection: Projection?
    /// The order of reading.
    public var direction: Direction
    /// h(0) and c(0).
    public var initialState: InitialState

    /// The number of cells.
    public var cells: Int { projection?.cells ?? outputs }

    /// The order of the gate axis.
    public var gates: [String] { coupledGates ? Self.gates.filter { $0 != "forget" } : Self.gates }

    /// The order of the peepholes' gate axis.
    public var peepholeGates: [String] { gates.filter { $0 != "candidate" } }

    /// The order of the gate axis where no gates are coupled.
    public static let gates = ["input", "forget", "candidate", "output"]

    /// Makes an LSTM layer.
    public init(
      name: String, inputs: Int, outputs: Int, recurrentActivation: Activation = .sigmoid,
      activation: Activation = .tanh, cellActivation: Activation = .tanh, forgetBias: Double = 0, bias: Bool = true,
      recurrentBias: Bool = false, peepholes: Bool = false, coupledGates: Bool = false, cellClip: Double? = nil,
      projection: Projection? = nil, direction: Direction = .forward, initialState: InitialState = .zero
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
      self.peepholes = peepholes
      self.coupledGates = coupledGates
      self.cellClip = cellClip
      self.projection = projection
      self.direction = direction
      self.initialState = initialState
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
    /// The order of reading.
    public var direction: Direction
    /// h(0).
    public var initialState: InitialState

    /// The order of the gate axis.
    public static let gates = ["update", "reset", "candidate"]

    /// Makes a GRU layer; the defaults are the variant of cuDNN, PyTorch and Keras 3.
    public init(
      name: String, inputs: Int, outputs: Int, recurrentActivation: Activation = .sigmoid,
      activation: Activation = .tanh, reset: Reset = .after, updateKeeps: Update = .previous, bias: Bool = true,
      recurrentBias: Bool = true, direction: Direction = .forward, initialState: InitialState = .zero
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
      self.direction = direction
      self.initialState = initialState
    }
  }
}
