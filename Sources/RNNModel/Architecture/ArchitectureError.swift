/// Why an architecture cannot be computed.
public enum ArchitectureError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Two layers have the same name.
  case duplicateName(String)
  /// A layer's input is not as wide as what comes in.
  case widthMismatch(layer: String, expected: Int, found: Int)
  /// The first layer does not take tokens where there are some, or another one does.
  case misplacedInput(layer: String)
  /// A layer names one that is not there, or not before it.
  case unknownLayer(layer: String, name: String)
  /// A layer reads backward what never ends.
  case backwardInStream(layer: String)
  /// A layer makes one vector of the steps of what never ends, or of what has no steps any more.
  case misplacedPooling(layer: String)
  /// A layer takes what has one step together with what has many, or needs steps where there are none any more.
  case noSteps(layer: String)
  /// The network can be run, but not trained.
  case notTrainable(reason: String)
  /// The last layer is not linear, or has not as many outputs as there are tokens.
  case wrongOutput(layer: String, expected: Int?, found: Int?)
  /// Something else than the next token of a stream is predicted.
  case notLanguageModel
  /// The model is a table of n-grams.
  case notNetwork
  /// A table of n-grams is among other layers, or what comes in or goes out is not that of one.
  case misplacedNGram(layer: String)
  /// There is no layer, or a size or rate is out of range.
  case outOfRange(layer: String, what: String)
  /// The model would have more parameters than an address space holds.
  case tooLarge(layer: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .duplicateName(let name): "Two layers are named '\(name)'."
    case .widthMismatch(let layer, let expected, let found):
      "Layer '\(layer)' takes \(found) inputs, but \(expected) come in."
    case .misplacedInput(let layer):
      "Layer '\(layer)' is misplaced: the first layer, and only it, takes tokens (one_hot, embedding or scalar)."
    case .unknownLayer(let layer, let name):
      "Layer '\(layer)' refers to '\(name)', but no such layer is before it."
    case .backwardInStream(let layer):
      "Layer '\(layer)' reads backward, which needs a context of whole sequences."
    case .misplacedPooling(let layer):
      "Layer '\(layer)' makes one vector of all steps, which needs a context of windows or whole sequences, and can happen only once."
    case .noSteps(let layer):
      "Layer '\(layer)' takes what has many steps, but after a pooling layer there is only one."
    case .notTrainable(let reason): "The network can be run, but not trained: \(reason)."
    case .wrongOutput(let layer, let expected, let found):
      "The last layer, '\(layer)', has to be linear"
        + (expected.map { " with \($0) outputs, one for each token" } ?? "")
        + (found.map { ", but has \($0)." } ?? ".")
    case .notLanguageModel:
      "The model does not predict the next token of a text: it takes vectors, sees whole sequences, or gives independent bits or plain values."
    case .notNetwork: "The model is a table of n-grams, not a network."
    case .misplacedNGram(let layer):
      "Layer '\(layer)' is misplaced: a table of n-grams is the only layer, reads tokens as a stream, and it alone gives log_probabilities."
    case .outOfRange("", let what): "The network cannot be: \(what)."
    case .outOfRange(let layer, let what): "Layer '\(layer)': \(what)."
    case .tooLarge(let layer): "Layer '\(layer)' has more parameters than fit in memory."
    }
  }
}
