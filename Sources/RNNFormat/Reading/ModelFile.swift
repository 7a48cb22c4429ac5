import Foundation
import HDF5
import NGram
import RNNModel

/// A model file open for reading: its documents are in memory, its tensors are read on request.
///
/// Opening checks the whole structure (level ``ValidationLevel/structure``) and reads no tensor data: a file that opens also loads and
/// runs, unless its bytes have been changed, which ``loadModel()`` finds by their hashes, and ``checkContent()`` wherever they are.
public struct ModelFile: ~Copyable, TensorSource {
  private let file: File
  private let structure: ModelStructure

  /// The path that was opened.
  public let path: String
  /// What the file says about itself.
  public let header: ModelHeader
  /// Everything but the parameters.
  public let document: ModelDocument
  /// The parameters, in the order of the architecture's table.
  public let tensors: [TensorDescription]
  /// What is in the file that the format does not name, by path: nothing of it is in ``document``, and a copy does not have it.
  public let unnamed: [String]

  /// Opens a model file.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - quarantine: reads it first, in place of this process; what is opened is then a copy with the same content.
  /// - Throws: ``FormatError/hdf5(_:)`` if there is no HDF5 file at the path, ``FormatError/invalid(file:findings:)`` with everything that is wrong if it
  ///   is not a valid model file.
  ///   ``FormatError/quarantine(file:reason:)``.
  public init(opening path: String, through quarantine: Quarantine? = nil) throws(FormatError) {
    let file: File
    if let quarantine {
      file = try quarantine.open(path)
    } else {
      do { file = try File(opening: path) } catch { throw .hdf5(error) }
    }
    var findings = Findings()
    let structure = ModelStructure(reading: file, &findings)
    guard let structure, let document = structure.document, !findings.hasErrors else {
      throw .invalid(file: path, findings: findings.all)
    }
    self.file = file
    isCopy = quarantine != nil
    self.structure = structure
    self.path = path
    self.document = document
    header = structure.header
    tensors = structure.tensors
    unnamed = findings.all.filter { ["layout.unknown", "layout.labels"].contains($0.rule) }.map(\.place)
  }

  /// Whether what is open is a copy, so that nothing can be said about where bytes lie.
  private let isCopy: Bool

