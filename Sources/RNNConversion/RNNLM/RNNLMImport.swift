import RNNFormat
import RNNModel

/// Reads the models of the RNNLM toolkit: an Elman network between words (Mikolov et al. 2010, "Recurrent neural network based language model").
///
/// h(t) = sigmoid(W x(t) + U h(t-1)) without biases; at most one more layer of sigmoids before the softmax. Where words belong to several classes, the
/// probability is a product of two softmaxes, which the architecture does not have.
enum RNNLMImport: ModelImport {
  static func read(_ path: String, choices: ImportChoices) throws -> ImportedModel {
    let file = try RNNLMFile(opening: path)
    let header = file.header
    try refuseInexpressible(file, choices)
    var assembly = ModelAssembly(of: file, choices: choices)
    let (size, hidden) = (header.words.count, header.hidden)
    do throws(TensorFormulaError) {
      assembly.add(.oneHot(.init(name: "words", size: size)))
      try addRecurrent(&assembly, file, size: size)
      var (width, last) = (hidden, RNNLMFile.Name.output)
      if header.compression > 0 {
        let weights = try array(RNNLMFile.Name.compression, of: file, &assembly)
        assembly.add(
          .linear(.init(name: "compression", inputs: hidden, outputs: header.compression, bias: false)),
          ["weights": weights])
        assembly.add(.activation(.init(name: "compressed", activation: .sigmoid)))
        (width, last) = (header.compression, RNNLMFile.Name.compressed)
      }
      let weights = try array(last, of: file, &assembly).slice(axis: 0, 0..<size)
      assembly.add(.linear(.init(name: "output", inputs: width, outputs: size, bias: false)), ["weights": weights])
      if header.classes > 0 {
        assembly.leave("row \(size) of \(last)", because: "it leads to the only class, whose probability is 1")
      }
    } catch {
      throw ConversionError.malformed(file: path, place: "the weights", reason: error.description)
    }
    let context = context(header, choices, &assembly)
    return try assembly.finish(
      size: size, context: context, input: .tokens, output: .softmax,
      vocabulary: choices.hasVocabulary ? nil : try vocabulary(header, choices, path))
  }

  private static func refuseInexpressible(_ file: RNNLMFile, _ choices: ImportChoices) throws(ConversionError) {
    let header = file.header
    var reasons: [String] = []
    if header.classes > 1 {
      reasons.append(
        "its words belong to \(header.classes) classes, so that P(word) = P(class) P(word | class) is a product of two softmaxes, which no architecture here has: train it with -class 1"
      )
    }
    if header.directConnections > 0, !choices.ignores(RNNLMFile.Name.direct) {
      reasons.append(
        "it has \(header.directConnections) direct connections, weights of hashed n-grams that are added to the outputs, which no architecture here has: train it with -direct 0, or leave them behind with --ignore '\(RNNLMFile.Name.direct)', which makes it another model"
      )
    }
    guard reasons.isEmpty else { throw .notMapped(file: file.path, problems: reasons) }
  }

  private static func array(
    _ name: String, of file: RNNLMFile, _ assembly: inout ModelAssembly
  ) throws(TensorFormulaError) -> TensorFormula {
    do { return try assembly.take(name) } catch { throw TensorFormulaError("\(error)") }
  }

  /// One matrix has the columns of the words first, then those of the hidden units.
  private static func addRecurrent(
    _ assembly: inout ModelAssembly, _ file: RNNLMFile, size: Int
  ) throws(TensorFormulaError) {
    let hidden = file.header.hidden
    let matrix = try array(RNNLMFile.Name.input, of: file, &assembly)
    var state = try array(RNNLMFile.Name.state, of: file, &assembly)
    if file.header.hasIndependentSentences {
      assembly.leave(RNNLMFile.Name.state, because: "the state after its last text; sentences begin with ones")
      state = .filled(.float32, value: 1, shape: [hidden])
    }
    assembly.add(
      .elman(
        .init(
          name: "hidden", inputs: size, outputs: hidden, activation: .sigmoid, bias: false, initialState: .learned)),
      [
        "input_weights": try matrix.slice(axis: 1, 0..<size).reshaped([1, hidden, size]),
        "recurrent_weights": try matrix.slice(axis: 1, size..<(size + hidden)).reshaped([1, hidden, hidden]),
        "initial_hidden": state,
      ])
  }

  private static func context(
    _ header: RNNLMHeader, _ choices: ImportChoices, _ assembly: inout ModelAssembly
  ) -> Architecture.Context {
    guard header.hasIndependentSentences else { return choices.context ?? .stream }
    return assembly.settle(
      choices.context, else: .stream, "context", flag: "--context",
      because:
        "it was trained on sentences each read from the initial state, and a stream is read from there only once: sentences that are run by themselves are as in training"
    )
  }

  /// The words, of which the first ends each line.
  private static func vocabulary(
    _ header: RNNLMHeader, _ choices: ImportChoices, _ path: String
  ) throws(ConversionError) -> VocabularyWithOrder {
    var list = TokenList(header.words.map(\.bytes))
    for (index, word) in header.words.enumerated() { list.entries[index].count = word.count }
    list.place = "the vocabulary"
    list.kind = .words
    list.lineEnd = 0
    return try list.vocabulary(size: header.words.count, choices.vocabularyChoices, file: path)
  }
}
