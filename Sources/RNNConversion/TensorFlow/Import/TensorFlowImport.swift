import Foundation
import RNNFormat
import RNNModel

/// Reads checkpoints of TensorFlow with recurrent cells, of both versions.
enum TensorFlowImport: ModelImport {
  static func read(_ path: String, choices: ImportChoices) throws -> ImportedModel {
    let checkpoint = try TensorFlowCheckpoint.open(try CheckpointPlace.file(path))
    if ObjectGraph.isOne(checkpoint) { return try ObjectGraph.read(checkpoint, choices: choices) }
    return try read(checkpoint, others: checkpoint.others, choices: choices)
  }

  /// Their order is found by comparing each with each.
  private static let mostVariables = 20_000

  /// Makes a model of variables.
  ///
  /// - Parameter others: what is beside them and no array of numbers, and what it is.
  static func read(
    _ source: any ArraySource, others: [String: String] = [:], choices: ImportChoices
  ) throws -> ImportedModel {
    func malformed(_ place: String, _ reason: String) -> ConversionError {
      .malformed(file: source.path, place: place, reason: reason)
    }
    guard source.arrays.count <= mostVariables else {
      throw malformed("the variables", "there are \(source.arrays.count), more than any model of these layers has")
    }
    var variables = TensorFlowVariables(source, others: others) { choices.ignores($0) }
    guard !variables.cells.isEmpty else {
      throw malformed(
        "the variables",
        "there is no recurrent cell that is known: nothing below a name like basic_lstm_cell, lstm_cell, gru_cell or basic_rnn_cell"
      )
    }
    var parameters: [String: TensorFlowCell.Parameters] = [:]
    for cell in variables.cells {
      do {
        parameters[cell.scope] = try cell.parameters { (name) throws(ConversionError) in
          guard let array = source.arrays[name] else { throw .incomplete(file: source.path, missing: name) }
          return .array(array)
        }
      } catch let error as TensorFormulaError {
        throw malformed("'\(cell.scope)'", error.description)
      }
    }
    let widths = parameters.mapValues(\.widths)
    let chain: TensorFlowChain
    do throws(TensorFlowChain.Refusal) {
      if let order = choices.architecture?["layers"]?.array {
        chain = try TensorFlowChain(variables, widths, order: order, takesVectors: choices.input == .features)
      } else {
        chain = try TensorFlowChain(&variables, widths)
      }
    } catch {
      throw malformed("the order of the layers", error.reason)
    }
    var assembly = TensorFlowAssembly(source, parameters, choices: choices)
    return try assembly.build(chain, left: variables.left) { size in
      try VariableVocabulary.pickled(beside: source.path, size: size, choices.vocabularyChoices)
    }
  }
}

/// Finds the tokens that programs keep beside their variables.
enum VariableVocabulary {
  /// More than any vocabulary needs.
  private static let largest = 64 << 20

  private static func path(_ name: String, beside path: String) -> String? {
    let path = "\(URL(filePath: path).deletingLastPathComponent().path)/\(name)"
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  /// The tokens in `vocab.json`, which ml5 keeps beside every manifest.
  static func json(beside manifest: String) throws -> VocabularyFile? {
    try path("vocab.json", beside: manifest).map { try VocabularyFile(reading: $0) }
  }

  /// The tokens in `chars_vocab.pkl` of char-rnn-tensorflow, if they are as many as the model has.
  static func pickled(
    beside checkpoint: String, size: Int, _ choices: VocabularyChoices
  ) throws -> VocabularyWithOrder? {
    guard let path = path("chars_vocab.pkl", beside: checkpoint) else { return nil }
    let file = try InputFile(opening: path)
    guard file.size <= largest else {
      throw ConversionError.malformed(file: path, place: "the file", reason: "it is larger than a vocabulary may be")
    }
    do {
      let value = try PickleReader.read(try file.read(at: 0, count: file.size))
      return try TorchVocabulary(in: value).vocabulary(size: size, choices, file: path)
    } catch let error as PickleError {
      throw ConversionError.malformed(file: path, place: "the pickle", reason: "\(error)")
    }
  }
}
