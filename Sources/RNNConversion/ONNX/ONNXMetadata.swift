import RNNFormat
import RNNModel

/// What rnntool writes into the metadata of an ONNX model: what the graph itself has no place for.
struct ONNXMetadata {
  static let architectureKey = "rnn-h5.architecture"
  static let vocabularyKey = "rnn-h5.vocabulary"
  static let metadataKey = "rnn-h5.metadata"

  var architecture: Architecture?
  var vocabulary: Vocabulary?
  /// Title, authors, licence and so on.
  var metadata: JSONValue = .object([:])

  init(architecture: Architecture, vocabulary: Vocabulary?, metadata: JSONValue) {
    self.architecture = architecture
    self.vocabulary = vocabulary
    self.metadata = metadata
  }

  init(_ file: ONNXFile) throws(ConversionError) {
    if let text = file.model.metadata[Self.architectureKey] {
      do {
        architecture = try Architecture(json: try JSONValue(parsing: text))
      } catch { throw .malformed(file: file.path, place: Self.architectureKey, reason: "\(error)") }
    }
    if let text = file.model.metadata[Self.metadataKey] {
      do { metadata = try JSONValue(parsing: text) } catch {
        throw .malformed(file: file.path, place: Self.metadataKey, reason: "\(error)")
      }
    }
    if let text = file.model.metadata[Self.vocabularyKey] {
      do {
        vocabulary = try Vocabulary(interchange: try JSONValue(parsing: text))
      } catch { throw .malformed(file: file.path, place: Self.vocabularyKey, reason: "\(error)") }
    }
  }

  /// The entries, by key.
  var entries: [String: String] {
    var entries: [String: String] = [:]
    entries[Self.architectureKey] = architecture?.json.canonical
    entries[Self.vocabularyKey] = vocabulary?.interchange.canonical
    if metadata != .object([:]) { entries[Self.metadataKey] = metadata.canonical }
    return entries
  }
}

extension Vocabulary {
  /// Why a vocabulary in JSON is refused.
  private struct Incomplete: Error, CustomStringConvertible {
    let description = "the vocabulary is not complete"
  }

  /// The vocabulary as JSON that any program can use: tokens are strings, those that are not text lists of bytes.
  var interchange: JSONValue {
    let tokens = (0..<Int32(count)).map { token -> JSONValue in
      let bytes = Array(self[token])
      // Only what comes back as the same bytes.
      guard let text = String(validating: bytes, as: UTF8.self), Array(text.utf8) == bytes else {
        return .array(bytes.map { .integer($0) })
      }
      return .string(text)
    }
    return .object(omittingNil: [
      "kind": .string(kind.rawValue), "normalisation": .string(normalisation.rawValue), "tokens": .array(tokens),
      "unknown_id": unknown.map { .integer($0) }, "line_end_id": lineEnd.map { .integer($0) },
      "specials": specials.isEmpty ? nil : .array(specials.map { .integer($0) }),
      "merges": kind == .bpe
        ? .array(merges.map { .array([.integer($0.first), .integer($0.second)]) }) : nil,
      "counts": counts.flatMap { counts in
        // JSON's numbers are exact to 2^53.
        counts.allSatisfy { $0 < 1 << 53 } ? .array(counts.map { .integer($0) }) : nil
      },
    ])
  }

  init(interchange json: JSONValue) throws {
    guard let kind = Kind(rawValue: json["kind"]?.string ?? ""), let list = json["tokens"]?.array,
      let normalisation = Normalisation(rawValue: json["normalisation"]?.string ?? "none")
    else { throw Incomplete() }
    func id(_ key: String) throws -> Int32? {
      guard let value = json[key] else { return nil }
      guard let id = value.integer.flatMap({ Int32(exactly: $0) }) else { throw Incomplete() }
      return id
    }
    let tokens = try list.map { token -> [UInt8] in
      if let text = token.string { return Array(text.utf8) }
      guard let bytes = token.array?.map({ $0.integer.flatMap { UInt8(exactly: $0) } }), !bytes.contains(nil) else {
        throw Incomplete()
      }
      return bytes.compactMap(\.self)
    }
    let merges = try json["merges"]?.array?.map { pair -> Merge in
      guard let ids = pair.array?.compactMap({ $0.integer.flatMap { Int32(exactly: $0) } }), ids.count == 2 else {
        throw Incomplete()
      }
      return Merge(ids[0], ids[1])
    }
    let counts = try json["counts"]?.array?.map { count -> UInt64 in
      guard let count = count.integer.flatMap({ UInt64(exactly: $0) }) else { throw Incomplete() }
      return count
    }
    let specials = try json["specials"]?.array?.map { id -> Int32 in
      guard let id = id.integer.flatMap({ Int32(exactly: $0) }) else { throw Incomplete() }
      return id
    }
    try self.init(
      kind: kind, normalisation: normalisation, tokens: tokens, counts: counts, unknown: try id("unknown_id"),
      lineEnd: try id("line_end_id"), merges: merges, specials: specials ?? [])
  }
}
