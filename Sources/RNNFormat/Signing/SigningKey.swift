import Crypto
import Foundation

/// Why a key or a signature is refused.
public enum SigningError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A file holds no key of the kind that is needed.
  case notAKey(file: String, wanted: String)
  /// A file holds no signature that this program understands.
  case notASignature(file: String, reason: String)
  /// The signature does not fit the key and the content.
  case mismatch(file: String, reason: String)
  /// The system's cryptography failed.
  case failed(reason: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .notAKey(let file, let wanted): "'\(file.printable)' holds no \(wanted) in PEM"
    case .notASignature(let file, let reason): "'\(file.printable)' holds no signature of a model: \(reason)"
    case .mismatch(let file, let reason): "the signature '\(file.printable)' does not hold: \(reason)"
    case .failed(let reason): "signing failed: \(reason)"
    }
  }
}

/// A private key of Ed25519 (RFC 8032), kept in PEM as PKCS #8 has it (RFC 8410): what `openssl genpkey -algorithm ed25519` writes.
public struct SigningKey: Sendable {
  private let key: Curve25519.Signing.PrivateKey

  /// A new key.
  public init() { key = Curve25519.Signing.PrivateKey() }

  /// Reads a key.
  ///
  /// - Parameter name: the file that the text is from, for the error.
  /// - Throws: ``SigningError/notAKey(file:wanted:)``.
  public init(pem: String, name: String) throws(SigningError) {
    guard let bytes = PEM.decode(pem, "PRIVATE KEY"), bytes.starts(with: Self.prefix),
      let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes.dropFirst(Self.prefix.count))
    else { throw .notAKey(file: name, wanted: "private key of Ed25519") }
    self.key = key
  }

  /// The key as PEM.
  public var pem: String { PEM.encode(Self.prefix + key.rawRepresentation, "PRIVATE KEY") }

  /// Its other half.
  public var verificationKey: VerificationKey { VerificationKey(key.publicKey) }

  func signature(of message: [UInt8]) throws(SigningError) -> [UInt8] {
    do { return Array(try key.signature(for: message)) } catch { throw .failed(reason: "\(error)") }
  }

  /// The DER of everything in front of the 32 bytes of the key.
  private static let prefix: [UInt8] = [
    0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
  ]
}

/// A public key of Ed25519, kept in PEM (RFC 8410): what `openssl pkey -pubout` writes.
public struct VerificationKey: Sendable {
  private let key: Curve25519.Signing.PublicKey

  fileprivate init(_ key: Curve25519.Signing.PublicKey) { self.key = key }

  /// Reads a key.
  ///
  /// - Parameter name: the file that the text is from, for the error.
  /// - Throws: ``SigningError/notAKey(file:wanted:)``.
  public init(pem: String, name: String) throws(SigningError) {
    guard let bytes = PEM.decode(pem, "PUBLIC KEY"), bytes.starts(with: Self.prefix),
      let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes.dropFirst(Self.prefix.count))
    else { throw .notAKey(file: name, wanted: "public key of Ed25519") }
    self.key = key
  }

  /// The key as PEM.
  public var pem: String { PEM.encode(Self.prefix + key.rawRepresentation, "PUBLIC KEY") }

  /// The SHA-256 of the key's DER, for people to compare.
  public var fingerprint: String { Hash.sha256(Self.prefix + key.rawRepresentation) }

  func accepts(_ signature: [UInt8], of message: [UInt8]) -> Bool { key.isValidSignature(signature, for: message) }

  /// The DER of everything in front of the 32 bytes of the key.
  private static let prefix: [UInt8] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]
}

/// Text armour of binary data (RFC 7468).
private enum PEM {
  static func encode(_ bytes: [UInt8], _ label: String) -> String {
    let text = Data(bytes).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
    return "-----BEGIN \(label)-----\n\(text)\n-----END \(label)-----\n"
  }

  static func decode(_ text: String, _ label: String) -> [UInt8]? {
    guard let start = text.range(of: "-----BEGIN \(label)-----"),
      let end = text.range(of: "-----END \(label)-----", range: start.upperBound..<text.endIndex)
    else { return nil }
    let body = text[start.upperBound..<end.lowerBound].filter { !$0.isWhitespace }
    return Data(base64Encoded: body).map { Array($0) }
  }
}
