import Foundation

/// The real models beside the repository, which are not part of it.
enum SharedCases {
  static let folder = Fixtures.repository.deletingLastPathComponent().appending(path: "shared/cases").path
  static var exist: Bool { FileManager.default.fileExists(atPath: folder) }
  static let missing = "the models of ../shared/cases are not here"
  static func path(_ name: String) -> String { "\(folder)/\(name)" }
}
