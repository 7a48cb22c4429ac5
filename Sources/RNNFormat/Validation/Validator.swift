import HDF5
import NGram
import RNNModel

/// How much of a file to check; each level includes the ones before it.
public enum ValidationLevel: String, Hashable, Sendable, CaseIterable {
  /// Everything but hashes and numbers: fast for files of any size.
  case structure
  /// Every byte of every tensor, and the identities.
  case hashes
  /// Also that the model gives the numbers of its proof.
  case proof
}

/// What a validation found.
public struct ValidationReport: Sendable {
  /// The file.
  public let file: String
  /// How much was checked.
  public let level: ValidationLevel
  /// Everything found, errors and warnings.
  public let findings: [Finding]
  /// What the file says about itself; nil if it is not of this format, or refused.
  public let header: ModelHeader?
  /// The largest difference of the proof's numbers from the reference implementation, in nats; nil if it was not computed.
  public let proofDifference: Double?

  /// Whether no rule of severity error is broken.
  public var isValid: Bool { !findings.contains { $0.severity == .error } }
}

/// Checks model files against `schemas/` and the rules of `schemas/rules.json`.
public enum Validator {
  /// Checks a file and reports all findings at once.
  ///
  /// - Throws: ``FormatError/hdf5(_:)`` only if the file is missing or not readable at all; whatever is in it ends in the report.
  ///   ``FormatError/quarantine(file:reason:)``.
  public static func validate(
    _ path: String, level: ValidationLevel = .proof, through quarantine: Quarantine? = nil
  ) throws(FormatError) -> ValidationReport {
    var findings = Findings()
    func report(_ header: ModelHeader?, _ difference: Double? = nil) -> ValidationReport {
      ValidationReport(
        file: path, level: level, findings: findings.all, header: header, proofDifference: difference)
    }
    let file: File
    do {
      if let quarantine { file = try quarantine.open(path) } else { file = try open(path) }
    } catch {
      guard case .hdf5(let cause) = error, error.isRefusal else { throw error }
      findings.add(cause)
      return report(nil)
    }
    guard let structure = ModelStructure(reading: file, &findings) else { return report(nil) }
    guard level != .structure else { return report(structure.header) }
    // A model that breaks a rule has no identity and no numbers; its tensors and the file as a whole still have hashes.
    let values = checkHashes(file, structure, keepsValues: level == .proof && !findings.hasErrors, &findings)
    guard level == .proof, !findings.hasErrors, let values, let document = structure.document,
      let proof = document.proof
    else { return report(structure.header) }
    let difference = proof.largestDifference(architecture: document.architecture, values: values)
    if !(difference <= proof.toleranceFloat64) {
      findings.add(
        "proof.numbers", at: "/proof/log_probabilities",
        "the model's numbers differ by up to \(difference) nats, more than the tolerance of \(proof.toleranceFloat64)")
    }
    return report(structure.header, difference)
  }

  private static func open(_ path: String) throws(FormatError) -> File {
    do { return try File(opening: path) } catch { throw .hdf5(error) }
  }

  /// Checks every hash of the file, and returns the parameters if they are wanted and all are there.
  private static func checkHashes(
    _ file: borrowing File, _ structure: ModelStructure, keepsValues: Bool, _ findings: inout Findings
  ) -> [Double]? {
    let isSound = !findings.hasErrors
    let ngram = isSound ? structure.document?.architecture.ngram : nil
    var values: [Double] = []
    if keepsValues { values.reserveCapacity(structure.tensors.reduce(0) { $0 + $1.count }) }
    var computed: [String: String] = [:]
    var known: [String: String] = [:]
    do {
      for tensor in structure.tensors {
        let path = "/parameters/\(tensor.path)"
        let dataset = try file.root.dataset(path)
        var hash = Hash.Stream()
        var isFinite = true
        try dataset.forEachBlock { block in
          hash.update(block)
          isFinite = isFinite && LittleEndian.areParameters(block, type: tensor.type)
          if keepsValues { LittleEndian.append(block, type: tensor.type, to: &values) }
        }
        let sha256 = hash.finish()
        computed[tensor.path] = sha256
        known[path] = sha256
        if let given = structure.hashes[tensor.path], given != sha256 {
          findings.add("parameters.hash", at: path, "the bytes are not those that were written")
        }
        if !isFinite {
          findings.add("parameters.finite", at: path, "a value is infinite, not a number, or too large for float32")
        }
      }
      try checkTrainingState(file, structure, &known, &findings)
      let contentID = try ContentIdentity.identify(file.root, objects: structure.objects, known: known)
      if let given = file.root.text("content_id"), given != contentID {
        findings.add("identity.content_id", at: "/@content_id", "the content is not what was written")
      }
    } catch {
      findings.add(error)
      return nil
    }
    guard isSound, let document = structure.document,
      structure.tensors.count == ParameterTable(document.architecture).entries.count
    else { return nil }
    let modelID = ModelIdentity.identify(
      architecture: document.architecture, vocabulary: document.vocabulary, labels: document.labels,
      tensors: structure.tensors.map { ($0, computed[$0.path] ?? "") })
    if let ngram, let violation = violation(of: ngram, file, structure) {
      findings.add("parameters.ngrams", at: "/parameters/\(ngram.name)", violation)
    }
    if modelID != structure.header.modelID {
      findings.add("identity.model_id", at: "/@model_id", "the model is not the one that was written")
    }
    return keepsValues ? values : nil
  }

  /// Why tables are not those of an n-gram model; nil if they are.
  private static func violation(
    of table: Architecture.NGram, _ file: borrowing File, _ structure: ModelStructure
  ) -> String? {
    do {
      var source = ReadTensors(tensors: structure.tensors)
      for tensor in structure.tensors {
        source.values[tensor.path] = try file.root.dataset("/parameters/\(tensor.path)").readBytes()
      }
      try NGramForm(table, description: NGramDescription(of: table), tensors: source).check()
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// Checks the hashes of the training state's arrays, and adds them to those that are known.
  private static func checkTrainingState(
    _ file: borrowing File, _ structure: ModelStructure, _ known: inout [String: String], _ findings: inout Findings
  ) throws(HDF5Error) {
    for object in structure.objects where TrainingStateDocument.name(at: object.path) != nil {
      // What is of another kind has been reported as that.
      guard object.kind == .dataset, LayoutCheck.kind(of: object) != .string else { continue }
      let dataset = try file.root.dataset(object.path)
      let sha256 = try ContentIdentity.sha256(of: dataset)
      known[object.path] = sha256
      if let given = dataset.text("sha256"), given != sha256 {
        findings.add("training_state.hash", at: object.path, "the bytes are not those that were written")
      }
    }
  }
}
