import Foundation
import RNNFormat

/// The repository's own files, found from where this source lies.
enum Fixtures {
  static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The names of the valid models.
  static let golden = names(in: "golden")
  /// Those that are networks, and no tables of n-grams.
  static let goldenNetworks = golden.filter { $0 != "ngram.h5" }
  /// The names of the files that have to be refused.
  static let hostile = names(in: "hostile")

  /// For each hostile file, the rule that it breaks.
  static let expected: [String: String] = {
    let url = repository.appending(path: "fixtures/hostile/expected.json")
    let json = (try? Data(contentsOf: url)).flatMap { try? JSONValue(parsing: Array($0)) }
    return (json?.object ?? [:]).compactMapValues { $0["rule"]?.string }
  }()

  static func path(golden name: String) -> String { repository.appending(path: "fixtures/golden/\(name)").path }
  static func path(hostile name: String) -> String { repository.appending(path: "fixtures/hostile/\(name)").path }

  private static func names(in folder: String) -> [String] {
    let path = repository.appending(path: "fixtures/\(folder)").path
    return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { $0.hasSuffix(".h5") }.sorted()
  }
}
