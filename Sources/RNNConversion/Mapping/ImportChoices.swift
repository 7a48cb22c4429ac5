import Kernels
import RNNFormat
import RNNModel

/// What the user says about a file that does not say it itself; nil for what has not been said.
public struct ImportChoices: Sendable {
  /// How the model sees a text.
  public var context: Architecture.Context?
  /// What comes in at each step.
  public var input: Architecture.Input?
  /// What the last layer's values mean.
  public var output: Architecture.Output?
  /// The activation of recurrent units: of Elman layers, and of the candidates of the others.
  public var activation: Activation?
  /// The activation of gates.
  public var recurrentActivation: Activation?
  /// What an LSTM adds to its forget gate's input at run time.
  public var forgetBias: Double?
  /// Where a GRU's reset gate acts.
  public var reset: Architecture.GRU.Reset?
  /// What a layer normalisation adds to the variance.
  public var layerNormEpsilon: Double?
  /// A description of the architecture from another file: the framework's own JSON.
  public var architecture: JSONValue?
  /// A named architecture that is known beforehand.
  public var preset: String?
  /// The tokens.
  public var vocabulary: Vocabulary?
  /// The tokens, from a file of another program; goes before ``vocabulary``.
  public var vocabularyFile: VocabularyFile?
  /// What that file does not say.
  public var vocabularyChoices = VocabularyChoices()
  /// Reads HDF5 files of strangers in place of this process; nil to read them here.
  public var quarantine: Quarantine?
  /// Names of arrays that may be left behind; one that ends in `*` stands for all that begin so.
  public var ignored: [String] = []

  /// Whether values may be read from other files that the file names, where these lie in its own folder.
  public var followsOtherFiles = false

  /// Says nothing.
  public init() {}

  /// Whether the user gives the tokens.
  var hasVocabulary: Bool { vocabulary != nil || vocabularyFile != nil }

  /// Whether an array may be left behind.
  func ignores(_ name: String) -> Bool {
    ignored.contains { $0.hasSuffix("*") ? name.hasPrefix($0.dropLast()) : name == $0 }
  }
}
