import RNNFormat
import RNNModel

extension Converter {
  /// What is known of the source, beside the model.
  struct Origin {
    var path: String
    var format: ModelFormat
    /// Where each tensor comes from, in their order.
    var places: [String]
    /// What in the file does not become a part of the model.
    var left: [String] = []
    var assumptions: [Assumption] = []
    /// Whether every number of the model is one of the file's.
    var isExact = true
  }

  /// Writes the model to a format that holds all of it.
  func write<Source: TensorSource & ~Copyable>(
    _ original: ModelDocument, _ tensors: borrowing Source, _ origin: Origin, to: ModelFormat, _ destination: String,
    _ rounding: Rounding? = nil, isCopy: Bool = false
  ) throws -> Report {
    let identity = try ModelIdentity.identify(original, tensors: tensors)
    var report = Report(
      from: origin.format, to: to, modelID: identity,
      tensors: zip(origin.places, tensors.tensors).map { ($0, $1.name(in: to), $1) }, assumptions: origin.assumptions,
      lost: origin.left, rounding: rounding)
    report.vocabulary = original.vocabulary
    if isLossless { try requireNothingLost(report.lost, isExact: origin.isExact && rounding == nil, destination) }
    guard to.canWrite else { throw ConversionError.unavailable(to) }
    try approve?(report)
    if isDryRun { return report }
    let check = OutputCheck(for: original.architecture)
    let expected = try check.outputs(of: original.architecture, tensors)
    var document = original
    if !isCopy {
      document.lineage.append(
        .object(omittingNil: [
          "event": "converted", "by": .string(Generator.text), "model_id": .string(identity),
          "source": ["format": .string(origin.format.rawValue), "sha256": .string(try sha256(of: origin.path))],
          "lost": origin.left.isEmpty ? nil : .array(origin.left.map { .string($0) }),
          "assumed": origin.assumptions.isEmpty ? nil : .array(origin.assumptions.map { .string($0.text) }),
          // Nothing else can be in the file: it is only put in its place if the difference is none.
          "check": [
            "sequences": .integer(OutputCheck.sequenceCount), "steps": .integer(check.steps), "largest_difference": 0,
          ],
        ]))
    }
    try AtomicFile.replace(destination) { temporary in
      do {
        switch to {
        case .safetensors:
          try SafetensorsWriter.write(document, identity: identity, tensors: tensors, creating: temporary)
        case .npz:
          #if NPZ
            try NPZWriter.write(document, identity: identity, tensors: tensors, creating: temporary)
          #endif
        default: try writer.write(document, tensors: tensors, creating: temporary, for: destination)
        }
      } catch FormatError.cannotWrite(_, let reason) {
        // The user knows the destination, not the temporary file beside it.
        throw FormatError.cannotWrite(file: destination, reason: reason)
      }
      let (found, outputs) = try Self.readBack(temporary, to, check)
      guard found == identity else {
        throw ConversionError.notTheSame(file: destination, expected: identity, found: found)
      }
      report.difference = OutputCheck.largestDifference(expected, outputs)
      guard report.difference == 0 else {
        throw ConversionError.differs(file: destination, by: report.difference ?? .infinity, tolerance: 0)
      }
    }
    return report
  }

  /// Lays the model out for another framework, and reads it back with the importer of that framework.
  func export<Source: TensorSource & ~Copyable>(
    _ document: ModelDocument, _ tensors: borrowing Source, _ origin: Origin, to: ModelFormat, _ destination: String,
    _ rounding: Rounding? = nil
  ) throws -> Report {
    guard let exporter = to.exporter, let importer = to.importer else { throw ConversionError.unavailable(to) }
    let export = try exporter.init(document, tensors.tensors)
    let places = Dictionary(
      zip(tensors.tensors.map(\.path), origin.places), uniquingKeysWith: { first, _ in first })
    var report = Report(
      from: origin.format, to: to, modelID: try ModelIdentity.identify(document, tensors: tensors),
      tensors: export.arrays.map { array in
        let operands = array.formula.operands.map { places[$0] ?? $0 }
        let steps =
          origin.format.isWhole ? "\(array.formula)" : "\(array.formula) (\(operands.joined(separator: "; ")))"
        return (
          steps, array.name,
          TensorDescription(
            path: array.name, type: array.formula.type.tensorType ?? .float64, shape: array.formula.shape)
        )
      }, assumptions: origin.assumptions,
      lost: origin.left + export.lost + (document.labels == nil ? [] : ["the names of the outputs"]), rounding: rounding
    )
    report.vocabulary = document.vocabulary
    report.loader = export.program ?? export.companion?.canonical
    if isLossless {
      let isExact = origin.isExact && rounding == nil && export.arrays.allSatisfy(\.formula.isExact)
      try requireNothingLost(report.lost, isExact: isExact, destination)
    }
    try approve?(report)
    if isDryRun { return report }
    let check = OutputCheck(for: document.architecture)
    let expected = try check.outputs(of: document.architecture, tensors)
    try AtomicFile.replace(destination) { temporary in
      do {
        try export.write(tensors, creating: temporary)
      } catch FormatError.cannotWrite(_, let reason) {
        throw FormatError.cannotWrite(file: destination, reason: reason)
      }
      var choices = ImportChoices(expecting: document.architecture)
      choices.architecture = export.companion
      let found = try importer.read(temporary, choices: choices)
      let architecture = found.document.architecture
      guard architecture.size == document.architecture.size, architecture.input == document.architecture.input else {
        throw ConversionError.notTheSame(
          file: destination, expected: "\(document.architecture.size) inputs", found: "\(architecture.size) inputs")
      }
      let difference = OutputCheck.largestDifference(expected, try check.outputs(of: architecture, found))
      report.difference = difference
      guard difference <= OutputCheck.tolerance else {
        throw ConversionError.differs(file: destination, by: difference, tolerance: OutputCheck.tolerance)
      }
    }
    return report
  }

  private func requireNothingLost(_ lost: [String], isExact: Bool, _ destination: String) throws {
    let all = lost + (isExact ? [] : ["the exact values of the parameters, some of which are rounded or added up"])
    guard all.isEmpty else { throw ConversionError.notLossless(file: destination, lost: all) }
  }

  /// Reads a file back, computes its identity from its own bytes, and runs it.
  private static func readBack(
    _ path: String, _ format: ModelFormat, _ check: OutputCheck
  ) throws -> (identity: String, outputs: [Float]) {
    func answer<Source: TensorSource & ~Copyable>(
      _ document: ModelDocument, _ source: borrowing Source
    ) throws -> (identity: String, outputs: [Float]) {
      (
        try ModelIdentity.identify(document, tensors: source),
        try check.outputs(of: document.architecture, source)
      )
    }
    switch format {
    case .safetensors:
      let file = try FlatModelSource(try SafetensorsFile(opening: path))
      return try answer(file.document, file)
    case .npz:
      #if NPZ
        let file = try FlatModelSource(try NPZFile(opening: path))
        return try answer(file.document, file)
      #else
        throw ConversionError.unavailable(.npz)
      #endif
    default:
      let file = try ModelFile(opening: path)
      return try answer(file.document, file)
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
  func name(in format: ModelFormat) -> String {
    format == .rnnH5 ? "/parameters/\(path)" : FlatModel.name(of: self)
  }
}
