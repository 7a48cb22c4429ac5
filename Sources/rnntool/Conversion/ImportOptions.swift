import ArgumentParser
import Foundation
import Kernels
import RNNConversion
import RNNFormat
import RNNModel

/// What a file of another framework may not say about its model.
struct ImportOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How the model sees a text: stream, sequence, window:LENGTH or window:LENGTH:PADDING, the id of a token that fills windows in front.",
      valueName: "context"))
  var context: Architecture.Context?

  @Option(help: "What comes in at each step: tokens, or features, vectors of numbers.")
  var input: Architecture.Input?

  @Option(help: "What the last values mean: softmax, sigmoid or values.")
  var output: Architecture.Output?

  @Option(help: "The activation of recurrent units.")
  var activation: Activation?

  @Option(help: "The activation of gates.")
  var recurrentActivation: Activation?

  @Option(help: "What an LSTM adds to its forget gate at run time.")
  var forgetBias: Double?

  @Option(help: "Where a GRU's reset gate acts: after or before the recurrent product.")
  var reset: Architecture.GRU.Reset?

  @Option(help: "What a layer normalisation adds to the variance.")
  var layerNormEpsilon: Double?

  @Option(
    help: ArgumentHelp(
      """
      A JSON file with the framework's own description of the architecture: the configuration of Keras, options.json of ELMo. Of PyTorch's \
      parameters {"layers": [...]} with the modules in their order and the activations between them, as in {"layers": ["embedding", \
      {"name": "rnn", "activation": "relu"}, {"name": "norm", "epsilon": 1e-3}, "fc1", "relu", "fc2"]}; "linear" stands for no activation.
      """, valueName: "file"))
  var architecture: String?

  @Option(help: "A known architecture: textgenrnn.")
  var preset: String?

  @Option(
    help:
      "The tokens: a list or dictionary in JSON or as Python prints it, a tokenizer of Keras or Hugging Face, or one token a line."
  )
  var vocabulary: String?

  @Option(help: "What a symbol of the text is: bytes, characters, words, bpe.")
  var vocabularyKind: Vocabulary.Kind?

  @Option(help: "What splitting a text into words gives up: none, whitespace.")
  var vocabularyNormalisation: Vocabulary.Normalisation?

  @Option(help: "The token, counted from 0, that stands for symbols without one.")
  var vocabularyUnknown: Int?

  @Option(help: "Which id the model's first row has: 1 where 0 is no token.")
  var vocabularyFirstId: Int?

  @Option(
    parsing: .singleValue,
    help:
      "A tensor that may be left behind; one that ends in * stands for all that begin so. Can be given several times.")
  var ignore: [String] = []

  @Flag(help: "Read values also from the other files that an ONNX model names, where they lie in its own folder.")
  var externalData = false

  /// Whether nothing has been said.
  var isEmpty: Bool {
    context == nil && input == nil && output == nil && activation == nil && recurrentActivation == nil
      && forgetBias == nil && reset == nil && layerNormEpsilon == nil && architecture == nil && preset == nil
      && vocabulary == nil
      && vocabularyKind == nil && vocabularyNormalisation == nil && vocabularyUnknown == nil
      && vocabularyFirstId == nil && ignore.isEmpty && !externalData
  }

  /// That these options were given for a file that leaves nothing open.
  static func notNeeded(for path: String) -> Failure {
    Failure(
      "'\(path.printable)' says everything about its model itself: the options for other frameworks are not for it",
      code: 64)
  }

  /// What the user says.
  ///
  /// - Throws: `Failure` for a description that cannot be read, and a number that no model can have.
  func choices() throws -> ImportChoices {
    var choices = ImportChoices()
    if let layerNormEpsilon, !(layerNormEpsilon > 0 && layerNormEpsilon <= 1) {
      throw Failure("--layer-norm-epsilon has to be above 0 and at most 1", code: 64)
    }
    choices.context = context
    choices.input = input
    choices.output = output
    choices.activation = activation
    choices.recurrentActivation = recurrentActivation
    choices.forgetBias = forgetBias
    choices.reset = reset
    choices.layerNormEpsilon = layerNormEpsilon
    choices.preset = preset
    choices.ignored = ignore
    choices.followsOtherFiles = externalData
    choices.vocabularyFile = try vocabulary.map { try VocabularyFile(reading: $0) }
    choices.vocabularyChoices.kind = vocabularyKind
    choices.vocabularyChoices.normalisation = vocabularyNormalisation
    choices.vocabularyChoices.unknown = vocabularyUnknown
    choices.vocabularyChoices.firstID = vocabularyFirstId
    if let architecture {
      do {
        choices.architecture = try JSONValue(parsing: Array(try Input.texts([architecture])))
      } catch let error as JSONError {
        throw Failure("'\(architecture.printable)' is not JSON: \(error)", code: Failure.refused)
      }
    }
    return choices
  }
}

extension Architecture.Context: ExpressibleByArgument {
  /// Reads `stream`, `sequence`, `window:40` or `window:40:0`.
  public init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    switch (parts.first, parts.count) {
    case ("stream", 1): self = .stream
    case ("sequence", 1): self = .sequence
    case ("window", 2...3):
      guard let length = Int(parts[1]), length > 0 else { return nil }
      var padding: Int?
      if parts.count == 3 {
        guard let token = Int(parts[2]), token >= 0 else { return nil }
        padding = token
      }
      self = .window(length: length, padding: padding)
    default: return nil
    }
  }
}

extension Architecture.Input: ExpressibleByArgument {}
extension Architecture.Output: ExpressibleByArgument {}
