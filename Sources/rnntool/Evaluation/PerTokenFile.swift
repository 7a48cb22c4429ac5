import HDF5
import RNNEvaluation
import RNNFormat
import RNNModel

/// What a model makes of each token of a text, as a table for other programs.
enum PerTokenFile {
  /// Writes a table: HDF5 if the name ends so, else tab-separated values.
  ///
  /// - Parameters:
  ///   - scores: of each token of the text.
  ///   - report: what it belongs to.
  ///   - vocabulary: the model's.
  ///   - path: where it goes.
  static func write(
    _ scores: TokenScores, _ report: EvaluationReport, _ vocabulary: Vocabulary, to path: String
  ) throws {
    if path.hasSuffix(".h5") || path.hasSuffix(".hdf5") {
      try AtomicFile.replace(path) { try writeHDF5(scores, report, vocabulary, creating: $0) }
    } else {
      try AtomicFile.write(table(scores, vocabulary), to: path)
    }
  }

  private static func table(_ scores: TokenScores, _ vocabulary: Vocabulary) -> [UInt8] {
    var bytes = Array("token\tid\tlog_probability\trank\tentropy\n".utf8)
    for (place, token) in scores.tokens.enumerated() {
      // Escapes as in messages, without the quotes around them.
      bytes += Vocabulary.display(vocabulary[token]).dropFirst().dropLast().utf8
      let isScored = scores.ranks[place] > 0
      let fields =
        isScored ? "\(scores.logProbabilities[place])\t\(scores.ranks[place])\t\(scores.entropies[place])" : "\t\t"
      bytes += "\t\(token)\t\(fields)\n".utf8
    }
    return bytes
  }

  private static func writeHDF5(
    _ scores: TokenScores, _ report: EvaluationReport, _ vocabulary: Vocabulary, creating path: String
  ) throws {
    let file = try File(creating: path)
    do {
      try file.root.setAttribute("model_id", to: report.modelID)
      try file.root.setAttribute("corpus_sha256", to: report.corpusSHA256)
      try file.root.setAttribute("protocol", to: try JSONValue(encoding: report.rules).canonical)
      func add<T: Element>(_ name: String, _ values: [T], to group: borrowing Group) throws {
        try group.createDataset(name, of: T.self, shape: [values.count]).write(values)
      }
      try add("ids", scores.tokens, to: file.root)
      try add("log_probabilities", scores.logProbabilities, to: file.root)
      try add("ranks", scores.ranks, to: file.root)
      try add("entropies", scores.entropies, to: file.root)
      let tokens = try file.root.createGroup("vocabulary")
      try add("bytes", vocabulary.bytes, to: tokens)
      try add("offsets", vocabulary.offsets.map { UInt64($0) }, to: tokens)
    }
    try file.close()
  }
}
