import Foundation
import RNNFormat

/// Receipts of evaluations in a model file.
enum StoredReceipts {
  /// Adds receipts to a file, which is replaced all at once; the model stays the same. One with the same protocol, text and adaptation is replaced.
  ///
  /// - Returns: the signature beside the file that is void now, if there is one.
  /// - Throws: `FormatError`, `Failure`.
  static func add(_ receipts: [JSONValue], to path: String) throws -> String? {
    let file = try Input.model(path)
    // What was changed would get hashes of its own, and what has no name here would be lost.
    try file.checkContent()
    guard file.unnamed.isEmpty else {
      throw Failure(
        "'\(path.printable)' holds what the format does not name and a new file would not have: \(file.unnamed.joined(separator: ", ").printable); no receipt was stored",
        code: Failure.refused)
    }
    var document = file.document
    var metadata = document.metadata.object ?? [:]
    var evaluation = metadata["evaluation"]?.object ?? [:]
    let kept = (evaluation["receipts"]?.array ?? []).filter { old in
      !receipts.contains { identity(of: $0) == identity(of: old) }
    }
    evaluation["receipts"] = .array(kept + receipts)
    metadata["evaluation"] = .object(evaluation)
    document.metadata = .object(metadata)
    let state = try file.trainingState()
    let isCompressed = file.tensors.contains { file.isChunked($0) }
    try AtomicFile.replace(path) { temporary in
      let found = try ModelWriter(compresses: isCompressed).write(
        document, tensors: file, trainingState: state, creating: temporary, for: path)
      guard found == file.header.modelID else {
        throw Failure("the model in '\(path.printable)' is not the one it says: no receipt was stored", code: 1)
      }
    }
    let signature = SignCommand.signaturePath(of: path)
    return FileManager.default.fileExists(atPath: signature) ? signature : nil
  }

  /// What makes two receipts ones of the same evaluation.
  private static func identity(of receipt: JSONValue) -> [JSONValue?] {
    [receipt["protocol"], receipt["corpus_sha256"], receipt["adaptation"]]
  }
}
