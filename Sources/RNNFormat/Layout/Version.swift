/// A version of the format: a minor version only adds.
public struct Version: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Changes when older readers cannot cope.
  public let major: Int
  /// Changes when something is added.
  public let minor: Int

  /// The version that this program reads and writes.
  public static var current: Version { LayoutSchema.current.version }

  /// Makes a version.
  public init(major: Int, minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// Reads `major.minor`.
  public init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    // Up to nine digits: no sign, no overflow.
    let areNumbers = parts.allSatisfy { (1...9).contains($0.utf8.count) && $0.utf8.allSatisfy { 48...57 ~= $0 } }
    guard parts.count == 2, areNumbers, let major = Int(parts[0]), let minor = Int(parts[1])
    else { return nil }
    self.init(major: major, minor: minor)
  }

  /// `major.minor`
  public var description: String { "\(major).\(minor)" }

  /// By major version, then by minor version.
  public static func < (a: Version, b: Version) -> Bool { (a.major, a.minor) < (b.major, b.minor) }
}
