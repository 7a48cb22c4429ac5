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
    /// What became of each tensor: its name in the source, in the destination, its type and shape.
    public let tensors: [(source: String, destination: String, description: TensorDescription)]
    /// What the destination does not have: objects of the source, by path.
    public let lost: [String]
    /// What it changed that the parameters are stored as another type; nil if that lost nothing.
    public let rounding: Rounding?
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
    guard let from = try from ?? ModelFormat(of: source) else { throw ConversionError.unknownFormat(file: source) }
    guard let to = to ?? ModelFormat(fileName: destination) else {
      throw ConversionError.unknownFormat(file: destination)
    }
    switch from {
    case .rnnH5:
      let file = try ModelFile(opening: source, through: quarantine)
      // What is written gets hashes of its own: then nobody could see any more that the source has been changed.
      try file.checkContent()
      // The state of a training belongs to the file that it goes on with, not to the model.
      let lost = (file.trainingProgress == nil ? [] : ["/training_state"]) + file.unnamed
      let document = file.document
      return try convert(document, consume file, source: source, from, to, destination, lost: lost)
    case .safetensors:
      let file = try FlatModelSource(try SafetensorsFile(opening: source))
      try file.checkIdentity()
      let document = file.document
      return try convert(document, consume file, source: source, from, to, destination)
    case .npz:
      #if NPZ
        let file = try FlatModelSource(try NPZFile(opening: source))
        try file.checkIdentity()
        let document = file.document
        return try convert(document, consume file, source: source, from, to, destination)
      #else
        throw ConversionError.unavailable(.npz)
      #endif
    }
  }

  private func convert<Source: TensorSource & ~Copyable>(
    _ document: ModelDocument, _ tensors: consuming Source, source: String, _ from: ModelFormat, _ to: ModelFormat,
    _ destination: String, lost: [String] = []
  ) throws -> Report {
    // A model file has been checked already.
    if from != .rnnH5 {
      let violation = try document.violation(tensors: tensors.tensors) ?? document.violation(numbers: tensors)
      if let violation { throw ConversionError.malformed(file: source, place: "the model", reason: violation) }
    }
    guard let type, tensors.tensors.contains(where: { $0.type != type }) else {
      // The same model in the same format, perhaps compressed: nothing has happened that would have to be told.
      let isCopy = from == to && lost.isEmpty
      return try write(document, tensors, source: source, from, to, destination, lost: lost, isCopy: isCopy)
    }
    let isRounded = tensors.tensors.contains { !type.holds($0.type) }
    let before = isRounded ? try scored(document, tensors) : nil
    let stored = StoredAs(type, tensors)
    guard isRounded else { return try write(document, stored, source: source, from, to, destination, lost: lost) }
    let values = try stored.tensors.flatMap {
      LittleEndian.values(try stored.bytes(of: $0), type: type, as: Double.self)
    }
    let rounding = Rounding(
      type: type,
      proofDifference: document.proof?.largestDifference(architecture: document.architecture, values: values),
      before: before, after: try scored(document, stored))
    var rounded = document
    rounded.proof = document.proof?.answered(architecture: document.architecture, values: values)
    rounded.lineage.append(rounding.event(modelID: try ModelIdentity.identify(document, tensors: stored)))
    return try write(rounded, stored, source: source, from, to, destination, lost: lost, rounding)
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
      try Model(architecture: document.architecture, parameters: parameters, vocabulary: document.vocabulary))
  }

  private func write<Source: TensorSource & ~Copyable>(
    _ original: ModelDocument, _ tensors: borrowing Source, source: String, _ from: ModelFormat, _ to: ModelFormat,
    _ destination: String, lost: [String], _ rounding: Rounding? = nil, isCopy: Bool = false
  ) throws -> Report {
    let identity = try ModelIdentity.identify(original, tensors: tensors)
    let report = Report(
      from: from, to: to, modelID: identity,
      tensors: tensors.tensors.map { ($0.name(in: from), $0.name(in: to), $0) }, lost: lost,
      rounding: rounding)
    guard ModelFormat.available.contains(to) else { throw ConversionError.unavailable(to) }
    if isDryRun { return report }
    var document = original
    if !isCopy {
      document.lineage.append(
        .object(omittingNil: [
          "event": "converted", "by": .string(Generator.text), "model_id": .string(identity),
          "source": ["format": .string(from.rawValue), "sha256": .string(try sha256(of: source))],
          "lost": lost.isEmpty ? nil : .array(lost.map { .string($0) }),
        ]))
    }
    try AtomicFile.replace(destination) { temporary in
      do {
        switch to {
        case .rnnH5: try writer.write(document, tensors: tensors, creating: temporary, for: destination)
        case .safetensors:
          try SafetensorsWriter.write(document, identity: identity, tensors: tensors, creating: temporary)
        case .npz:
          #if NPZ
            try NPZWriter.write(document, identity: identity, tensors: tensors, creating: temporary)
          #endif
        }
      } catch FormatError.cannotWrite(_, let reason) {
        // The user knows the destination, not the temporary file beside it.
        throw FormatError.cannotWrite(file: destination, reason: reason)
      }
      let found = try Self.identify(temporary, to)
      guard found == identity else {
        throw ConversionError.notTheSame(file: destination, expected: identity, found: found)
      }
    }
    return report
  }

  /// Reads a file back and computes its identity from its own bytes.
  private static func identify(_ path: String, _ format: ModelFormat) throws -> String {
    switch format {
    case .rnnH5:
      let file = try ModelFile(opening: path)
      return try ModelIdentity.identify(file.document, tensors: file)
    case .safetensors:
      let file = try FlatModelSource(try SafetensorsFile(opening: path))
      return try ModelIdentity.identify(file.document, tensors: file)
    case .npz:
      #if NPZ
        let file = try FlatModelSource(try NPZFile(opening: path))
        return try ModelIdentity.identify(file.document, tensors: file)
      #else
        throw ConversionError.unavailable(.npz)
      #endif
    }
  }

  private func sha256(of path: String) throws -> String {
    let file = try InputFile(opening: path)
    var hash = Hash.Stream()
    var offset = 0
    while offset < file.size {
      let block = try file.read(at: offset, count: 8 << 20, orFewer: true)
      hash.update(block)
      offset += block.count
    }
    return hash.finish()
  }
}

extension TensorDescription {
  fileprivate func name(in format: ModelFormat) -> String {
    format == .rnnH5 ? "/parameters/\(path)" : FlatModel.name(of: self)
  }
}
