import HDF5
import RNNModel

/// Reads the documents and small arrays of a model file, and reports all that is wrong with them.
struct StructureReader {
  let objects: [String: ObjectDescription]

  init(objects: [ObjectDescription]) {
    self.objects = Dictionary(objects.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
  }

  static func header(_ root: borrowing Group) -> ModelHeader {
    func text(_ name: String) -> String { root.text(name) ?? "" }
    return ModelHeader(
      formatVersion: text("format_version"), minimumReaderVersion: text("minimum_reader_version"),
      requiredFeatures: text("required_features").split(separator: " ").map(String.init),
      generator: text("generator"), modelID: text("model_id"), contentID: text("content_id"))
  }

  /// Everything but the parameters; nil if there is no architecture to work with.
  func document(_ root: borrowing Group, _ findings: inout Findings) -> ModelDocument? {
    let architecture = architecture(root, &findings)
    let metadata = json(root, "/metadata", schema: "metadata.schema.json", &findings) ?? .object([:])
    let lineage = json(root, "/lineage", schema: "lineage.schema.json", &findings)?.array ?? []
    let vocabulary = vocabulary(root, architecture, &findings)
    let labels = labels(root, architecture, &findings)
    let history = history(root, &findings)
    let proof = proof(root, architecture, &findings)
    if objects["/specification"] == nil {
      findings.add("specification.missing", at: "/specification", "the file does not carry its specification")
    }
    guard let architecture else { return nil }
    return ModelDocument(
      architecture: architecture, vocabulary: vocabulary, labels: labels, metadata: metadata, lineage: lineage,
      history: history, proof: proof)
  }

  /// How far an unfinished training has come; nil if the file carries none.
  func trainingProgress(_ root: borrowing Group, _ findings: inout Findings) -> JSONValue? {
    for path in objects.keys.sorted() where path.hasPrefix("/training_state/") {
      let name = String(path.dropFirst("/training_state/".count))
      if !TrainingStateDocument.isName(name) {
        findings.add("training_state.names", at: path, "its name is not one that the state of a training can have")
      }
    }
    return json(root, "/training_state/progress", schema: nil, &findings)
  }

  private func json(
    _ root: borrowing Group, _ path: String, schema: String?, _ findings: inout Findings
  ) -> JSONValue? {
    guard let object = objects[path], case .fixedString = object.datatype, object.shape.isEmpty else { return nil }
    do {
      let text = Array(try root.dataset(path).readString().utf8)
      let value = try JSONValue(parsing: text)
      if Array(value.canonical.utf8) != text {
        findings.add("json.canonical", at: path, "is not in the canonical form of RFC 8785")
      }
      for violation in schema.flatMap({ LayoutSchema.current.documents[$0] })?.violations(of: value) ?? [] {
        findings.add("json.schema", at: path + violation.pointer, violation.message)
      }
      return value
    } catch let error as JSONError {
      findings.add("json.syntax", at: path, "is not JSON: \(error)")
    } catch let error as HDF5Error {
      // A text that is not UTF-8 is a matter of JSON; everything else, of the file.
      if error.rule == .text {
        findings.add("json.syntax", at: path, "is not JSON: \(error.cause)")
      } else {
        findings.add(error)
      }
    } catch {
      findings.add("json.syntax", at: path, "is not JSON: \(error)")
    }
    return nil
  }

  private func architecture(_ root: borrowing Group, _ findings: inout Findings) -> Architecture? {
    let before = findings.all.count
    guard let json = json(root, "/architecture", schema: "architecture.schema.json", &findings) else { return nil }
    let isSound = !findings.all[before...].contains { $0.rule == "json.schema" }
    guard isSound else { return nil }
    let architecture: Architecture
    do {
      architecture = try Architecture(json: json)
    } catch {
      // The schema is satisfied: what is wrong is how the numbers fit together.
      findings.add("architecture.chain", at: "/architecture", "cannot be read: \(error)")
      return nil
    }
    let problems = architecture.problems()
    for problem in problems {
      if case .duplicateName = problem {
        findings.add("architecture.names", at: "/architecture", "\(problem)")
      } else {
        findings.add("architecture.chain", at: "/architecture", "\(problem)")
      }
    }
    return problems.isEmpty ? architecture : nil
  }

  private func vocabulary(
    _ root: borrowing Group, _ architecture: Architecture?, _ findings: inout Findings
  ) -> Vocabulary? {
    guard objects["/vocabulary"]?.kind == .group, isArray("/vocabulary/bytes"), isArray("/vocabulary/offsets"),
      objects["/vocabulary/counts"] == nil || isArray("/vocabulary/counts"),
      objects["/vocabulary/merges"] == nil || objects["/vocabulary/merges"]?.shape.count == 2,
      objects["/vocabulary/specials"] == nil || isArray("/vocabulary/specials")
    else { return nil }
    if let columns = objects["/vocabulary/merges"]?.shape[1], columns != 2 {
      findings.add("vocabulary.merges", at: "/vocabulary/merges", "has \(columns) tokens a merge, but has to have 2")
      return nil
    }
    do {
      let group = try root.group("/vocabulary")
      guard let kind = Vocabulary.Kind(rawValue: try group.stringAttribute("kind")),
        let normalisation = Vocabulary.Normalisation(rawValue: try group.stringAttribute("normalisation"))
      else { return nil }
      let bytes = try group.dataset("bytes").read(as: UInt8.self)
      let offsets = try group.dataset("offsets").read(as: UInt64.self)
      let merges = objects["/vocabulary/merges"] == nil ? nil : try group.dataset("merges").read(as: UInt32.self)
      let counts = objects["/vocabulary/counts"] == nil ? nil : try group.dataset("counts").read(as: UInt64.self)
      let specials =
        objects["/vocabulary/specials"] == nil ? nil : try group.dataset("specials").read(as: UInt32.self)
      func special(_ name: String) throws(HDF5Error) -> Int64 { try group.attribute(name, as: Int64.self) }
      let vocabulary = try Vocabulary(
        kind: kind, normalisation: normalisation, bytes: bytes, storedOffsets: offsets, counts: counts,
        unknownID: try special("unknown_id"), lineEndID: try special("line_end_id"), storedMerges: merges,
        storedSpecials: specials)
      if let violation = architecture?.violation(of: vocabulary) {
        findings.add("vocabulary.size", at: "/vocabulary", violation)
      }
      return vocabulary
    } catch let error as VocabularyError {
      findings.add(error.rule, at: "/vocabulary", "\(error)")
    } catch let error as HDF5Error {
      if !error.isReportedWithLayout { findings.add(error) }
    } catch {
      findings.add("vocabulary.kind", at: "/vocabulary", "\(error)")
    }
    return nil
  }

  /// Whether there is a dataset of one dimension; what else is there instead has been reported with the layout.
  func isArray(_ path: String) -> Bool { objects[path]?.kind == .dataset && objects[path]?.shape.count == 1 }

  private func history(_ root: borrowing Group, _ findings: inout Findings) -> History {
    var history = History()
    var lengths: [String: Int] = [:]
    for object in objects.values where object.path.hasPrefix("/history/") && isArray(object.path) {
      let name = String(object.path.dropFirst("/history/".count))
      if name.contains("/") { continue }
      lengths[name] = object.shape[0]
      do {
        let dataset = try root.dataset(object.path)
        switch dataset.datatype {
        case .integer(bits: 64, signed: true): history.columns[name] = .integers(try dataset.read(as: Int64.self))
        case .float(bits: 64): history.columns[name] = .reals(try dataset.read(as: Double.self))
        default: break
        }
      } catch {
        findings.add(error)
      }
    }
    if Set(lengths.values).count > 1 {
      let list = lengths.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
      findings.add("history.length", at: "/history", "columns differ in length: \(list)")
    }
    return history
  }

  /// The tensors of the architecture that are there, and the hashes that the file gives for them.
  func tensors(
    of architecture: Architecture, in root: borrowing Group, _ findings: inout Findings
  ) -> ([TensorDescription], hashes: [String: String]) {
    var tensors: [TensorDescription] = []
    var hashes: [String: String] = [:]
    let entries = ParameterTable(architecture).entries
    let expected = Set(entries.map { "/parameters/\($0.path)" })
    let groups = Set(entries.map { "/parameters/\($0.layer)" })
    for path in objects.keys.sorted() where path.hasPrefix("/parameters/") {
      if !expected.contains(path) && !groups.contains(path) {
        findings.add("parameters.unused", at: path, "does not belong to the architecture")
      }
    }
    for entry in entries {
      let path = "/parameters/\(entry.path)"
      guard let object = objects[path] else {
        findings.add("parameters.missing", at: path, "is missing")
        continue
      }
      // What is not a tensor at all, or of a type that the format does not have, is reported with the layout.
      guard let type = object.datatype.flatMap(TensorType.init) else { continue }
      if object.shape != entry.shape {
        findings.add(
          "parameters.shape", at: path,
          "has the shape \(ModelIdentity.shape(object.shape)), but the architecture gives it "
            + ModelIdentity.shape(entry.shape))
      }
      if !type.canHold(entry.numbers) {
        findings.add(
          "parameters.type", at: path,
          "is of \(type.rawValue), but has to be of \(entry.numbers == .real ? "floats" : entry.numbers.rawValue)")
      }
      tensors.append(TensorDescription(path: entry.path, type: type, shape: object.shape))
      do {
        let dataset = try root.dataset(path)
        try checkAxes(of: dataset, entry, isEncoded: type == .bfloat16, &findings)
        hashes[entry.path] = dataset.text("sha256")
      } catch {
        findings.add(error)
      }
    }
    return (tensors, hashes)
  }

  private func checkAxes(
    of dataset: borrowing Dataset, _ entry: ParameterTable.Entry, isEncoded: Bool, _ findings: inout Findings
  ) throws(HDF5Error) {
    let path = "/parameters/\(entry.path)"
    let axes = entry.axes.map(\.rawValue).joined(separator: ",")
    if try dataset.hasAttribute("axes"), dataset.text("axes") != axes {
      findings.add("parameters.axes", at: "\(path)@axes", "has to be '\(axes)'")
    }
    let gates = entry.gates.joined(separator: " ")
    let hasGates = try dataset.hasAttribute("gates")
    if entry.gates.isEmpty ? hasGates : dataset.text("gates") != gates {
      let wanted = entry.gates.isEmpty ? "has no gates" : "has to be '\(gates)'"
      findings.add("parameters.axes", at: "\(path)@gates", wanted)
    }
    if try dataset.hasAttribute("encoding") != isEncoded {
      findings.add(
        "parameters.encoding", at: path, "uint16 tensors, and only they, have the attribute encoding = bfloat16")
    }
  }
}

extension HDF5Error {
  /// Whether ``LayoutCheck`` has said that an object or attribute is missing, of another type or shape, or no UTF-8.
  var isReportedWithLayout: Bool { [.missing, .type, .shape, .text].contains(rule) }
}

extension VocabularyError {
  /// The rule of the format that the error breaks.
  var rule: String {
    switch self {
    case .offsets: "vocabulary.offsets"
    case .empty, .counts: "vocabulary.size"
    case .merges, .mergeCount, .merge, .notASymbol(_, .bpe): "vocabulary.merges"
    case .specials, .noSpecials: "vocabulary.specials"
    case .emptyToken, .duplicate: "vocabulary.duplicate"
    case .special, .normalisation, .notASymbol, .symbolTooLong, .unknownSymbol: "vocabulary.kind"
    }
  }
}
