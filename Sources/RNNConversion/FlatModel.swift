import RNNFormat
import RNNModel

/// A file that holds named arrays and named texts: what safetensors and npz have in common.
protocol ArrayFile: ~Copyable {
  var path: String { get }
  /// All arrays, by name.
  var arrays: [String: ArrayDescription] { get }
  /// All texts, by name.
  var texts: [String: String] { get }
  func bytes(of array: ArrayDescription) throws -> [UInt8]
}

extension ArrayFile where Self: ~Copyable {
  /// Whether the file carries the project's documents, and not only arrays.
  var isWhole: Bool {
    texts.keys.contains { $0.hasPrefix(FlatModel.prefix) } || arrays.keys.contains { $0.hasPrefix(FlatModel.prefix) }
  }
}

/// How a whole model is laid out as named arrays and texts.
///
/// Parameters are `<layer>.<name>`. Everything else begins with `rnn-h5.`, which no layer's name can: the documents as
/// texts, and `vocabulary.bytes`, `proof.inputs` and so on as arrays. A model's `model_id` is the same there and back.
enum FlatModel {
  static let prefix = "rnn-h5."
  /// What there may be as texts.
  static let textNames: Set<String> = [
    "version", "model_id", "architecture", "metadata", "lineage", "vocabulary", "proof", "bfloat16",
  ]
  /// What there may be as arrays, beside `history.<column>`.
  static let arrayNames: Set<String> = [
    "vocabulary.bytes", "vocabulary.offsets", "vocabulary.counts", "vocabulary.merges",
    "vocabulary.specials", "labels.bytes", "labels.offsets", "proof.inputs", "proof.tokens", "proof.log_probabilities",
  ]

  /// An array with small values of its own.
  struct Extra {
    let array: ArrayDescription
    let bytes: [UInt8]
  }

  static func name(of tensor: TensorDescription) -> String {
    tensor.path.replacing("/", with: ".")
  }

  /// The texts of a document, without the prefix.
  static func texts(of document: ModelDocument, identity: String) -> [String: String] {
    var texts = [
      "version": "\(Version.current)",
      "model_id": identity,
      "architecture": document.architecture.json.canonical,
      "metadata": document.metadata.canonical,
      "lineage": JSONValue.array(document.lineage).canonical,
    ]
    if let vocabulary = document.vocabulary {
      texts["vocabulary"] =
        JSONValue.object([
          "kind": .string(vocabulary.kind.rawValue), "normalisation": .string(vocabulary.normalisation.rawValue),
          "unknown_id": .integer(vocabulary.unknown ?? -1), "line_end_id": .integer(vocabulary.lineEnd ?? -1),
        ]).canonical
    }
    if let proof = document.proof {
      texts["proof"] =
        JSONValue.object([
          "computed_by": .string(proof.computedBy), "tolerance": .number(proof.tolerance),
          "tolerance_float64": .number(proof.toleranceFloat64),
        ]).canonical
    }
    return texts
  }

