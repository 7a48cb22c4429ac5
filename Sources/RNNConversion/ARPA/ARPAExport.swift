import NGram
import RNNFormat
import RNNModel
import RNNText

/// Writes n-gram models as ARPA files, which KenLM, SRILM and others read.
///
/// Tokens that ARPA files cannot hold as words, such as a space, are escaped as `\xHH`, and the backslash with them.
struct ARPAExport: ModelExport {
  let arrays: [ExportedArray]
  let lost: [String]
  private let table: Architecture.NGram
  private let words: [[UInt8]]
  private let unknown: Int32?

  init(_ document: ModelDocument, _ tensors: [TensorDescription]) throws {
    guard let table = document.architecture.ngram else {
      throw ConversionError.inexpressible(.arpa, reasons: ["the model is a network, not a table of n-grams"])
    }
    guard let vocabulary = document.vocabulary else {
      throw ConversionError.inexpressible(.arpa, reasons: ["its tokens have no words"])
    }
    guard table.skipFactor == nil else {
      throw ConversionError.inexpressible(
        .arpa, reasons: ["contexts that were not seen have a weight in stupid backoff, too"])
    }
    self.table = table
    let tokens = (0..<Int32(table.size)).map { Array(vocabulary[$0]) }
    let isEscaped = vocabulary.kind != .words || vocabulary.normalisation != .whitespace
    words = isEscaped ? tokens.map { ARPAEscapes.escape($0) } : tokens
    unknown = vocabulary.unknown.map { Int32($0) }
    arrays = tensors.map { ExportedArray($0.path, TensorFormula($0)) }
    var lost = ["metadata and history"]
    if isEscaped { lost.append("that tokens are \(vocabulary.kind.rawValue): their words are escaped") }
    if vocabulary.counts != nil { lost.append("how often each token occurred") }
    if document.proof != nil { lost.append("the proof") }
    self.lost = lost
  }

  func write<Source: TensorSource & ~Copyable>(_ source: borrowing Source, creating path: String) throws {
    let file = try OutputFile(creating: path)
    try write(source) { try file.write($0) }
  }

  /// Writes the text, part by part.
  func write<Source: TensorSource & ~Copyable>(_ source: borrowing Source, to sink: ([UInt8]) throws -> Void) throws {
    do {
      let model = try NGramModel(NGramForm(table, description: NGramDescription(of: table), tensors: source))
      var writer = try ARPAWriter(model, words: words, unknown: unknown)
      try writer.write(to: sink)
    } catch let error as NGramError {
      throw ConversionError.inexpressible(.arpa, reasons: ["\(error)"])
    }
  }
}

/// The same, compressed by gzip.
struct ARPAGzipExport: ModelExport {
  private let plain: ARPAExport

  init(_ document: ModelDocument, _ tensors: [TensorDescription]) throws {
    plain = try ARPAExport(document, tensors)
  }

  var arrays: [ExportedArray] { plain.arrays }
  var lost: [String] { plain.lost }

  func write<Source: TensorSource & ~Copyable>(_ source: borrowing Source, creating path: String) throws {
    let file = try OutputFile(creating: path)
    guard let encoder = GzipEncoder() else {
      throw FormatError.cannotWrite(file: path, reason: "there is no memory to compress it")
    }
    try plain.write(source) { try file.write(encoder.encode($0)) }
    try file.write(encoder.finish())
  }
}
