import Foundation
import RNNFormat
import RNNModel
import RNNTraining

/// Everything that decides about a training: preset, flags and defaults put together. A checkpoint holds it, to go on with the same.
struct Recipe: Hashable, Codable {
  /// How texts become tokens and streams.
  struct Text: Hashable, Codable {
    /// The texts to learn, one after another.
    var files: [String]
    /// A text of its own for validation.
    var validation: String?
    /// A text of its own to score at the end.
    var test: String?
    var vocabulary = Vocabulary.Kind.characters
    var normalisation = Vocabulary.Normalisation.none
    var minimumCount: Int?
    var maximumSize: Int?
    /// Whether the symbols of validation and test have tokens too.
    var isClosed = false
    var layout = TextLayout.streams
    /// The part held out where there is no text for that.
    var validationFraction: Double?
  }

  var preset: String?
  var text: Text
  /// The model, if it is a stack of like layers.
  var model = Architecture.Stack()
  /// The layers as they were given in a file, for the number of tokens that it says.
  var architecture: Architecture?
  var initialisation = Initialisation()
  var plan = TrainingPlan()
  var seed: UInt64 = 1

  /// What a training of some texts is without flags.
  init(_ files: [String]) { text = Text(files: files) }

  /// What a preset says.
  init(_ files: [String], preset: Preset) {
    self.preset = preset.name
    text = Text(
      files: files, vocabulary: preset.text.vocabulary, normalisation: preset.text.normalisation,
      minimumCount: preset.text.minimumCount, isClosed: preset.text.isClosed, layout: preset.text.layout)
    model = preset.model
    initialisation = preset.initialisation
    plan = preset.plan
  }

  /// The layers for a number of tokens.
  func architecture(size: Int) throws -> Architecture {
    guard let architecture else {
      let made = Architecture(model, size: size)
      try made.check()
      return made
    }
    try architecture.check()
    guard architecture.isLanguageModel else {
      throw Failure(
        "the architecture is no model of texts: it needs tokens as input, a stream as context, and a softmax",
        code: Failure.refused)
    }
    guard architecture.size == size else {
      throw Failure(
        "the architecture is for \(architecture.size) tokens, but the vocabulary has \(size): change its sizes, or --vocabulary-size",
        code: Failure.refused)
    }
    return architecture
  }
}

extension JSONValue {
  /// What a value looks like as JSON.
  init(encoding value: some Encodable) throws {
    try self.init(parsing: Array(try JSONEncoder().encode(value)))
  }

  /// The value that this is the JSON of.
  func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(canonical.utf8))
  }
}
