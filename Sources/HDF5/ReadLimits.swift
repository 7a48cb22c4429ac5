/// What a reader is willing to do for a file that it does not trust.
public struct ReadLimits: Sendable, Equatable {
  /// The most bytes that one dataset or attribute may have.
  public var maximumBytes: Int
  /// The most levels of groups below the root.
  public var maximumDepth: Int
  /// The most objects of a walk, and the most names of one group or object.
  public var maximumObjects: Int

  /// - Parameters:
  ///   - maximumBytes: the most bytes that one dataset or attribute may have
  ///   - maximumDepth: the most levels of groups below the root
  ///   - maximumObjects: the most objects of a walk, and the most names of one group or object
  public init(maximumBytes: Int = 1 << 40, maximumDepth: Int = 64, maximumObjects: Int = 1_000_000) {
    self.maximumBytes = maximumBytes
    self.maximumDepth = maximumDepth
    self.maximumObjects = maximumObjects
  }

  /// Deflate cannot shrink data by more than 1032; a chunked dataset that promises more than this is refused.
  static let maximumExpansion = 1100

  /// Strings of variable length in one attribute. The library offers no way to bound the bytes that they share.
  static let maximumVariableStrings = 4096
}