  /// The arrays of a document that are not parameters, without the prefix, sorted by name.
  static func extras(of document: ModelDocument) -> [Extra] {
    var extras: [Extra] = []
    func add(_ name: String, _ type: NumericType, _ shape: [Int], _ bytes: [UInt8]) {
      extras.append(Extra(array: ArrayDescription(name: name, type: type, shape: shape), bytes: bytes))
    }
    if let vocabulary = document.vocabulary {
      add("vocabulary.bytes", .uint8, [vocabulary.bytes.count], vocabulary.bytes)
      let offsets = vocabulary.offsets.map { UInt64($0) }
      add("vocabulary.offsets", .uint64, [offsets.count], LittleEndian.bytes(offsets))
      if let counts = vocabulary.counts {
        add("vocabulary.counts", .uint64, [counts.count], LittleEndian.bytes(counts))
      }
      if let merges = vocabulary.storedMerges {
        add("vocabulary.merges", .uint32, [merges.count / 2, 2], LittleEndian.bytes(merges))
      }
      if let specials = vocabulary.storedSpecials {
        add("vocabulary.specials", .uint32, [specials.count], LittleEndian.bytes(specials))
      }
    }
    if let labels = document.labels {
      add("labels.bytes", .uint8, [labels.bytes.count], labels.bytes)
      add("labels.offsets", .uint64, [labels.count + 1], LittleEndian.bytes(labels.offsets))
    }
    for (name, column) in document.history.columns {
      switch column {
      case .integers(let values): add("history.\(name)", .int64, [values.count], LittleEndian.bytes(values))
      case .reals(let values): add("history.\(name)", .float64, [values.count], LittleEndian.bytes(values))
      }
    }
    if let proof = document.proof {
      switch proof.inputs {
      case .tokens(let tokens): add("proof.inputs", .uint32, [tokens.count], LittleEndian.bytes(tokens))
      case .features(let values, let width):
        add("proof.inputs", .float64, [proof.inputs.count, width], LittleEndian.bytes(values))
      }
      add("proof.tokens", .uint32, [proof.tokens.count], LittleEndian.bytes(proof.tokens))
      add(
        "proof.log_probabilities", .float64, [proof.inputs.count, proof.tokens.count],
        LittleEndian.bytes(proof.logProbabilities))
    }
    return extras.sorted { $0.array.name < $1.array.name }
  }
}

/// A model read from named arrays and texts.
struct FlatModelSource<File: ArrayFile & ~Copyable>: ~Copyable, TensorSource {
  private let file: File
  /// The identity that the file states; nil where none is: files had none at first.
  let identity: String?
  let document: ModelDocument
  let tensors: [TensorDescription]

  /// Puts the model together, checking everything that the format's own reader would.
  init(_ file: consuming File) throws {
    let reader = FlatModelReader(file)
    let document = try reader.document(of: file)
    let tensors = try reader.tensors(of: document.architecture, in: file)
    self.document = document
    self.tensors = tensors
    identity = file.texts[FlatModel.prefix + "model_id"] ?? document.lineage.last?["model_id"]?.string
    self.file = file
  }

  /// Compares the model with the identity that the file states.
  ///
  /// - Throws: ``ConversionError/malformed(file:place:reason:)`` for a model that has been changed.
  func checkIdentity() throws {
    guard let identity else { return }
    let found = try ModelIdentity.identify(document, tensors: self)
    guard found == identity else {
      throw ConversionError.malformed(
        file: file.path, place: "the model",
        reason: "it is not the one that was written: \(found) instead of \(identity)")
    }
  }

  func bytes(of tensor: TensorDescription) throws -> [UInt8] {
    guard let array = file.arrays[FlatModel.name(of: tensor)] else { return [] }
    return try file.bytes(of: array)
  }
}

/// Reads the parts of a ``FlatModel``.
private struct FlatModelReader {
  private let path: String

  init<File: ArrayFile & ~Copyable>(_ file: borrowing File) { path = file.path }

  private func malformed(_ place: String, _ reason: String) -> ConversionError {
    .malformed(file: path, place: FlatModel.prefix + place, reason: reason)
  }

  func document<File: ArrayFile & ~Copyable>(of file: borrowing File) throws -> ModelDocument {
    try checkNames(in: file)
    let version = try text("version", in: file)
    guard let version = Version(version) else { throw malformed("version", "'\(version)' is not a version") }
    guard version.major == Version.current.major else {
      throw malformed(
        "version", "the file is of version \(version), this program reads \(Version.current): use a newer one")
    }
    let architecture: Architecture
    do {
      architecture = try Architecture(json: try json("architecture", in: file))
      try architecture.check()
    } catch let error as ConversionError {
      throw error
    } catch {
      throw malformed("architecture", "\(error)")
    }
    return ModelDocument(
      architecture: architecture, vocabulary: try vocabulary(in: file), labels: try labels(in: file),
      metadata: try json("metadata", in: file), lineage: try lineage(in: file),
      history: try history(in: file), proof: try proof(of: architecture, in: file))
  }

