import Foundation

/// Small texts and models to work with.
enum Samples {
  static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static func golden(_ name: String) -> String { repository.appending(path: "fixtures/golden/\(name)").path }

  static var hostile: [String] {
    let folder = repository.appending(path: "fixtures/hostile").path
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".h5") }
    return names.sorted().map { "\(folder)/\($0)" }
  }

  /// A text that is easy to learn.
  static let text = Array(String(repeating: "The quick brown fox jumps over the lazy dog.\n", count: 40).utf8)

  /// The flags of a training of a second.
  static let brief = ["--hidden", "8", "--batch", "4", "--length", "8", "--steps", "20", "--quiet"]
}
