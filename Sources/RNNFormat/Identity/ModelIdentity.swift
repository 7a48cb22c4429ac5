import RNNModel

/// `model_id`: what a model computes, whatever file it is in (`docs/FORMAT.md`, section 7).
public enum ModelIdentity {
  /// The identity of a model.
  ///
  /// - Parameters:
  ///   - architecture: what it computes.
  ///   - vocabulary: its tokens.
  ///   - labels: the names of its outputs.
  ///   - tensors: its parameters, each with the hash of its little-endian bytes.
  /// - Returns: 64 hexadecimal digits.
  public static func identify(
    architecture: Architecture, vocabulary: Vocabulary?, labels: Labels?,
    tensors: [(tensor: TensorDescription, sha256: String)]
  ) -> String {
    var lines = [
      "rnn-h5 model 1",
      "architecture \(Hash.sha256(architecture.json.canonical))",
      "vocabulary \(vocabulary.map(identify) ?? "none")",
    ]
    if let labels { lines.append("labels \(identify(labels))") }
    let sorted = tensors.sorted { $0.tensor.path.utf8.lexicographicallyPrecedes($1.tensor.path.utf8) }
    for (tensor, sha256) in sorted {
      lines.append("tensor \(tensor.path) \(tensor.type.rawValue) \(shape(tensor.shape)) \(sha256)")
    }
    return Hash.sha256(lines.map { $0 + "\n" }.joined())
  }

  /// The identity of a source's tensors with a document: reads every tensor once.
  public static func identify<Source: TensorSource & ~Copyable>(
    _ document: ModelDocument, tensors source: borrowing Source
  ) throws -> String {
    var hashes: [(TensorDescription, String)] = []
    for tensor in source.tensors {
      var hash = Hash.Stream()
      try source.forEachBlock(of: tensor) { hash.update($0) }
      hashes.append((tensor, hash.finish()))
    }
    return identify(
      architecture: document.architecture, vocabulary: document.vocabulary, labels: document.labels, tensors: hashes)
  }

  static func identify(_ vocabulary: Vocabulary) -> String {
    var lines = [
      "rnn-h5 vocabulary 1",
      "kind \(vocabulary.kind.rawValue)",
      "normalisation \(vocabulary.normalisation.rawValue)",
      "unknown \(vocabulary.unknown ?? -1)",
      "line_end \(vocabulary.lineEnd ?? -1)",
      "tokens \(vocabulary.count)",
      "bytes \(Hash.sha256(vocabulary.bytes))",
      "offsets \(Hash.sha256(LittleEndian.bytes(vocabulary.offsets.lazy.map { UInt64($0) })))",
    ]
    // The tokens alone do not say in which order they are merged.
    if let merges = vocabulary.storedMerges { lines.append("merges \(Hash.sha256(LittleEndian.bytes(merges)))") }
    if let specials = vocabulary.storedSpecials {
      lines.append("specials \(Hash.sha256(LittleEndian.bytes(specials)))")
    }
    return Hash.sha256(lines.map { $0 + "\n" }.joined())
  }

  static func identify(_ labels: Labels) -> String {
    let lines = [
      "rnn-h5 labels 1",
      "labels \(labels.count)",
      "bytes \(Hash.sha256(labels.bytes))",
      "offsets \(Hash.sha256(LittleEndian.bytes(labels.offsets)))",
    ]
    return Hash.sha256(lines.map { $0 + "\n" }.joined())
  }

  /// `d0xd1x...`, or `scalar`.
  static func shape(_ shape: [Int]) -> String {
    shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "x")
  }
}
