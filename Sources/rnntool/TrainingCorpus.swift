import RNNModel

/// The tokens of a training: those to learn and those held out.
struct TrainingCorpus {
  let vocabulary: Vocabulary
  let training: [Int32]
  let validation: [Int32]
  /// How many symbols of a separate validation text have no token of their own.
  let validationUnknown: Int

  init(_ bytes: [UInt8], _ options: TrainCommand.TextOptions) throws {
    let isBytes = options.vocabulary == .bytes
    vocabulary = try Vocabulary(
      kind: options.vocabulary, normalisation: options.normalisation ?? .none, text: bytes,
      minimumCount: options.minimumCount ?? (isBytes ? 0 : 1), maximumSize: options.vocabularySize)
    let tokens = try vocabulary.encode(bytes, unknown: .skip).tokens
    if let path = options.validation {
      let encoding = try vocabulary.encode(try Input.texts([path]), unknown: .skip)
      training = tokens
      validation = encoding.tokens
      validationUnknown = encoding.unknownCount
    } else {
      let held = Int(Double(tokens.count) * (options.validationFraction ?? 0.05))
      training = Array(tokens.dropLast(held))
      validation = Array(tokens.suffix(held))
      validationUnknown = 0
    }
  }
}
