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
      let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes.dropFirst(Self.prefix.count)),
      !Self.isOfSmallOrder(key.rawRepresentation)
    else { throw .notAKey(file: name, wanted: "public key of Ed25519") }
    self.key = key
  }

  /// Whether a point is one of the eight for which anybody can make signatures of anything, in any of their encodings.
  ///
  /// The y coordinates of these points modulo p = 2^255 - 19 are 0, 1, -1 and the two of order 8; values of p and p + 1 encode 0 and 1.
  private static func isOfSmallOrder(_ point: Data) -> Bool {
    var y = Array(point)
    guard y.count == 32 else { return true }
    y[31] &= 0x7F
    let p: [UInt8] = [0xED] + [UInt8](repeating: 0xFF, count: 30) + [0x7F]
    let zero = [UInt8](repeating: 0, count: 32)
    let one = [1] + zero.dropFirst()
    let small = [zero, one, [0xEC] + p.dropFirst(), p, [0xEE] + p.dropFirst()] + orderEight
    return small.contains(y)
  }

  /// The y coordinates of the points of order 8, little-endian: the roots of d y^4 + 2 y^2 - 1 modulo p that belong to points.
  private static let orderEight: [[UInt8]] = [
    [
      0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0, 0xD5, 0xDF, 0xAC,
      0x05,
      0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
    ],
    [
      0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F, 0x2A, 0x20, 0x53,
      0xFA,
      0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
    ],
  ]

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
