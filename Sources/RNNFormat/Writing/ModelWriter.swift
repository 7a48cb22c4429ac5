import HDF5
import RNNModel

/// Writes model files (`docs/FORMAT.md`).
public struct ModelWriter: Sendable {
  /// Whether tensors are stored chunked, shuffled, deflated and with checksums instead of contiguously.
  public var compresses: Bool
  /// Whether the file carries the texts of its specification and schemas.
  public var embedsSpecification: Bool

  /// Makes a writer.
  public init(compresses: Bool = false, embedsSpecification: Bool = true) {
    self.compresses = compresses
    self.embedsSpecification = embedsSpecification
  }

  /// Writes a model, replacing the target all at once.
  ///
  /// The same document and tensors give the same bytes.
  ///
  /// - Parameters:
  ///   - document: everything but the parameters.
  ///   - tensors: the parameters, complete for the architecture.
  ///   - trainingState: what a training needs to go on; nil for a model that is finished.
  ///   - path: the target.
  /// - Returns: the `model_id`.
  /// - Throws: ``FormatError``, ``FormatError/unwritable(file:violation:)`` also for parameters that are not finite; what was at
  ///   the target before is still there then.
  @discardableResult
  public func write<Source: TensorSource & ~Copyable>(
    _ document: ModelDocument, tensors: borrowing Source, trainingState: TrainingStateDocument? = nil, to path: String
  ) throws -> String {
    var identity = ""
    try AtomicFile.replace(path) { temporary in
      identity = try write(
        document, tensors: tensors, trainingState: trainingState, creating: temporary, for: path)
    }
    return identity
  }

  /// Writes a model to a file that does not exist yet, for a caller that puts it in its place.
  ///
  /// - Parameters:
  ///   - document: everything but the parameters.
  ///   - tensors: the parameters, complete for the architecture.
  ///   - trainingState: what a training needs to go on; nil for a model that is finished.
  ///   - temporary: the new file.
  ///   - path: the name to use in errors.
  /// - Returns: the `model_id`.
  /// - Throws: ``FormatError``.
  @discardableResult
  public func write<Source: TensorSource & ~Copyable>(
    _ document: ModelDocument, tensors: borrowing Source, trainingState: TrainingStateDocument? = nil,
    creating temporary: String, for path: String
  ) throws -> String {
    if let violation = document.violation(tensors: tensors.tensors) ?? trainingState?.violation() {
      throw FormatError.unwritable(file: path, violation: violation)
    }
    do {
      return try write(document, tensors: tensors, trainingState, creating: temporary, for: path)
    } catch let error as HDF5Error {
      throw FormatError.hdf5(
        HDF5Error(rule: error.rule, operation: error.operation, object: error.object, file: path, cause: error.cause))
    }
  }

  /// Writes a model that is in memory.
  @discardableResult
  public func write(
    _ document: ModelDocument, parameters: Parameters, trainingState: TrainingStateDocument? = nil, to path: String
  ) throws -> String {
    try write(document, tensors: ParameterTensors(parameters), trainingState: trainingState, to: path)
  }

  private func write<Source: TensorSource & ~Copyable>(
    _ document: ModelDocument, tensors source: borrowing Source, _ trainingState: TrainingStateDocument?,
    creating temporary: String, for path: String
  ) throws -> String {
    let file = try File(creating: temporary)
    let identity: String
    do {
      try writeTexts(document, in: file.root)
      if let vocabulary = document.vocabulary { try write(vocabulary, in: file.root) }
      if let labels = document.labels { try write(labels, in: file.root) }
      let hashes = try writeTensors(document, source, in: file.root, for: path)
      try write(document.history, in: file.root)
      if let proof = document.proof { try write(proof, in: file.root) }
      let stateHashes = try trainingState.map { state in try write(state, in: file.root) } ?? [:]
      identity = ModelIdentity.identify(
        architecture: document.architecture, vocabulary: document.vocabulary, labels: document.labels,
        tensors: zip(source.tensors, hashes).map { ($0, $1) })
      try writeRootAttributes(document, identity: identity, in: file.root)
      let known = stateHashes.merging(
        zip(source.tensors.map { "/parameters/\($0.path)" }, hashes), uniquingKeysWith: { first, _ in first })
      let content = try ContentIdentity.identify(file.root, objects: try file.objects(), known: known)
      try file.root.setAttribute("content_id", to: content)
    }
    try file.close()
    return identity
  }

  private func writeRootAttributes(
    _ document: ModelDocument, identity: String, in root: borrowing Group
  ) throws(HDF5Error) {
    try root.setAttribute("format", to: "rnn-h5")
    try root.setAttribute("format_version", to: "\(Version.current)")
    try root.setAttribute("minimum_reader_version", to: "\(document.minimumReaderVersion)")
    try root.setAttribute("required_features", to: document.features.joined(separator: " "))
    try root.setAttribute("optional_features", to: "")
    try root.setAttribute("generator", to: Generator.text)
    try root.setAttribute("model_id", to: identity)
  }

  private func writeTexts(_ document: ModelDocument, in root: borrowing Group) throws(HDF5Error) {
    try root.createString("architecture", document.architecture.json.canonical)
    try root.createString("metadata", document.metadata.canonical)
    try root.createString("lineage", JSONValue.array(document.lineage).canonical)
    guard embedsSpecification else { return }
    try root.createString("specification", EmbeddedTexts.specification)
    let schemas = try root.createGroup("schemas")
    for (name, text) in EmbeddedTexts.schemas.sorted(by: { $0.key < $1.key }) {
      try schemas.createString(name, text)
    }
  }

