import RNNFormat

/// Writes a model file of an older version of the format anew.
///
/// Every version stays readable, so nobody has to; what was written anew carries the specification and the schemas of the present version.
public enum Migration {
  /// What a migration did.
  public struct Report: Hashable, Sendable {
    /// The version that the file was written to before.
    public let from: String
    /// The version that it is written to now; the same if there was nothing to do.
    public let to: String
    /// The identity of the model, the same before and after.
    public let modelID: String
  }

  /// Migrates a file.
  ///
  /// The state of an unfinished training stays in it, compressed tensors stay compressed, and the lineage says what happened.
  ///
  /// - Parameters:
  ///   - source: the file.
  ///   - destination: where the new file goes; it may be the old one, which is replaced all at once. Nothing is written if the file has the
  ///     present version or a newer one.
  /// - Throws: `FormatError`, ``ConversionError/wouldLose(file:objects:)``, ``ConversionError/notTheSame(file:expected:found:)``; the
  ///   destination is as it was then.
  public static func run(_ source: String, to destination: String) throws -> Report {
    let file = try ModelFile(opening: source)
    let from = file.header.formatVersion
    // A file of a newer version may hold what this one knows nothing of.
    guard let version = Version(from), version < Version.current else {
      return Report(from: from, to: from, modelID: file.header.modelID)
    }
    // What was changed would get hashes of its own, and what has no name here would be lost.
    try file.checkContent()
    let unknown = file.unnamed.filter { !$0.hasSuffix("@DIMENSION_LABELS") }
    guard unknown.isEmpty else { throw ConversionError.wouldLose(file: source, objects: unknown) }
    let to = "\(Version.current)"
    let report = Report(from: from, to: to, modelID: file.header.modelID)
    var document = file.document
    document.lineage.append([
      "event": "migrated", "by": .string(Generator.text), "model_id": .string(file.header.modelID),
      "note": .string("from rnn-h5 \(from) to \(to)"),
    ])
    let isCompressed = file.tensors.contains { file.isChunked($0) }
    let state = try file.trainingState()
    try AtomicFile.replace(destination) { temporary in
      let found = try ModelWriter(compresses: isCompressed).write(
        document, tensors: file, trainingState: state, creating: temporary, for: destination)
      guard found == file.header.modelID else {
        throw ConversionError.notTheSame(file: destination, expected: file.header.modelID, found: found)
      }
      let findings = try Validator.validate(temporary, level: .hashes).findings
      guard !findings.contains(where: { $0.severity == .error }) else {
        throw FormatError.invalid(file: destination, findings: findings)
      }
    }
    return report
  }
}
