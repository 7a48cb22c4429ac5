import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What comes from files and from standard input.
enum Input {
  /// The bytes of a text; `-` is standard input.
  static func text(_ path: String) throws(Failure) -> [UInt8] {
    if path != "-" {
      var status = stat()
      guard stat(path, &status) == 0 else {
        let reason = errno == ENOENT ? "there is no such file" : String(cString: strerror(errno)).lowercased()
        throw Failure("cannot read '\(path)': \(reason)", code: Failure.impossible)
      }
      if status.st_mode & S_IFMT == S_IFDIR {
        throw Failure("cannot read '\(path)': it is a directory, not a text", code: Failure.impossible)
      }
    }
    do {
      let handle: FileHandle
      if path == "-" {
        handle = .standardInput
      } else {
        handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      }
      return Array(try handle.readToEnd() ?? Data())
    } catch {
      throw Failure("cannot read '\(path)': \(error.localizedDescription)", code: Failure.impossible)
    }
  }

  /// The bytes of several texts, one after another.
  static func texts(_ paths: [String]) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    for path in paths { bytes += try text(path) }
    guard !bytes.isEmpty else {
      let names = paths.map { $0 == "-" ? "standard input" : "'\($0)'" }.joined(separator: ", ")
      throw Failure("the text is empty: \(names)", code: Failure.refused)
    }
    return bytes
  }
}