  private func write(_ vocabulary: Vocabulary, in root: borrowing Group) throws(HDF5Error) {
    let group = try root.createGroup("vocabulary")
    try group.setAttribute("kind", to: vocabulary.kind.rawValue)
    try group.setAttribute("normalisation", to: vocabulary.normalisation.rawValue)
    try group.setAttribute("unknown_id", to: Int64(vocabulary.unknown ?? -1))
    try group.setAttribute("line_end_id", to: Int64(vocabulary.lineEnd ?? -1))
    try write(vocabulary.bytes, as: "bytes", in: group)
    try write(vocabulary.offsets.map { UInt64($0) }, as: "offsets", in: group)
    if let counts = vocabulary.counts { try write(counts, as: "counts", in: group) }
    if let merges = vocabulary.storedMerges {
      try group.createDataset("merges", of: UInt32.self, shape: [merges.count / 2, 2]).write(merges)
    }
    if let specials = vocabulary.storedSpecials { try write(specials, as: "specials", in: group) }
  }

  private func write(_ labels: Labels, in root: borrowing Group) throws(HDF5Error) {
    let group = try root.createGroup("labels")
    try write(labels.bytes, as: "bytes", in: group)
    try write(labels.offsets, as: "offsets", in: group)
  }

  private func write<Value: Element>(
    _ values: [Value], as name: String, in group: borrowing Group
  ) throws(HDF5Error) {
    let dataset = try group.createDataset(name, of: Value.self, shape: [values.count])
    try dataset.write(values)
  }

  /// Writes each tensor once, and returns the hashes in the order of the source.
  private func writeTensors<Source: TensorSource & ~Copyable>(
    _ document: ModelDocument, _ source: borrowing Source, in root: borrowing Group, for path: String
  ) throws -> [String] {
    let parameters = try root.createGroup("parameters")
    var hashes: [String] = []
    var layers: Set<String> = []
    let entries = ParameterTable(document.architecture).entries
    for (tensor, entry) in zip(source.tensors, entries) {
      let bytes = try source.bytes(of: tensor)
      guard LittleEndian.areParameters(bytes, type: tensor.type) else {
        throw FormatError.unwritable(
          file: path,
          violation: "'\(tensor.path)' holds a number that is infinite, not a number, or too large for float32")
      }
      let hash = Hash.sha256(bytes)
      hashes.append(hash)
      let group: Group
      if layers.insert(entry.layer).inserted {
        group = try parameters.createGroup(entry.layer)
      } else {
        group = try parameters.group(entry.layer)
      }
      let dataset = try group.createDataset(
        entry.name, datatype: tensor.type.datatype, shape: tensor.shape, options: options(for: tensor))
      try dataset.writeBytes(bytes)
      try dataset.setAttribute("axes", to: entry.axes.map(\.rawValue).joined(separator: ","))
      if !entry.gates.isEmpty { try dataset.setAttribute("gates", to: entry.gates.joined(separator: " ")) }
      try dataset.setAttribute("sha256", to: hash)
      if tensor.type == .bfloat16 { try dataset.setAttribute("encoding", to: "bfloat16") }
    }
    return hashes
  }

  /// Chunks of about one megabyte along the first dimensions.
  private func options(for tensor: TensorDescription) -> DatasetOptions {
    guard compresses, tensor.count > 0 else { return DatasetOptions() }
    var chunk = tensor.shape
    for axis in chunk.indices where chunk.reduce(tensor.type.size, *) > 1 << 20 {
      let others = chunk.reduce(tensor.type.size, *) / chunk[axis]
      chunk[axis] = max(1, (1 << 20) / others)
    }
    return DatasetOptions(chunk: chunk, deflate: 6, shuffle: true, fletcher32: true)
  }

  private func write(_ history: History, in root: borrowing Group) throws(HDF5Error) {
    guard !history.columns.isEmpty else { return }
    let group = try root.createGroup("history")
    for (name, column) in history.columns.sorted(by: { $0.key < $1.key }) {
      switch column {
      case .integers(let values): try write(values, as: name, in: group)
      case .reals(let values): try write(values, as: name, in: group)
      }
    }
  }

  private func write(_ proof: Proof, in root: borrowing Group) throws(HDF5Error) {
    let group = try root.createGroup("proof")
    try group.setAttribute("computed_by", to: proof.computedBy)
    try group.setAttribute("tolerance", to: proof.tolerance)
    try group.setAttribute("tolerance_float64", to: proof.toleranceFloat64)
    switch proof.inputs {
    case .tokens(let tokens): try write(tokens, as: "inputs", in: group)
    case .features(let values, let width):
      try group.createDataset("inputs", of: Double.self, shape: [proof.inputs.count, width]).write(values)
    }
    try write(proof.tokens, as: "tokens", in: group)
    let dataset = try group.createDataset(
      "log_probabilities", of: Double.self, shape: [proof.inputs.count, proof.tokens.count])
    try dataset.write(proof.logProbabilities)
  }
}

extension TensorType {
  var datatype: Datatype {
    switch self {
    case .float64: .float(bits: 64)
    case .float32: .float(bits: 32)
    case .float16: .float(bits: 16)
    case .bfloat16: .integer(bits: 16, signed: false)
    case .uint32: .integer(bits: 32, signed: false)
    case .uint64: .integer(bits: 64, signed: false)
    }
  }

  init?(_ datatype: Datatype) {
    switch datatype {
    case .float(bits: 64): self = .float64
    case .float(bits: 32): self = .float32
    case .float(bits: 16): self = .float16
    case .integer(bits: 16, signed: false): self = .bfloat16
    case .integer(bits: 32, signed: false): self = .uint32
    case .integer(bits: 64, signed: false): self = .uint64
    default: return nil
    }
  }
}
