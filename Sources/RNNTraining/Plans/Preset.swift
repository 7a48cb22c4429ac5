import RNNModel
import RNNText

/// A published experiment: the model, the text, the training, each number of it open to change.
public struct Preset: Hashable, Sendable {
  /// How the text becomes tokens and streams.
  public struct Text: Hashable, Sendable {
    /// What a token is.
    public var vocabulary: Vocabulary.Kind
    /// What splitting into words gives up.
    public var normalisation: Vocabulary.Normalisation
    /// Symbols that occur less often get no token.
    public var minimumCount: Int
    /// Whether the words of validation and test have tokens too.
    public var isClosed: Bool
    /// How the tokens are cut into streams, and what is held out.
    public var layout: TextLayout
  }

  /// What command lines call it.
  public let name: String
  /// Where it comes from and what it gave there, in one sentence.
  public let summary: String
  /// The model.
  public var model: Architecture.Stack
  /// The text.
  public var text: Text
  /// How the parameters are drawn.
  public var initialisation: Initialisation
  /// The training.
  public var plan: TrainingPlan

  /// All presets.
  public static let all: [Preset] = [charRNN, zarembaSmall, zarembaMedium, wordLanguageModel, awdLSTM]

  /// The preset of a name; nil if there is none.
  public static func named(_ name: String) -> Preset? { all.first { $0.name == name } }
}
