import RNNFormat
import RNNModel

/// Moves whole models from one format to another, and shows that they have arrived.
public struct Converter: Sendable {
  /// What a conversion did.
  public struct Report: Sendable {
    /// The format of the source.
    public let from: ModelFormat
    /// The format of the destination.
    public let to: ModelFormat
    /// The identity of the model, the same on both sides.
    public let modelID: String
    /// What became of each tensor: where it comes from, its name in the destination, its type and shape.
    public let tensors: [(source: String, destination: String, description: TensorDescription)]
    /// What the source does not say.
    public let assumptions: [Assumption]
    /// What the destination does not have: objects of the source, and what its format cannot express.
    public let lost: [String]
    /// What it changed that the parameters are stored as another type; nil if that lost nothing.
    public let rounding: Rounding?
    /// The largest difference between what the source and the destination compute, by ``OutputCheck``; nil if nothing was written.
    public var difference: Double?
    /// The tokens of the model; nil if it has none.
    public var vocabulary: Vocabulary?
    /// What loads the file in its framework, where that needs more than the file: a program, or a configuration.
    public var loader: String?
  }

  /// The format of the source; nil to find it out.
  public var from: ModelFormat?
  /// The format of the destination; nil to take it from the name.
  public var to: ModelFormat?
  /// How rnn-h5 files are written.
  public var writer: ModelWriter
  /// Whether to read everything and write nothing.
  public var isDryRun: Bool
  /// Reads sources that are HDF5 files, in place of this process.
  public var quarantine: Quarantine?
  /// What the user says about a source that does not say it itself.
  public var choices = ImportChoices()
  /// Whether to refuse a conversion that loses anything.
  public var isLossless = false
  /// Sees what is about to be written, and throws to refuse it; the destination is as it was then.
  public var approve: (@Sendable (Report) throws -> Void)?
  /// How the parameters are to be stored; nil to leave them as they are.
  public var type: TensorType?
  /// Scores a model on a text, to say what it cost that its parameters were rounded; nil to compare only the proof's numbers.
  public var score: (@Sendable (Model) throws -> Score)?

  /// Makes a converter.
  public init(
    from: ModelFormat? = nil, to: ModelFormat? = nil, writer: ModelWriter = ModelWriter(), isDryRun: Bool = false,
    quarantine: Quarantine? = nil, type: TensorType? = nil, score: (@Sendable (Model) throws -> Score)? = nil
  ) {
    self.from = from
    self.to = to
    self.writer = writer
    self.isDryRun = isDryRun
    self.quarantine = quarantine
    self.type = type
    self.score = score
  }

  /// Converts a file.
  ///
  /// The destination is written beside its place, read back, and only put there if it is the same model.
  ///
  /// - Throws: ``ConversionError``, `FormatError`; the destination is as it was then.
  @discardableResult
  public func convert(_ source: String, to destination: String) throws -> Report {
    let source = try CheckpointPlace.file(source)
    guard let from = try from ?? ModelFormat(of: source, through: quarantine) else {
      throw ConversionError.unknownFormat(file: source)
    }
    guard let to = to ?? ModelFormat(fileName: destination) else {
      throw ConversionError.unknownFormat(file: destination)
    }
    switch from {
    case .rnnH5:
      let file = try ModelFile(opening: source, through: quarantine)
      // What is written gets hashes of its own: then nobody could see any more that the source has been changed.
      try file.checkContent()
      // The state of a training belongs to the file that it goes on with, not to the model.
      let left = (file.trainingProgress == nil ? [] : ["/training_state"]) + file.unnamed
      let origin = Origin(
        path: source, format: from, places: file.tensors.map { $0.name(in: from) }, left: left)
      let document = file.document
      return try convert(document, consume file, origin, to, destination)
    case .safetensors where try SafetensorsFile(opening: source).isWhole:
      return try convert(whole: try SafetensorsFile(opening: source), from, to, destination)
    #if NPZ
      case .npz where try NPZFile(opening: source).isWhole:
        return try convert(whole: try NPZFile(opening: source), from, to, destination)
    #endif
    default:
      guard let importer = from.importer else { throw ConversionError.unavailable(from) }
      var choices = choices
      choices.quarantine = quarantine
      let model = try importer.read(source, choices: choices)
      var document = model.document
      try Self.check(document, model, source)
      document.proof = try Proof(architecture: document.architecture, tensors: model)
      let origin = Origin(
        path: source, format: from, places: model.formulas.map(\.description),
        left: model.left.map { "\($0.name) (\($0.reason))" }, assumptions: model.assumptions,
        isExact: model.formulas.allSatisfy(\.isExact))
      return try convert(document, model, origin, to, destination)
    }
  }

