import RNNFormat
import RNNModel
import RNNText

/// The texts of a training, read once for the vocabulary and once for the tokens, in streams.
struct TrainingCorpus: TrainingMaterial {
  let texts: TrainingTexts
  let parts: TextParts

  var vocabulary: Vocabulary { texts.vocabulary }
  var hashes: TextHashes { texts.hashes }
  var notes: [String] { texts.notes }
  var unknownSymbols: JSONValue? { texts.unknownSymbols }
  var labels: Labels? { nil }
  var training: any WindowSource { parts.training }
  var validation: any WindowSource { parts.validation }
  var test: (any WindowSource)? { parts.test }
  var trainingCount: Int { parts.trainingCount }
  var validationCount: Int { parts.validationCount }

  /// Reads the texts of a recipe.
  ///
  /// - Parameters:
  ///   - recipe: which texts, and how they become tokens and streams.
  ///   - vocabulary: that of a training that is resumed; nil to collect it.
  ///   - isQuiet: whether to say nothing while it takes its time.
  init(_ recipe: Recipe, vocabulary: Vocabulary? = nil, isQuiet: Bool) throws {
    var plan = Corpus.Plan(recipe.text, vocabulary: vocabulary)
    (plan.batch, plan.length) = (recipe.plan.batch, recipe.plan.length)
    texts = try TrainingTexts(recipe.text, plan: plan, isQuiet: isQuiet)
    do {
      parts = try Corpus(texts.texts, plan: plan).parts
    } catch let failure as TextLayout.Failure {
      throw Failure("\(failure); \(Self.remedy(failure, recipe.text))", code: Failure.refused)
    }
  }

  /// What helps where a text is too short.
  private static func remedy(_ failure: TextLayout.Failure, _ text: Recipe.Text) -> String {
    switch failure.part {
    case nil, .training: "give more text, or a smaller --batch or --length"
    case .validation where text.validation != nil: "give a longer text to --validation"
    case .test where text.test != nil: "give a longer text to --test"
    case .validation, .test: "give more text, or hold out more of it with --validation-fraction"
    }
  }

  /// The corpus of the metadata.
  var metadata: JSONValue { texts.metadata(training: parts.trainingCount, validation: parts.validationCount) }
}
