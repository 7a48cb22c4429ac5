import Foundation

/// A signature of a model file, kept in a small file beside it: who holds a key says that this is the content.
///
/// What is signed is the manifest of the content (``ModelFile/contentManifest()``): every tensor, text and attribute. Compression and
/// the order in the file do not matter; anything else that changes breaks the signature.
public struct ModelSignature: Sendable {
  /// The identity of the model that was signed, for people: the signature covers it with everything else.
  public let modelID: String
  /// The identity of the content that was signed.
  public let contentID: String
  /// The key that it was signed with, by its fingerprint.
  public let keyFingerprint: String
  private let signature: [UInt8]

  private static let format = "rnn-h5 signature 1"

  /// Signs a file. Everything in it is read.
  ///
  /// - Throws: ``FormatError``, ``SigningError/failed(reason:)``.
  public init(signing file: borrowing ModelFile, with key: SigningKey) throws {
    let manifest = Array(try file.contentManifest().utf8)
    modelID = file.header.modelID
    contentID = Hash.sha256(manifest)
    keyFingerprint = key.verificationKey.fingerprint
    signature = try key.signature(of: manifest)
  }

  /// Reads a signature.
  ///
  /// - Parameter name: the file that the bytes are from, for the error.
  /// - Throws: ``SigningError/notASignature(file:reason:)``.
  public init(parsing bytes: [UInt8], name: String) throws(SigningError) {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: bytes)
    } catch {
      throw .notASignature(file: name, reason: "\(error)")
    }
    guard value["format"]?.string == Self.format else {
      throw .notASignature(file: name, reason: "its 'format' is not '\(Self.format)'")
    }
    let keys: Set = ["format", "model_id", "content_id", "key", "signature"]
    guard let object = value.object, Set(object.keys) == keys else {
      throw .notASignature(
        file: name, reason: "it does not have just \(keys.sorted().map { "'\($0)'" }.joined(separator: ", "))")
    }
    guard let modelID = value["model_id"]?.string, let contentID = value["content_id"]?.string,
      let keyFingerprint = value["key"]?.string,
      let text = value["signature"]?.string, let signature = Data(base64Encoded: text), signature.count == 64,
      signature.base64EncodedString() == text
    else { throw .notASignature(file: name, reason: "what it holds is not of the right kind") }
    self.modelID = modelID
    self.contentID = contentID
    self.keyFingerprint = keyFingerprint
    self.signature = Array(signature)
  }

  /// The text of the small file: JSON.
  public var json: JSONValue {
    [
      "format": .string(Self.format), "model_id": .string(modelID), "content_id": .string(contentID),
      "key": .string(keyFingerprint), "signature": .string(Data(signature).base64EncodedString()),
    ]
  }

  /// Checks that the content of a file is what the holder of a key has signed. Everything in it is read.
  ///
  /// - Parameter name: the file that the signature is from, for the error.
  /// - Throws: ``SigningError/mismatch(file:reason:)``, ``FormatError``.
  public func verify(_ file: borrowing ModelFile, with key: VerificationKey, name: String) throws {
    guard key.fingerprint == keyFingerprint else {
      throw SigningError.mismatch(
        file: name, reason: "it was made with the key \(keyFingerprint.prefix(16)), not \(key.fingerprint.prefix(16))")
    }
    let manifest = Array(try file.contentManifest().utf8)
    let found = Hash.sha256(manifest)
    guard found == contentID else {
      throw SigningError.mismatch(
        file: name, reason: "it is of the content \(contentID.prefix(16)), but the file's is \(found.prefix(16))")
    }
    guard file.header.contentID == found else {
      throw SigningError.mismatch(file: name, reason: "the file states another content_id than it has: it was changed")
    }
    guard key.accepts(signature, of: manifest), file.header.modelID == modelID else {
      throw SigningError.mismatch(file: name, reason: "the key's holder did not make it")
    }
  }
}
