import Foundation
import RNNFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// All output of the program: data goes to standard output, everything else to standard error.
enum Terminal {
  /// Writes data.
  static func write(_ bytes: [UInt8]) throws(Failure) {
    var start = 0
    while start < bytes.count {
      // Safe: the pointer stays within the bytes and is used only during the call.
      let written = bytes[start...].withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else {
        throw Failure(
          "cannot write to standard output: \(String(cString: strerror(errno)).lowercased())", code: Failure.impossible)
      }
      start += written
    }
  }

  /// Writes text that a model has made: on a terminal without anything that could drive it, else as it is.
  static func show(_ bytes: [UInt8]) throws(Failure) {
    guard isatty(STDOUT_FILENO) == 1 else { return try write(bytes) }
    var text = ""
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      let isText = scalar.properties.generalCategory != .control || scalar == "\n" || scalar == "\t"
      text += isText ? "\(scalar)" : "\(scalar)".printable
    }
    try write(Array(text.utf8))
  }

  /// Writes lines of text.
  static func print(_ text: String) throws(Failure) { try write(Array((text + "\n").utf8)) }

  /// Writes a JSON document.
  static func print(_ json: JSONValue) throws(Failure) { try print(json.indented) }

  /// Says something that is not data.
  static func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  /// Says something without ending the line.
  static func say(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  /// Says what went wrong.
  static func error(_ message: String) {
    let text = message.printable
    note("rnntool: " + text + (text.hasSuffix(".") ? "" : "."))
  }

  /// Whether standard error is a terminal that lines can be redrawn on.
  static var isInteractive: Bool {
    isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  /// Whether standard output is a terminal that shows colours, and nobody asked for none.
  static var isColoured: Bool {
    let environment = ProcessInfo.processInfo.environment
    return isatty(STDOUT_FILENO) == 1 && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
  }

  /// The width of the terminal.
  static var columns: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
