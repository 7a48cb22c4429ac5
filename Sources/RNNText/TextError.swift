/// Why a text cannot be read.
public enum TextError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A file that is missing, forbidden, a folder, or on a broken disk.
  case unreadable(path: String, reason: String)
  /// Files without a byte in them.
  case empty(paths: [String])
  /// A model or an archive in the place of a text: a mistake that would go unnoticed.
  case notAText(path: String)
  /// Compressed data that ends too early.
  case truncatedGzip(path: String)
  /// Compressed data that is damaged, or followed by something else.
  case corruptGzip(path: String)
  /// A file that is not the same as when it was read before.
  case changed(path: String)
  /// A text larger than the memory meant for it.
  case tooLarge(path: String, limit: Int)
  /// The temporary file for what does not fit into memory cannot be made, written or read.
  case temporaryFile(folder: String, reason: String)

  /// Whether the text is to blame, and not the machine.
  public var isRefusal: Bool {
    switch self {
    case .unreadable, .temporaryFile, .changed, .tooLarge: false
    case .empty, .notAText, .truncatedGzip, .corruptGzip: true
    }
  }

  /// One sentence.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "cannot read \(Self.name(path)): \(reason)"
    case .empty(let paths): "the text is empty: \(paths.map(Self.name).joined(separator: ", "))"
    case .notAText(let path): "\(Self.name(path)) is a model file or an archive, not a text"
    case .truncatedGzip(let path): "\(Self.name(path)) is compressed by gzip, but ends too early: it is not whole"
    case .corruptGzip(let path): "\(Self.name(path)) is compressed by gzip, but damaged"
    case .changed(let path): "\(Self.name(path)) changed while it was read: give a text that nobody is writing"
    case .tooLarge(let path, let limit):
      "\(Self.name(path)) has more than the \(limit) bytes that can be held in memory"
    case .temporaryFile(let folder, let reason):
      "the text needs a temporary file in '\(folder)', but \(reason): name another folder in TMPDIR"
    }
  }

  private static func name(_ path: String) -> String { path == "-" ? "standard input" : "'\(path)'" }
}