  func tensors<File: ArrayFile & ~Copyable>(
    of architecture: Architecture, in file: borrowing File
  ) throws -> [TensorDescription] {
    var wrong: [String] = []
    var tensors: [TensorDescription] = []
    var unused = Set(file.arrays.keys.filter { !$0.hasPrefix(FlatModel.prefix) })
    for entry in ParameterTable(architecture).entries {
      let name = entry.path.replacing("/", with: ".")
      unused.remove(name)
      guard let array = file.arrays[name] else {
        wrong.append("\(name) is missing")
        continue
      }
      guard array.shape == entry.shape else {
        wrong.append("\(name) has the shape \(array.shape), but the architecture gives it \(entry.shape)")
        continue
      }
      guard let type = array.type.tensorType, type.canHold(entry.numbers) else {
        wrong.append(
          "\(name) is \(array.type.rawValue), not \(entry.numbers == .real ? "a float" : entry.numbers.rawValue)")
        continue
      }
      tensors.append(TensorDescription(path: entry.path, type: type, shape: array.shape))
    }
    wrong += unused.sorted().map { "\($0) does not belong to the architecture" }
    guard wrong.isEmpty else {
      throw ConversionError.malformed(file: path, place: "the tensors", reason: wrong.joined(separator: "; "))
    }
    return tensors
  }

  private func lineage<File: ArrayFile & ~Copyable>(in file: borrowing File) throws -> [JSONValue] {
    guard let events = try json("lineage", in: file).array else { throw malformed("lineage", "it is not a list") }
    return events
  }

  /// Refuses what the layout does not name: it would be lost without a word.
  private func checkNames<File: ArrayFile & ~Copyable>(in file: borrowing File) throws {
    for name in (Array(file.arrays.keys) + Array(file.texts.keys)).sorted() where name.hasPrefix(FlatModel.prefix) {
      let rest = String(name.dropFirst(FlatModel.prefix.count))
      let isKnown =
        FlatModel.textNames.contains(rest) || FlatModel.arrayNames.contains(rest) || rest.hasPrefix("history.")
      if !isKnown { throw malformed(rest, "this version does not know it") }
    }
  }

  private func text<File: ArrayFile & ~Copyable>(_ name: String, in file: borrowing File) throws -> String {
    guard let text = file.texts[FlatModel.prefix + name] else {
      throw ConversionError.incomplete(file: path, missing: FlatModel.prefix + name)
    }
    return text
  }

  private func json<File: ArrayFile & ~Copyable>(_ name: String, in file: borrowing File) throws -> JSONValue {
    do {
      return try JSONValue(parsing: try text(name, in: file))
    } catch let error as JSONError {
      throw malformed(name, "\(error)")
    }
  }

  private func array<File: ArrayFile & ~Copyable>(
    _ name: String, _ type: NumericType, rank: Int = 1, in file: borrowing File
  ) throws -> (bytes: [UInt8], shape: [Int]) {
    guard let array = file.arrays[FlatModel.prefix + name] else {
      throw ConversionError.incomplete(file: path, missing: FlatModel.prefix + name)
    }
    guard array.type == type, array.shape.count == rank else {
      throw malformed(name, "has to be \(type.rawValue) with \(rank) dimensions")
    }
    return (try file.bytes(of: array), array.shape)
  }

  private func labels<File: ArrayFile & ~Copyable>(in file: borrowing File) throws -> Labels? {
    guard file.arrays[FlatModel.prefix + "labels.bytes"] != nil else { return nil }
    let bytes = try array("labels.bytes", .uint8, in: file).bytes
    let offsets = LittleEndian.integers(try array("labels.offsets", .uint64, in: file).bytes, as: UInt64.self)
    do {
      return try Labels(bytes: bytes, storedOffsets: offsets)
    } catch {
      throw malformed("labels", "\(error)")
    }
  }

