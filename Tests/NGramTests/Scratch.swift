import Foundation
import RNNText

/// A folder of its own for one test, gone with it.
final class Scratch {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("ngram-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Writes a file and gives its path.
  func file(_ bytes: some Sequence<UInt8>) throws -> String {
    let url = folder.appendingPathComponent(UUID().uuidString)
    try Data(bytes).write(to: url)
    return url.path
  }

  func file(_ text: String) throws -> String { try file(text.utf8) }
}

/// Files that the repository has for tests.
enum Fixtures {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("fixtures/ngram")

  static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  static func bytes(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: folder.appendingPathComponent(name)))
  }
}

func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
  struct NoMemory: Error {}
  guard let encoder = GzipEncoder() else { throw NoMemory() }
  return encoder.encode(bytes) + encoder.finish()
}