  /// Whether a file carries the project's documents, so that nothing about its model is open.
  ///
  /// - Throws: ``ConversionError`` for a file that cannot be read.
  public func isWhole(_ source: String) throws -> Bool {
    let source = try CheckpointPlace.file(source)
    switch try from ?? ModelFormat(of: source) {
    case .rnnH5: return true
    case .safetensors: return try SafetensorsFile(opening: source).isWhole
    #if NPZ
      case .npz: return try NPZFile(opening: source).isWhole
    #endif
    default: return false
    }
  }

  /// Converts a file that carries the project's documents.
  private func convert<File: ArrayFile & ~Copyable>(
    whole file: consuming File, _ from: ModelFormat, _ to: ModelFormat, _ destination: String
  ) throws -> Report {
    let path = file.path
    let source = try FlatModelSource(consume file)
    try source.checkIdentity()
    let document = source.document
    try Self.check(document, source, path)
    let origin = Origin(path: path, format: from, places: source.tensors.map { $0.name(in: from) })
    return try convert(document, consume source, origin, to, destination)
  }

  private static func check<Source: TensorSource & ~Copyable>(
    _ document: ModelDocument, _ tensors: borrowing Source, _ path: String
  ) throws {
    let violation = try document.violation(tensors: tensors.tensors) ?? document.violation(numbers: tensors)
    if let violation { throw ConversionError.malformed(file: path, place: "the model", reason: violation) }
  }

  private func convert<Source: TensorSource & ~Copyable>(
    _ document: ModelDocument, _ tensors: consuming Source, _ origin: Origin, _ to: ModelFormat, _ destination: String
  ) throws -> Report {
    func write<Stored: TensorSource & ~Copyable>(
      _ document: ModelDocument, _ tensors: borrowing Stored, _ rounding: Rounding? = nil, isCopy: Bool = false
    ) throws -> Report {
      if to.isWhole {
        return try self.write(document, tensors, origin, to: to, destination, rounding, isCopy: isCopy)
      }
      return try export(document, tensors, origin, to: to, destination, rounding)
    }
    guard let type, tensors.tensors.contains(where: { $0.type != type && TensorType.reals.contains($0.type) }) else {
      // The same model in the same format, perhaps compressed: nothing has happened that would have to be told.
      return try write(document, tensors, isCopy: origin.format == to && origin.left.isEmpty)
    }
    let isRounded = tensors.tensors.contains { TensorType.reals.contains($0.type) && !type.holds($0.type) }
    let before = isRounded ? try scored(document, tensors) : nil
    let stored = StoredAs(type, tensors)
    guard isRounded else { return try write(document, stored) }
    let values = try stored.tensors.flatMap {
      LittleEndian.values(try stored.bytes(of: $0), type: $0.type, as: Double.self)
    }
    let rounding = Rounding(
      type: type,
      proofDifference: document.proof?.largestDifference(architecture: document.architecture, values: values),
      before: before, after: try scored(document, stored))
    var rounded = document
    rounded.proof = document.proof?.answered(architecture: document.architecture, values: values)
    rounded.lineage.append(rounding.event(modelID: try ModelIdentity.identify(document, tensors: stored)))
    return try write(rounded, stored, rounding)
  }

  private func scored<Source: TensorSource & ~Copyable>(
    _ document: ModelDocument, _ tensors: borrowing Source
  ) throws -> Score? {
    guard let score else { return nil }
    let values = try tensors.tensors.flatMap {
      LittleEndian.values(try tensors.bytes(of: $0), type: $0.type, as: Float.self)
    }
    let parameters = Parameters(table: ParameterTable(document.architecture), values: values)
    return try score(
      try Model(
        architecture: document.architecture, parameters: parameters, vocabulary: document.vocabulary,
        labels: document.labels))
  }
}
