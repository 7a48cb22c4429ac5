import Foundation
import RNNFormat
import RNNModel
import RNNText
import RNNTraining

/// Everything that decides about a training: preset, flags and defaults put together. A stored training holds it, to go on with the same.
struct Recipe: Hashable {
  /// How texts become tokens and streams.
  struct Text: Hashable {
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
  /// The model, if it has a fixed window in the place of recurrent layers.
  var fixedWindow: Architecture.FixedWindow?
  /// What is labelled by the model, if it is no language model.
  var labelled: LabelledForm?
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

  /// All texts that are read.
  var inputs: [String] { text.files + [text.validation, text.test].compactMap(\.self) }

  /// What becomes of the width of the last recurrent layer, if the embedding decides about it and not what was asked for.
  var tyingNote: String? {
    guard model.tied, architecture == nil, fixedWindow == nil, model.layers > 1, let embedding = model.embedding,
      embedding != model.projection ?? model.hidden
    else { return nil }
    return "the last recurrent layer is \(Format.count(embedding)) wide, like the embedding that the output is tied to"
  }

  /// The layers for a number of tokens.
  ///
  /// - Parameter labels: the names of the outputs, if it is no language model.
  func architecture(size: Int, labels: Labels? = nil) throws -> Architecture {
    if let labelled, let labels {
      let made = Architecture(model, size: size, labels: labels.count, pools: labelled == .texts)
      try made.check()
      return made
    }
    guard let architecture else {
      let made = fixedWindow.map { Architecture($0, size: size) } ?? Architecture(model, size: size)
      try made.check()
      return made
    }
    try architecture.check()
    try architecture.requireLanguageModel()
    guard architecture.size == size else {
      throw Failure(
        "the architecture is for \(architecture.size) tokens, but the vocabulary has \(size): change its sizes, or --vocabulary-size",
        code: Failure.refused)
    }
    return architecture
  }
}

/// A recipe as JSON; what is absent is as usual, so that what came later does not spoil what was written before.
extension Recipe: Codable {
  private enum CodingKeys: String, CodingKey {
    case preset, text, model, labelled, architecture, initialisation, plan, seed
    case fixedWindow = "fixed_window"
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    preset = try values.decodeIfPresent(String.self, forKey: .preset)
    text = try values.decode(Text.self, forKey: .text)
    model = try values.decode(.model, else: model)
    fixedWindow = try values.decodeIfPresent(Architecture.FixedWindow.self, forKey: .fixedWindow)
    labelled = try values.decodeIfPresent(LabelledForm.self, forKey: .labelled)
    architecture = try values.decodeIfPresent(Architecture.self, forKey: .architecture)
    initialisation = try values.decode(.initialisation, else: initialisation)
    plan = try values.decode(TrainingPlan.self, forKey: .plan)
    seed = try values.decode(.seed, else: seed)
  }
}

extension Recipe.Text: Codable {
  private enum CodingKeys: String, CodingKey {
    case files, validation, test, vocabulary, normalisation, layout
    case minimumCount = "minimum_count"
    case maximumSize = "maximum_size"
    case isClosed = "closed_vocabulary"
    case validationFraction = "validation_fraction"
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    files = try values.decode([String].self, forKey: .files)
    validation = try values.decodeIfPresent(String.self, forKey: .validation)
    test = try values.decodeIfPresent(String.self, forKey: .test)
    vocabulary = try values.decode(.vocabulary, else: vocabulary)
    normalisation = try values.decode(.normalisation, else: normalisation)
    minimumCount = try values.decodeIfPresent(Int.self, forKey: .minimumCount)
    maximumSize = try values.decodeIfPresent(Int.self, forKey: .maximumSize)
    isClosed = try values.decode(.isClosed, else: isClosed)
    layout = try values.decode(.layout, else: layout)
    validationFraction = try values.decodeIfPresent(Double.self, forKey: .validationFraction)
  }
}
