import Crypto

/// SHA-256 as 64 lower-case hexadecimal digits.
public enum Hash {
  /// The hash of bytes.
  public static func sha256(_ bytes: [UInt8]) -> String { hexadecimal(SHA256.hash(data: bytes)) }

  /// The hash of a text's UTF-8.
  public static func sha256(_ text: String) -> String { sha256(Array(text.utf8)) }

  /// The hash of bytes that come piece by piece.
  public struct Stream {
    private var hash = SHA256()

    /// Begins.
    public init() {}

    /// Adds bytes.
    public mutating func update(_ bytes: [UInt8]) { hash.update(data: bytes) }

    /// The hash of all that was added.
    public func finish() -> String { Hash.hexadecimal(hash.finalize()) }
  }

  fileprivate static func hexadecimal(_ digest: SHA256.Digest) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
