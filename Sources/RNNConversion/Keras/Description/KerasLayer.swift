import Kernels

/// A layer of a Keras model: what it computes, without its numbers.
struct KerasLayer: Hashable, Sendable {
  /// The user's name, unique in its model.
  let name: String
  /// The class as the file has it, as in `CuDNNLSTM`.
  let className: String
  let kind: Kind
  /// The names of the layers whose outputs it takes.
  let sources: [String]
  /// Where Keras 3 keeps it: `layers/lstm_1`.
  let path: String
  /// The layer whose arrays are its own: itself, unless it stands for several.
  let keeper: String
  /// What it says that does not matter to a model that is done with training, or that this project has no name for.
  let remarks: [Remark]

  init(
    name: String, className: String, kind: Kind, sources: [String], path: String = "", keeper: String? = nil,
    remarks: [Remark] = []
  ) {
    self.name = name
    self.className = className
    self.kind = kind
    self.sources = sources
    self.path = path
    self.keeper = keeper ?? name
    self.remarks = remarks
  }

  /// What a layer computes.
  indirect enum Kind: Hashable, Sendable {
    /// What comes in: the axes behind the one of the batch, nil where any length will do.
    case input(shape: [Int?])
    case embedding(tokens: Int, width: Int)
    case recurrent(KerasRecurrent)
    case bidirectional(forward: KerasRecurrent, backward: KerasRecurrent, merge: Merge)
    /// An affine map of each step.
    case dense(units: Int, activation: KerasActivation, bias: Bool)
    case activation(KerasActivation)
    /// Zeroing in training; all steps share a mask or not.
    case dropout(rate: Double, locked: Bool)
    case concatenation
    case sum
    case layerNormalization(epsilon: Double, scale: Bool, center: Bool)
    /// textgenrnn's own, or made of others: score(t) = x(t) W, softmax over time, weighted sum.
    case attention
    /// A part of attention: the softmax over all steps.
    case shares
    /// A part of attention: the sum of the steps, each times its share.
    case weightedSum
    /// A part of attention: without the axis of length 1.
    case flattened
    /// The layer passes everything on once training is over.
    case identity
  }

  /// How the two directions become one output.
  enum Merge: String, Hashable, Sendable { case concatenation = "concat", sum, average = "ave", product = "mul" }

  /// What has to be said about a layer.
  enum Remark: Hashable, Sendable {
    /// Steps with token 0, or with a certain value, are skipped by Keras.
    case skipsSteps(String)
    /// An option of training that is left out.
    case training(String)
  }
}

/// A recurrent layer, or cells on top of each other in one.
struct KerasRecurrent: Hashable, Sendable {
  /// At least one, from the input on.
  let cells: [KerasCell]
  /// Whether every step's output goes on, or only the last one's.
  let returnsSequences: Bool
  let goesBackwards: Bool
  /// Whether the state is carried from one batch to the next.
  let isStateful: Bool
}

/// One recurrent cell.
struct KerasCell: Hashable, Sendable {
  /// Which formula.
  enum Kind: String, Hashable, Sendable { case lstm, gru, simple }

  let kind: Kind
  let units: Int
  /// Of the candidate and of the cell's output.
  let activation: KerasActivation
  /// Of the gates; of no meaning for ``Kind/simple``.
  let recurrentActivation: KerasActivation
  let hasBias: Bool
  /// Whether a GRU's reset gate acts after the recurrent product.
  let resetsAfter: Bool
  /// Whether the class is one of cuDNN, whose arrays are laid out otherwise.
  let isCuDNN: Bool
  /// Where Keras 3 keeps it within its layer: `cell`, or `cell/cells/lstm_cell_1`.
  let path: String
}

/// A function of units.
enum KerasActivation: Hashable, Sendable {
  /// One that takes each unit by itself.
  case function(Activation)
  /// The one that takes them together.
  case softmax
}

/// A model of Keras: its layers up to its one output, each behind those that it takes from.
struct KerasModel: Hashable, Sendable {
  let layers: [KerasLayer]
}
