import Foundation

/// The texts that published numbers are about: beside the repository where there are any, and never part of it.
enum Corpora {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/corpora")

  static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  static func has(_ name: String) -> Bool { FileManager.default.isReadableFile(atPath: path(name)) }
}
