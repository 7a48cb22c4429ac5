import NGram
import RNNFormat
import RNNModel

/// Reads ARPA files, the text format of SRILM, KenLM and others for n-gram models; plain or compressed by gzip.
///
/// The file has base-10 logarithms in digits, and n-grams in any order: what becomes of them are the tables of `docs/FORMAT.md`, section 5.
enum ARPAImport: ModelImport {
  static func read(_ path: String, choices: ImportChoices) throws -> ImportedModel {
    let file: ARPAModel
    do {
      file = try ARPAReader.read(path)
    } catch let error as NGramError {
      throw ConversionError.malformed(file: path, place: "the n-grams", reason: "\(error)")
    }
    let arrays = ARPAArrays(file.model, path: path)
    var assembly = ModelAssembly(of: arrays, choices: choices)
    var parameters: [String: TensorFormula] = [:]
    let table = arrays.tensors.architecture
    for tensor in arrays.tensors.tensors {
      parameters[tensor.path.split(separator: "/").last.map(String.init) ?? ""] = try assembly.take(tensor.path)
    }
    for layer in table.layers { assembly.add(layer, parameters) }
    if file.ignoredCount > 0 {
      assembly.leave(
        "\(file.ignoredCount) n-grams", because: "no text can reach them: with <s> after, or </s> before other words")
    }
    return try assembly.finish(
      size: table.size, context: table.context, input: table.input, output: table.output,
      vocabulary: VocabularyWithOrder(try vocabulary(of: file, path)),
      metadata: .object([
        "hyper_parameters": .object([ModelDocument.ngramKey: try JSONValue(encoding: file.model.description)])
      ]))
  }

  private static func vocabulary(of file: ARPAModel, _ path: String) throws -> Vocabulary {
    do {
      return try file.vocabulary()
    } catch {
      throw ConversionError.malformed(file: path, place: "the words", reason: "\(error)")
    }
  }
}

/// The tables that an ARPA file's n-grams make.
private final class ARPAArrays: ArraySource {
  let path: String
  let tensors: NGramTensors
  let arrays: [String: ArrayDescription]

  init(_ model: NGramModel, path: String) {
    self.path = path
    tensors = model.tensors
    arrays = Dictionary(
      tensors.tensors.map { ($0.path, ArrayDescription(name: $0.path, type: NumericType($0.type), shape: $0.shape)) },
      uniquingKeysWith: { first, _ in first })
  }

  func bytes(of array: ArrayDescription) throws -> [UInt8] {
    guard let tensor = tensors.tensors.first(where: { $0.path == array.name }) else { return [] }
    return tensors.bytes(of: tensor)
  }
}
