import Foundation
import RNNFormat

/// The binary under test, and what a run of it gave.
enum Program {
  /// From the environment variable RNNTOOL, else the product beside the test bundle.
  static let path: String? = {
    if let path = ProcessInfo.processInfo.environment["RNNTOOL"] { return path }
    let starts = [Bundle.main.bundlePath] + CommandLine.arguments.filter { $0.contains("/") }
    for start in starts {
      var folder = URL(filePath: start)
      for _ in 0..<5 {
        folder.deleteLastPathComponent()
        let candidate = folder.appending(path: "rnntool").path
        var isFolder: ObjCBool = false
        if FileManager.default.isExecutableFile(atPath: candidate),
          FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder), !isFolder.boolValue
        {
          return candidate
        }
      }
    }
    return nil
  }()

  struct Run {
    let code: Int32
    let output: [UInt8]
    let errors: String

    var text: String { String(decoding: output, as: UTF8.self) }
    /// The output as JSON; null if it is none.
    var json: JSONValue { (try? JSONValue(parsing: output)) ?? .null }
  }

  /// Runs the binary to its end. Output goes through files, so that no pipe can fill up.
  ///
  /// - Parameter meanwhile: called while it runs.
  static func run(
    _ arguments: [String], input: [UInt8] = [], meanwhile: (Process) -> Void = { _ in }
  ) throws -> Run {
    let scratch = try Scratch()
    for name in ["output", "errors"] { try scratch.file(name, []) }
    try scratch.file("input", input)
    let process = Process()
    process.executableURL = URL(filePath: path ?? "")
    process.arguments = arguments
    process.standardInput = FileHandle(forReadingAtPath: scratch.path("input"))
    process.standardOutput = FileHandle(forWritingAtPath: scratch.path("output"))
    process.standardError = FileHandle(forWritingAtPath: scratch.path("errors"))
    try process.run()
    meanwhile(process)
    process.waitUntilExit()
    return Run(
      code: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
      output: try scratch.bytes("output"), errors: String(decoding: try scratch.bytes("errors"), as: UTF8.self))
  }
}
