import Foundation

/// The repository's own files, found from where this source lies.
enum Fixtures {
  static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The names of the valid models.
  static let golden = names(in: "golden")
  /// Those that are networks, and no tables of n-grams.
  static let goldenNetworks = golden.filter { $0 != "ngram.h5" }
  static func path(golden name: String) -> String { repository.appending(path: "fixtures/golden/\(name)").path }

  private static func names(in folder: String) -> [String] {
    let path = repository.appending(path: "fixtures/\(folder)").path
    return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { $0.hasSuffix(".h5") }.sorted()
  }
}
