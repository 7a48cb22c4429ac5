import HDF5
import RNNFormat

/// Tells the format of a file from its content.
struct FormatRecognition {
  private let path: String
  private let first: [UInt8]
  private let quarantine: Quarantine?

  /// - Parameter first: the file's first bytes, at least 64 unless it is shorter.
  init(_ path: String, _ first: [UInt8], _ quarantine: Quarantine? = nil) {
    self.path = path
    self.first = first
    self.quarantine = quarantine
  }

  /// The format; nil where the content does not show it.
  var format: ModelFormat? {
    get throws {
      if first.starts(with: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) { return try hdf5 }
      if first.starts(with: [0x50, 0x4B, 0x03, 0x04]) || first.starts(with: [0x50, 0x4B, 0x05, 0x06]) { return zip }
      if isLegacyTorch || first.starts(with: TorchTarFile.beginning) { return .pytorch }
      // A length, and JSON; a file that calls itself HDF5 has to be one.
      if first.count > 8, first[8] == 0x7B, first[4...7].allSatisfy({ $0 == 0 }), named != .rnnH5 {
        return .safetensors
      }
      if isTorch7 { return .torch7 }
      if first.starts(with: Array("\\data\\".utf8)) { return .arpa }
      if isRNNLM { return .rnnlm }
      if isONNX { return .onnx }
      if SortedTable.isOne(path) { return .tensorflow }
      return try isForBrowsers ? .tfjs : nil
    }
  }

  private var named: ModelFormat? { ModelFormat(fileName: path) }

  /// What stands at the root of an HDF5 file.
  private var hdf5: ModelFormat {
    get throws {
      func root(_ file: borrowing File) throws -> (names: [String], attributes: [String]) {
        (try file.root.childNames(), (try? file.root.attributeNames()) ?? [])
      }
      let found =
        if let quarantine {
          // What breaks the process that looks is no file to be read in another way.
          try root(quarantine.open(path, content: .outline))
        } else {
          try? root(File(opening: path))
        }
      guard let (names, attributes) = found else { return .rnnH5 }
      if attributes.contains("format") { return .rnnH5 }
      if names.contains("model_weights") || attributes.contains(where: { $0.hasPrefix("layer_names") }) {
        return .kerasH5
      }
      if names.contains("RNN_0") { return .elmo }
      if names.contains("layers") || names.contains("_layer_checkpoint_dependencies") { return .kerasWeights }
      return .rnnH5
    }
  }

  private var zip: ModelFormat? {
    #if NPZ
      guard let names = try? ZipReader(opening: path).entries.map(\.name) else { return named ?? .npz }
      if names.contains("config.json"), names.contains(where: { $0.hasPrefix("model.weights") }) { return .keras }
      if names.contains(where: { $0.hasSuffix("/data.pkl") }) { return .pytorch }
      return .npz
    #else
      return named
    #endif
  }

  /// A pickle that begins with PyTorch's magic number.
  private var isLegacyTorch: Bool {
    guard first.first == 0x80, first.count > 14 else { return false }
    return (2...8).contains { first.dropFirst($0).starts(with: TorchLegacyFile.magic) }
  }

  /// A version, and as the next field the form of the numbers or the text that the model was trained on.
  private var isRNNLM: Bool {
    let text = String(decoding: first, as: UTF8.self)
    return text.starts(with: RNNLMHeader.beginning)
      && (text.contains("\nfile format:") || text.contains("\n\ntraining data file:"))
  }

  /// The version of the format as the first field of a protocol buffer, and the name of the program or the graph as the next one.
  private var isONNX: Bool {
    first.count > 3 && first[0] == 0x08 && (3...32).contains(first[1]) && (first[2] == 0x12 || first[2] == 0x3A)
  }

  /// How much of a text is searched for words that tell what it is.
  private static let searched = 4 << 20

  /// JSON that names files of weights.
  private var isForBrowsers: Bool {
    get throws {
      guard first.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "{") else { return false }
      let text = String(
        decoding: try InputFile(opening: path).read(at: 0, count: Self.searched, orFewer: true), as: UTF8.self)
      return text.contains("\"weightsManifest\"") || (text.contains("\"filename\"") && text.contains("\"shape\""))
    }
  }

  /// A table, or an object with a version, as the first object of Torch7's binary form.
  private var isTorch7: Bool {
    first.starts(with: [4, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0x56, 0x20, 0x31])
      || (first.starts(with: [3, 0, 0, 0, 1, 0, 0, 0]) && named == .torch7)
  }
}
