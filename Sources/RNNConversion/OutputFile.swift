import Foundation
import RNNFormat

/// A new file, written from its beginning to its end.
struct OutputFile: ~Copyable {
  private let handle: FileHandle
  private let path: String

  init(creating path: String) throws(FormatError) {
    guard FileManager.default.createFile(atPath: path, contents: nil), let handle = FileHandle(forWritingAtPath: path)
    else { throw .cannotWrite(file: path, reason: "it cannot be created") }
    self.handle = handle
    self.path = path
  }

  func write(_ bytes: [UInt8]) throws(FormatError) {
    do {
      try handle.write(contentsOf: bytes)
    } catch {
      throw .cannotWrite(file: path, reason: "no space is left on the device, or it cannot be written")
    }
  }

  deinit { try? handle.close() }
}
