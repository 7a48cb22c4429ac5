import NGram
import RNNFormat
import RNNModel

/// A model of any format, open for reading: its documents are in memory, its tensors are read on request.
///
/// What a file of another framework does not say is assumed as for a conversion.
public final class OpenedModel: TensorSource {
  /// Where a tensor lies in the file.
  public struct Place: Hashable, Sendable {
    /// What it is made of, in a file of another framework: arrays of the file.
    public var formula: String?
    /// The place of its first byte; nil if it is not known, or does not lie there in one piece.
    public var offset: Int?
    /// The bytes that it takes in the file.
    public var storedBytes: Int?
    /// The hash that the file gives for it.
    public var sha256: String?
  }

  /// The path that was opened.
  public let path: String
  /// The format of the file.
  public let format: ModelFormat
  /// The size of the file in bytes.
  public let size: Int
  /// What an rnn-h5 file says about itself; nil for other formats.
  public let header: ModelHeader?
  /// Everything but the parameters.
  public let document: ModelDocument
  /// The parameters, in the order of the architecture's table.
  public let tensors: [TensorDescription]
  /// Where they lie, in the same order.
  public let places: [Place]
  /// How far an unfinished training has come; nil if the file carries none.
  public let trainingProgress: JSONValue?
  /// Whether the file carries the project's documents, so that nothing about the model is open.
  public let isWhole: Bool
  /// The identity that the file states; nil where it states none.
  public let statedIdentity: String?
  /// What the file does not say.
  public let assumptions: [Assumption]
  /// What in the file does not become a part of the model.
  public let left: [LeftBehind]

  private let reader: any TensorReader

  /// Takes a model file that is open.
  public init(_ file: consuming ModelFile) {
    path = file.path
    format = .rnnH5
    size = file.size
    header = file.header
    document = file.document
    tensors = file.tensors
    var places: [Place] = []
    for tensor in file.tensors {
      places.append(
        Place(
          offset: file.offset(of: tensor), storedBytes: file.storedSize(of: tensor), sha256: file.sha256(of: tensor)))
    }
    self.places = places
    trainingProgress = file.trainingProgress
    statedIdentity = file.header.modelID
    isWhole = true
    assumptions = []
    left = []
    reader = TensorBox(file)
  }

  /// Opens a file of another format than rnn-h5. No values are read, but of what says how the layers are connected.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - format: its format.
  ///   - choices: what the user says about what the file does not say.
  /// - Throws: ``ConversionError``, `FormatError`.
  public convenience init(opening path: String, as format: ModelFormat, choices: ImportChoices = ImportChoices()) throws
  {
    switch format {
    case .rnnH5: self.init(try ModelFile(opening: path, through: choices.quarantine))
    case .safetensors where try SafetensorsFile(opening: path).isWhole:
      try self.init(whole: try SafetensorsFile(opening: path), format)
    #if NPZ
      case .npz where try NPZFile(opening: path).isWhole: try self.init(whole: try NPZFile(opening: path), format)
    #endif
    default:
      guard let importer = format.importer else { throw ConversionError.unavailable(format) }
      try self.init(try importer.read(path, choices: choices), path, format)
    }
  }

  private convenience init<File: ArrayFile & ~Copyable>(whole file: consuming File, _ format: ModelFormat) throws {
    let path = file.path
    let source = try FlatModelSource(file)
    let (document, tensors, identity) = (source.document, source.tensors, source.identity)
    try self.init(
      path, format, document, tensors, places: tensors.map { Place(formula: FlatModel.name(of: $0)) },
      isWhole: true, identity, reader: TensorBox(source))
  }

  private convenience init(_ model: ImportedModel, _ path: String, _ format: ModelFormat) throws {
    try self.init(
      path, format, model.document, model.tensors, places: model.formulas.map { Place(formula: $0.description) },
      isWhole: false, nil, model.assumptions, model.left, reader: TensorBox(model))
  }

  private init(
    _ path: String, _ format: ModelFormat, _ document: ModelDocument, _ tensors: [TensorDescription], places: [Place],
    isWhole: Bool, _ identity: String?, _ assumptions: [Assumption] = [], _ left: [LeftBehind] = [],
    reader: any TensorReader
  ) throws {
    if let violation = document.violation(tensors: tensors) {
      throw ConversionError.malformed(file: path, place: "the model", reason: violation)
    }
    self.path = path
    self.format = format
    size = try InputFile(opening: CheckpointPlace.file(path)).size
    header = nil
    self.document = document
    self.tensors = tensors
    self.places = places
    trainingProgress = nil
    self.isWhole = isWhole
    statedIdentity = identity
    self.assumptions = assumptions
    self.left = left
    self.reader = reader
  }

  /// The values of a tensor, little-endian and row-major.
  ///
  /// - Throws: ``ConversionError``, `FormatError`.
  public func bytes(of tensor: TensorDescription) throws -> [UInt8] { try reader.bytes(of: tensor) }

  /// The number of parameters.
  public var parameterCount: Int { tensors.reduce(0) { $0 + $1.count } }

  /// Reads the model, as float32.
  ///
  /// - Throws: ``ConversionError``, `FormatError`, also for numbers that are not finite.
  public func loadModel() throws -> Model {
    try document.architecture.requireNetwork()
    var values: [Float] = []
    values.reserveCapacity(parameterCount)
    for tensor in tensors {
      let read = LittleEndian.values(try bytes(of: tensor), type: tensor.type, as: Float.self)
      guard read.count == tensor.count, read.allSatisfy({ $0.isFinite }) else {
        throw ConversionError.malformed(
          file: path, place: tensor.path, reason: "a value is infinite, not a number, or too large for float32")
      }
      values += read
    }
    return try Model(
      architecture: document.architecture,
      parameters: Parameters(table: ParameterTable(document.architecture), values: values),
      vocabulary: document.vocabulary, labels: document.labels)
  }
}

extension OpenedModel {
  /// Reads a model of whatever family, to be used as one of language.
  ///
  /// - Throws: as ``loadModel()``, and for tables of n-grams that are not those of a model.
  public func loadLanguageModel() throws -> any LanguageModelSource {
    guard let table = document.architecture.ngram else { return try loadModel() }
    let form = try NGramForm(table, description: NGramDescription(of: table), tensors: self)
    do {
      return NGramLanguageSource(try NGramModel(form), vocabulary: document.vocabulary)
    } catch {
      throw ConversionError.malformed(file: path, place: table.name, reason: "\(error)")
    }
  }
}

/// A source of tensors whose type does not matter any more.
private protocol TensorReader: AnyObject {
  func bytes(of tensor: TensorDescription) throws -> [UInt8]
}

/// A source of tensors that may be one that cannot be copied.
private final class TensorBox<Source: TensorSource & ~Copyable>: TensorReader {
  private let source: Source

  init(_ source: consuming Source) { self.source = source }

  func bytes(of tensor: TensorDescription) throws -> [UInt8] { try source.bytes(of: tensor) }
}
