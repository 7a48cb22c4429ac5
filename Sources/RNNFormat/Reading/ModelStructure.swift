import HDF5
import RNNModel

/// A model file's structure: everything but the tensors' values, checked.
///
/// Opening and validating share this: what validates also opens.
struct ModelStructure {
  var header = ModelHeader()
  /// nil if the documents are too broken to be used.
  var document: ModelDocument?
  /// In the order of the architecture's table; complete if there are no errors.
  var tensors: [TensorDescription] = []
  /// The hashes that the file gives for its tensors, by path.
  var hashes: [String: String] = [:]
  /// How far an unfinished training has come; nil if the file carries none.
  var trainingProgress: JSONValue?
  /// All objects of the file.
  var objects: [ObjectDescription] = []

  /// Reads and checks the structure; nil if the file is not of this format, for newer readers only, or outside the HDF5
  /// profile.
  init?(reading file: borrowing File, _ findings: inout Findings) {
    guard file.start == 0 else {
      // Behind a block of another program, two readers may take two files for one.
      findings.add("hdf5.refused", at: "/", "the file does not begin with the signature of HDF5")
      return nil
    }
    let isKnown = Self.checkVersion(file.root, &findings)
    do {
      objects = try file.objects()
      try ProfileCheck.run(file.root, objects: objects)
      guard isKnown else { return nil }
      try LayoutCheck.run(file.root, objects: objects, &findings)
    } catch {
      findings.add(error)
      return nil
    }
    let reader = StructureReader(objects: objects)
    header = StructureReader.header(file.root)
    document = reader.document(file.root, &findings)
    trainingProgress = reader.trainingProgress(file.root, &findings)
    Self.checkFeatures(file.root, header, document, &findings)
    if let architecture = document?.architecture {
      (tensors, hashes) = reader.tensors(of: architecture, in: file.root, &findings)
    }
  }

  /// Whether the file is of this format, and this reader new enough for it.
  private static func checkVersion(_ root: borrowing Group, _ findings: inout Findings) -> Bool {
    guard root.text("format") == "rnn-h5" else {
      findings.add(
        "version.format", at: "/@format",
        "this is an HDF5 file, but not of the format rnn-h5: it was written by another program")
      return false
    }
    if let needed = root.text("minimum_reader_version").flatMap({ Version($0) }), needed > Version.current {
      findings.add(
        "version.newer", at: "/@minimum_reader_version",
        "the file needs a reader of version \(needed) of the format, but this is \(Generator.text), "
          + "which reads version \(Version.current): use a newer one")
      return false
    }
    let unknown = (root.text("required_features") ?? "").split(separator: " ").map(String.init)
      .filter { LayoutSchema.current.features[$0] == nil }
    if !unknown.isEmpty {
      findings.add(
        "version.feature", at: "/@required_features",
        "the file needs \(unknown.map { "'\($0)'" }.joined(separator: ", ")), which \(Generator.text) does not know: "
          + "use a newer one")
      return false
    }
    return true
  }

  /// Holds what the model uses against what the file says that it uses.
  private static func checkFeatures(
    _ root: borrowing Group, _ header: ModelHeader, _ document: ModelDocument?, _ findings: inout Findings
  ) {
    guard root.text("required_features") != nil else { return }
    var used = Set(document?.architecture.features ?? [])
    if (try? root.group("vocabulary"))?.text("kind") == "bpe" { used.insert("bpe") }
    if (try? root.dataset("vocabulary/specials")) != nil { used.insert("special-tokens") }
    if (try? root.group("labels")) != nil { used.insert("labels") }
    for feature in used.subtracting(header.requiredFeatures).sorted() {
      findings.add("features.missing", at: "/@required_features", "the model uses '\(feature)', which is not named")
    }
    guard let needed = Version(header.minimumReaderVersion) else { return }
    for feature in Set(header.requiredFeatures).sorted() {
      if let since = LayoutSchema.current.features[feature], needed < since {
        findings.add(
          "features.version", at: "/@minimum_reader_version", "is older than '\(feature)', which came with \(since)")
      }
    }
  }
}
