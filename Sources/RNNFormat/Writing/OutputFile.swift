#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The system's call; in the type its own method would hide it.
private func writeBytes(_ descriptor: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, buffer, count)
}

/// A new file, written from its beginning to its end.
package struct OutputFile: ~Copyable {
  private let descriptor: Int32
  private let path: String

  /// Creates the file, which must not exist.
  package init(creating path: String) throws(FormatError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .cannotWrite(file: path, reason: SystemError.reason) }
    self.descriptor = descriptor
    self.path = path
  }

  /// Writes bytes behind those before.
  package func write(_ bytes: [UInt8]) throws(FormatError) {
    var start = 0
    while start < bytes.count {
      // Safe: the pointer stays within the bytes and is used only during the call.
      let written = bytes[start...].withUnsafeBytes { writeBytes(descriptor, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw .cannotWrite(file: path, reason: SystemError.reason) }
      start += written
    }
  }

  /// Replaces bytes that have been written; what follows still goes behind all others.
  package func overwrite(at offset: Int, with bytes: [UInt8]) throws(FormatError) {
    var start = 0
    while start < bytes.count {
      // Safe: the pointer stays within the bytes and is used only during the call.
      let written = bytes[start...].withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset + start))
      }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw .cannotWrite(file: path, reason: SystemError.reason) }
      start += written
    }
  }

  deinit { close(descriptor) }
}