  /// The size of the file in bytes.
  public var size: Int {
    isCopy ? (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? file.size : file.size
  }

  /// The values of a tensor, little-endian and row-major.
  ///
  /// - Throws: ``FormatError``; a tensor whose bytes do not have the hash that the file gives for them is refused.
  public func bytes(of tensor: TensorDescription) throws -> [UInt8] {
    do {
      let dataset = try file.root.dataset("/parameters/\(tensor.path)")
      let bytes = try dataset.readBytes()
      guard Hash.sha256(bytes) == structure.hashes[tensor.path] else {
        throw refusal("parameters.hash", at: "/parameters/\(tensor.path)", "the bytes are not those that were written")
      }
      return bytes
    } catch let error as HDF5Error {
      throw FormatError.hdf5(error)
    }
  }

  /// Gives the values of a tensor in pieces.
  ///
  /// - Throws: as ``bytes(of:)``; only behind the last piece it is known that all of them are those that were written.
  public func forEachBlock(of tensor: TensorDescription, _ body: ([UInt8]) throws -> Void) throws {
    var hash = Hash.Stream()
    var failure: (any Error)?
    do {
      try file.root.dataset("/parameters/\(tensor.path)").forEachBlock { block in
        guard failure == nil else { return }
        hash.update(block)
        do { try body(block) } catch { failure = error }
      }
    } catch {
      throw FormatError.hdf5(error)
    }
    if let failure { throw failure }
    guard hash.finish() == structure.hashes[tensor.path] else {
      throw refusal("parameters.hash", at: "/parameters/\(tensor.path)", "the bytes are not those that were written")
    }
  }

  /// The values of a block of a tensor, little-endian and row-major; nothing else of the tensor is read.
  ///
  /// The hash that the file gives is that of the whole tensor, so it is not compared: `validate` does that.
  ///
  /// - Parameters:
  ///   - tensor: one of ``tensors``.
  ///   - start: the first index along each axis.
  ///   - count: how many along each axis.
  /// - Throws: ``FormatError/hdf5(_:)``, also for a block that does not lie within the tensor.
  public func bytes(of tensor: TensorDescription, start: [Int], count: [Int]) throws(FormatError) -> [UInt8] {
    do {
      return try file.root.dataset("/parameters/\(tensor.path)").readBytes(start: start, count: count)
    } catch {
      throw .hdf5(error)
    }
  }

  /// Compares everything that is in the file with its `content_id`; to be asked before what is in it gets new hashes in another file.
  ///
  /// - Throws: ``FormatError``: a file of which anything has been changed since it was written is refused.
  public func checkContent() throws(FormatError) {
    guard Hash.sha256(try contentManifest()) == header.contentID else {
      throw refusal("identity.content_id", at: "/@content_id", "the content is not what was written")
    }
  }

  /// Compares the model with its `model_id`, by the hashes that the file gives for the tensors.
  func checkIdentity() throws(FormatError) {
    let found = ModelIdentity.identify(
      architecture: document.architecture, vocabulary: document.vocabulary, labels: document.labels,
      tensors: tensors.map { ($0, structure.hashes[$0.path] ?? "") })
    guard found == header.modelID else {
      throw refusal("identity.model_id", at: "/@model_id", "the model is not the one that was written")
    }
  }

  func refusal(_ rule: String, at place: String, _ message: String) -> FormatError {
    var findings = Findings()
    findings.add(rule, at: place, message)
    return .invalid(file: path, findings: findings.all)
  }

  /// The manifest of everything in the file, of which `content_id` is the hash (`docs/FORMAT.md`, section 7): computed from what is
  /// there, every byte of which is read.
  ///
  /// - Throws: ``FormatError/hdf5(_:)``.
  public func contentManifest() throws(FormatError) -> String {
    do {
      return try ContentIdentity.manifest(file.root, objects: structure.objects, known: [:])
    } catch {
      throw .hdf5(error)
    }
  }

  /// Where the bytes of a tensor lie in the file; nil if they are compressed, or a copy was read.
  public func offset(of tensor: TensorDescription) -> Int? {
    guard !isCopy, let dataset = try? file.root.dataset("/parameters/\(tensor.path)") else { return nil }
    return dataset.chunk == nil ? dataset.offset : nil
  }

  /// Whether a tensor is stored in chunks, which may be compressed.
  public func isChunked(_ tensor: TensorDescription) -> Bool {
    (try? file.root.dataset("/parameters/\(tensor.path)"))?.chunk != nil
  }

  /// The hash that the file gives for a tensor.
  public func sha256(of tensor: TensorDescription) -> String? { structure.hashes[tensor.path] }

  /// The bytes that a tensor takes in the file; nil if a copy was read.
  public func storedSize(of tensor: TensorDescription) -> Int? {
    guard !isCopy, let dataset = try? file.root.dataset("/parameters/\(tensor.path)") else { return nil }
    return try? dataset.storageSize
  }

  /// How far an unfinished training has come: the `progress` of its state; nil if the file carries none.
  public var trainingProgress: JSONValue? { structure.trainingProgress }

  /// Reads the state of an unfinished training; nil if the file carries none.
  ///
  /// - Throws: ``FormatError``, also for an array with another hash than the file gives for it.
  public func trainingState() throws -> TrainingStateDocument? {
    guard let progress = structure.trainingProgress else { return nil }
    var state = TrainingStateDocument(progress: progress)
    do {
      for object in structure.objects {
        guard object.kind == .dataset, let name = TrainingStateDocument.name(at: object.path) else { continue }
        let dataset = try file.root.dataset(object.path)
        guard dataset.text("sha256") == (try ContentIdentity.sha256(of: dataset)) else {
          throw refusal("training_state.hash", at: object.path, "the bytes are not those that were written")
        }
        if object.datatype == UInt64.datatype {
          state.words[name] = try dataset.read(as: UInt64.self)
        } else {
          state.arrays[name] = try dataset.read(as: Float.self)
        }
      }
    } catch let error as HDF5Error {
      throw FormatError.hdf5(error)
    }
    return state
  }

  /// Reads the parameters in the precision asked for, in the order of the table.
  ///
  /// - Throws: ``FormatError``, also for a model that is not the one of `model_id`, for a tensor with another hash, and for numbers
  ///   that are not finite.
  public func values<Scalar: ReferenceScalar>(as type: Scalar.Type) throws -> [Scalar] {
    try checkIdentity()
    var values: [Scalar] = []
    values.reserveCapacity(tensors.reduce(0) { $0 + $1.count })
    for tensor in tensors {
      let read = LittleEndian.values(try bytes(of: tensor), type: tensor.type, as: Scalar.self)
      guard LittleEndian.areParameters(read) else {
        throw refusal(
          "parameters.finite", at: "/parameters/\(tensor.path)",
          "a value is infinite, not a number, or too large for float32")
      }
      values += read
    }
    return values
  }

  /// Reads the network, as float32.
  ///
  /// - Throws: as ``values(as:)``, and `ArchitectureError.notNetwork`.
  public func loadModel() throws -> Model {
    try document.architecture.requireNetwork()
    let table = ParameterTable(document.architecture)
    return try Model(
      architecture: document.architecture, parameters: Parameters(table: table, values: try values(as: Float.self)),
      vocabulary: document.vocabulary, labels: document.labels)
  }
}

extension ModelFile {
  /// Reads a table of n-grams; nil for a network.
  ///
  /// - Throws: as ``values(as:)``, and ``FormatError`` for tables that are not those of a model.
  public func loadNGramModel() throws -> NGramModel? {
    guard let table = document.architecture.ngram else { return nil }
    try checkIdentity()
    let form = try NGramForm(table, description: document.ngramDescription(of: table), tensors: self)
    do {
      return try NGramModel(form)
    } catch {
      throw refusal("parameters.ngrams", at: "/parameters/\(table.name)", "\(error)")
    }
  }

  /// Reads a model of whatever family, to be used as one of language.
  ///
  /// - Throws: as ``loadModel()`` and ``loadNGramModel()``.
  public func loadLanguageModel() throws -> any LanguageModelSource {
    if let ngrams = try loadNGramModel() { return NGramLanguageSource(ngrams, vocabulary: document.vocabulary) }
    return try loadModel()
  }
}

/// What a model file says about itself: `docs/FORMAT.md`, section 3.
public struct ModelHeader: Hashable, Sendable {
  /// The version that the file was written to.
  public var formatVersion = ""
  /// The oldest version whose readers understand it.
  public var minimumReaderVersion = ""
  /// What a reader has to know beyond version 1.0.
  public var requiredFeatures: [String] = []
  /// The program that wrote it.
  public var generator = ""
  /// What the model computes.
  public var modelID = ""
  /// Everything in the file.
  public var contentID = ""
}