  private func vocabulary<File: ArrayFile & ~Copyable>(in file: borrowing File) throws -> Vocabulary? {
    guard file.texts[FlatModel.prefix + "vocabulary"] != nil else { return nil }
    let json = try json("vocabulary", in: file)
    guard let kind = Vocabulary.Kind(rawValue: json["kind"]?.string ?? ""),
      let normalisation = Vocabulary.Normalisation(rawValue: json["normalisation"]?.string ?? ""),
      let unknown = json["unknown_id"]?.integer, let lineEnd = json["line_end_id"]?.integer
    else { throw malformed("vocabulary", "it is not complete") }
    let bytes = try array("vocabulary.bytes", .uint8, in: file).bytes
    let offsets = LittleEndian.integers(try array("vocabulary.offsets", .uint64, in: file).bytes, as: UInt64.self)
    var counts: [UInt64]?
    if file.arrays[FlatModel.prefix + "vocabulary.counts"] != nil {
      counts = LittleEndian.integers(try array("vocabulary.counts", .uint64, in: file).bytes, as: UInt64.self)
    }
    var merges: [UInt32]?
    if file.arrays[FlatModel.prefix + "vocabulary.merges"] != nil {
      let (bytes, shape) = try array("vocabulary.merges", .uint32, rank: 2, in: file)
      guard shape[1] == 2 else { throw malformed("vocabulary.merges", "it is not of pairs") }
      merges = LittleEndian.integers(bytes, as: UInt32.self)
    }
    var specials: [UInt32]?
    if file.arrays[FlatModel.prefix + "vocabulary.specials"] != nil {
      specials = LittleEndian.integers(try array("vocabulary.specials", .uint32, in: file).bytes, as: UInt32.self)
    }
    do {
      return try Vocabulary(
        kind: kind, normalisation: normalisation, bytes: bytes, storedOffsets: offsets, counts: counts,
        unknownID: Int64(unknown), lineEndID: Int64(lineEnd), storedMerges: merges,
        storedSpecials: specials)
    } catch {
      throw malformed("vocabulary", "\(error)")
    }
  }

  private func history<File: ArrayFile & ~Copyable>(in file: borrowing File) throws -> History {
    var history = History()
    let prefix = FlatModel.prefix + "history."
    for array in file.arrays.values where array.name.hasPrefix(prefix) {
      let name = String(array.name.dropFirst(prefix.count))
      guard array.shape.count == 1 else { throw malformed("history.\(name)", "has to have one dimension") }
      let bytes = try file.bytes(of: array)
      switch array.type {
      case .int64: history.columns[name] = .integers(LittleEndian.integers(bytes, as: Int64.self))
      case .float64:
        history.columns[name] = .reals(
          LittleEndian.integers(bytes, as: UInt64.self).map { Double(bitPattern: $0) })
      default: throw malformed("history.\(name)", "it is neither int64 nor float64")
      }
    }
    return history
  }

  private func proof<File: ArrayFile & ~Copyable>(
    of architecture: Architecture, in file: borrowing File
  ) throws -> Proof? {
    guard file.texts[FlatModel.prefix + "proof"] != nil else { return nil }
    let json = try json("proof", in: file)
    let (numbers, shape) = try array("proof.log_probabilities", .float64, rank: 2, in: file)
    guard let computedBy = json["computed_by"]?.string, let tolerance = json["tolerance"]?.number,
      let toleranceFloat64 = json["tolerance_float64"]?.number
    else { throw malformed("proof", "it is not complete") }
    let inputs: Proof.Inputs
    switch architecture.input {
    case .tokens:
      let bytes = try array("proof.inputs", .uint32, in: file).bytes
      inputs = .tokens(LittleEndian.integers(bytes, as: UInt32.self))
    case .features:
      let (bytes, shape) = try array("proof.inputs", .float64, rank: 2, in: file)
      inputs = .features(
        LittleEndian.integers(bytes, as: UInt64.self).map { Double(bitPattern: $0) }, width: shape[1])
    }
    let proof = Proof(
      inputs: inputs,
      tokens: LittleEndian.integers(try array("proof.tokens", .uint32, in: file).bytes, as: UInt32.self),
      logProbabilities: LittleEndian.integers(numbers, as: UInt64.self).map { Double(bitPattern: $0) },
      computedBy: computedBy, tolerance: tolerance, toleranceFloat64: toleranceFloat64)
    guard shape == [proof.inputs.count, proof.tokens.count] else {
      throw malformed("proof", "its arrays do not fit together")
    }
    return proof
  }
}
