import Foundation
import RNNModel

@testable import HDF5
@testable import RNNFormat

extension FuzzTarget {
  /// JSON, and its canonical form: what is read is written so that it is read as the same.
  static let json = FuzzTarget(name: "json") { bytes in
    let value = try JSONValue(parsing: bytes)
    let canonical = value.canonical
    let again = try? JSONValue(parsing: canonical)
    require(again == value, "the canonical form is another value")
    require(again?.canonical == canonical, "the canonical form is not canonical")
    let indented = try? JSONValue(parsing: value.indented)
    require(indented == value, "the indented form is another value")
  }

  /// The architecture: whatever is accepted has a table of parameters, and is written as it was read.
  static let architecture = FuzzTarget(name: "architecture") { bytes in
    let value = try JSONValue(parsing: bytes)
    let schema = LayoutSchema.current.documents["architecture.schema.json"]
    guard schema?.violations(of: value).isEmpty ?? false else { return }
    let architecture = try Architecture(json: value)
    guard architecture.problems().isEmpty else { return }
    require(ParameterTable(architecture).count >= 0, "a table has no count")
    require(try Architecture(json: architecture.json) == architecture, "the architecture is written as another one")
  }

  /// Metadata and lineage against their schemas.
  static let documents = FuzzTarget(name: "documents") { bytes in
    let value = try JSONValue(parsing: bytes)
    for schema in LayoutSchema.current.documents.values { _ = schema.violations(of: value) }
  }

  /// What the process says that reads files of strangers.
  static let tree = FuzzTarget(name: "tree") { bytes in
    var position = 0
    struct End: Error {}
    var receiver = TreeReceiver(limit: 1 << 20) { count in
      guard count <= bytes.count - position else { throw End() }
      defer { position += count }
      return Array(bytes[position..<(position + count)])
    }
    try withPath { path in
      try receiver.run(creating: path, named: "fuzz")
      _ = try Validator.validate(path, level: .hashes)
    }
  }

  /// A vocabulary as a file stores it, and a text: what is encoded is decoded to the same where nothing may be lost.
  static let vocabulary = FuzzTarget(name: "vocabulary") { bytes in
    guard bytes.count > 6 else { return }
    let kinds = Vocabulary.Kind.allCases
    let kind = kinds[Int(bytes[0]) % kinds.count]
    let stored = Array(bytes[6...].prefix(Int(bytes[5])))
    let text = Array(bytes.dropFirst(6 + Int(bytes[5])))
    var (tokens, offsets): ([UInt8], [UInt64]) = ([], [0])
    for token in stored.split(separator: UInt8(ascii: "|")) {
      tokens += token
      offsets.append(UInt64(tokens.count))
    }
    if kind == .bpe {
      // All bytes, and a merge for each two pairs of bytes.
      let pairs = stride(from: 0, to: stored.count - 3, by: 4).map { start in
        let numbers = stored[start..<(start + 4)].map { Int32($0) }
        return Vocabulary.Merge(numbers[0] << 8 | numbers[1], numbers[2] << 8 | numbers[3])
      }
      return try readBack(try Vocabulary(merges: pairs), text, .refuse)
    }
    let vocabulary = try Vocabulary(
      kind: kind, normalisation: bytes[1] % 2 == 0 ? .none : .whitespace, bytes: tokens, storedOffsets: offsets,
      counts: nil, unknownID: Int64(Int8(bitPattern: bytes[2])), lineEndID: Int64(Int8(bitPattern: bytes[3])),
      storedMerges: nil, storedSpecials: nil)
    try readBack(vocabulary, text, bytes[4] % 2 == 0 ? .skip : .refuse)
  }

  private static func readBack(
    _ vocabulary: Vocabulary, _ text: [UInt8], _ unknown: Vocabulary.UnknownSymbols
  ) throws {
    let encoding = try vocabulary.encode(text, unknown: unknown)
    require(
      encoding.tokens.allSatisfy { (0..<vocabulary.count).contains(Int($0)) }, "a token is none of the vocabulary")
    if encoding.unknownCount == 0 && vocabulary.normalisation == .none {
      require(vocabulary.decode(encoding.tokens) == text, "a text does not come back")
    }
  }

  /// Keys and signatures.
  static let signature = FuzzTarget(name: "signature") { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    _ = try? SigningKey(pem: text, name: "fuzz")
    _ = try? VerificationKey(pem: text, name: "fuzz")
    let signature = try ModelSignature(parsing: bytes, name: "fuzz")
    let again = try ModelSignature(parsing: Array(signature.json.canonical.utf8), name: "fuzz")
    require(again.json == signature.json, "a signature is written as another one")
  }

  /// A whole model file: what validates also opens and loads. The library below it is not instrumented.
  static let model = FuzzTarget(name: "model") { bytes in
    try withFile(bytes) { path in
      guard try Validator.validate(path, level: .hashes).isValid else { return }
      let model = try? ModelFile(opening: path).loadLanguageModel()
      require(model != nil, "a valid file does not open or load")
    }
  }

  private static func withPath(_ body: (String) throws -> Void) throws {
    try withFile([]) { path in
      // The receiver creates the file itself.
      let fresh = path + ".h5"
      defer { unlink(fresh) }
      unlink(fresh)
      try body(fresh)
    }
  }
}
