import RNNModel

/// What a value of a graph is, as far as it matters for a recurrent network.
enum ONNXMeaning: Sendable {
  /// The ids of tokens.
  case tokens(ONNXAxes)
  /// The ids of tokens as numbers, multiplied with a constant.
  case numbers(ONNXAxes, scale: Double)
  /// An input of numbers: the network's vectors, or the state that it starts from. Which one is shown by what takes it.
  case input(name: String, ONNXAxes)
  /// A state from outside, after the part of a layer has been cut out of it.
  case givenState
  /// What layers give.
  case flow(ONNXFlow)
  /// States that go out; nothing is computed from them.
  case lastState
  /// Parameters. `depth` counts the steps of the formula.
  case weights(TensorFormula, depth: Int)
  /// Small integers: shapes, axes, indices.
  case integers([ONNXLength?], isScalar: Bool)
  /// One number everywhere.
  case fill(Double)

  /// In a few words.
  var text: String {
    switch self {
    case .tokens, .numbers: "tokens"
    case .input(let name, _): "the input '\(name)'"
    case .givenState: "a state from outside"
    case .flow(let flow): "the output of \(flow.sources.joined(separator: " and "))"
    case .lastState: "a state"
    case .weights(let formula, _): "the parameters '\(formula)'"
    case .integers: "integers"
    case .fill: "a constant"
    }
  }
}

/// What one or two layers give, and how it lies.
struct ONNXFlow: Sendable {
  /// What has been done to it that may be the output's meaning.
  enum Head: Hashable, Sendable {
    case softmax
    case logSoftmax
    case sigmoid
    /// The attention that each step gets.
    case shares
    /// What is attended to, each step multiplied with its share.
    case weighted
    /// A part of a normalisation that is written out.
    case normalisation(ONNXNormalisation)
  }

  var axes: ONNXAxes
  /// The layer, or the forward and the backward one side by side.
  var sources: [String]
  /// The atoms of its units in their order: of two layers, first the direction.
  var features: [ONNXAtom]
  /// The number of units, of all sources together.
  var width: Int
  /// Whether it is what the layers give at the step that they read last.
  var isFinal = false
  var head: Head?
  /// The layer's revision that this is the output of.
  var revision = 0

  /// Whether the units are the last axis, in order.
  var hasFeaturesLast: Bool { axes.axes.last == features }

  /// The axes without that of the units.
  var outerAxes: [[ONNXAtom]] { Array(axes.axes.dropLast()) }
}
