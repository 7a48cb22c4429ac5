import Foundation
import HDF5
import RNNAnalysis
import RNNFormat
import RNNModel

/// The states of a network in the folder that LSTMVis (Strobelt et al. 2018) reads: `states.h5` with a dataset `[tokens, units]` for each layer,
/// `train.h5` with the token ids, `words.dict` with a word and its id in each line, and `lstm.yml`.
struct LSTMVisExport {
  let recording: StateRecording
  let vocabulary: Vocabulary
  let name: String

  static let files = ["states.h5", "train.h5", "words.dict", "lstm.yml"]

  /// Writes the files into a folder that exists.
  func write(to folder: String) throws {
    try create("\(folder)/states.h5") { (root) throws(HDF5Error) in
      for (index, layer) in recording.layers.enumerated() {
        let shape = [recording.tokens.count, layer.width]
        try root.createDataset("states\(index + 1)", of: Float.self, shape: shape).write(layer.states)
      }
    }
    try create("\(folder)/train.h5") { (root) throws(HDF5Error) in
      try root.createDataset("word_ids", of: Int32.self, shape: [recording.tokens.count]).write(recording.tokens)
    }
    try AtomicFile.write(Array(dictionary.utf8), to: "\(folder)/words.dict")
    try AtomicFile.write(Array(configuration.utf8), to: "\(folder)/lstm.yml")
  }

  /// Writes an HDF5 file all at once.
  private func create(_ target: String, _ write: (borrowing Group) throws(HDF5Error) -> Void) throws {
    try AtomicFile.replace(target) { path in
      do throws(HDF5Error) {
        let file = try File(creating: path)
        try write(file.root)
        try file.close()
      } catch {
        throw FormatError.hdf5(error)
      }
    }
  }

  /// A line for each token: its word, a space, its id. LSTMVis splits lines at white space, so that words have none; each is there once.
  private var dictionary: String {
    var used: Set<String> = []
    return (0..<vocabulary.count).map { id in
      var word = Self.word(Array(vocabulary[Int32(id)]))
      if !used.insert(word).inserted {
        word += "#\(id)"
        used.insert(word)
      }
      return "\(word) \(id)\n"
    }.joined()
  }

  /// A token with signs for white space.
  static func word(_ bytes: [UInt8]) -> String {
    var word = ""
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      switch scalar {
      case " ": word += "␣"
      case "\n": word += "⏎"
      case "\t": word += "⇥"
      case _ where scalar == "\u{FFFD}":
        return bytes.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      case _ where scalar.properties.isWhitespace: word += "\\u{\(String(scalar.value, radix: 16))}"
      default: word += "\(scalar)".printable
      }
    }
    return word.isEmpty ? "∅" : word
  }

  private var configuration: String {
    let types = recording.layers.enumerated().map { index, layer in
      "    {type: \(layer.areCells ? "state" : "output"), layer: \(index + 1), path: states\(index + 1)"
        + (layer.areCells ? "}" : ", transform: none}")
    }
    return """
      name: \(Self.quoted(name))
      description: \(Self.quoted("written by \(Generator.text)"))
      files:
        states: states.h5
        train: train.h5
        words: words.dict
      word_sequence:
        file: train
        path: word_ids
        dict_file: words
      states:
        file: states
        types: [
      \(types.joined(separator: ",\n"))
        ]
      etc:
        regex_search: true

      """
  }

  /// A text of JSON is one of YAML.
  private static func quoted(_ text: String) -> String { JSONValue.string(text).indented }
}
