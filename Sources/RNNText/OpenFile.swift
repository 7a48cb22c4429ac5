import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file descriptor, closed with its last owner.
///
/// The descriptor never changes, and the calls below are those that POSIX lets threads share: a value of this class can be used anywhere.
final class OpenFile: Sendable {
  private let descriptor: Int32
  /// The path it was opened with; of a temporary file its folder.
  let path: String
  /// Whether it can be read again from its beginning.
  let isRegular: Bool

  /// Opens a file for reading; `-` is standard input.
  init(reading path: String) throws(TextError) {
    self.path = path
    descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path: path, reason: Self.reason(errno)) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let reason = Self.reason(errno)
      close(descriptor)
      throw .unreadable(path: path, reason: reason)
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      close(descriptor)
      throw .unreadable(path: path, reason: "it is a directory, not a text")
    }
    isRegular = path != "-" && status.st_mode & S_IFMT == S_IFREG
  }

  /// Makes a file without a name, which is gone as soon as it is closed, however the program ends.
  ///
  /// - Parameter folder: where; nil for TMPDIR, or the system's folder.
  init(temporaryIn folder: String?) throws(TextError) {
    let folder = folder ?? FileManager.default.temporaryDirectory.path
    path = folder
    isRegular = true
    var template = Array("\(folder)/rnntool-XXXXXX".utf8CString)
    // mkstemp writes the name in the place of the Xs; the array ends in a zero and is long enough.
    descriptor = template.withUnsafeMutableBufferPointer { $0.baseAddress.map { mkstemp($0) } ?? -1 }
    guard descriptor >= 0 else { throw .temporaryFile(folder: folder, reason: Self.reason(errno)) }
    template.withUnsafeBufferPointer { _ = $0.baseAddress.map { unlink($0) } }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  deinit { close(descriptor) }

  /// The next bytes, at most `count`; none at the end.
  func read(upTo count: Int) throws(TextError) -> [UInt8] {
    var result = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      // The buffer has room for `count` bytes; only those that were read count as initialized.
      repeat { result = Self.systemRead(descriptor, buffer.baseAddress, count) } while result < 0 && errno == EINTR
      filled = max(0, result)
    }
    guard result >= 0 else { throw .unreadable(path: path, reason: Self.reason(errno)) }
    return bytes
  }

  /// Replaces `bytes` by the `count` bytes at `offset` of a temporary file.
  func read(at offset: Int, count: Int, into bytes: inout [UInt8]) throws(TextError) {
    bytes.removeAll(keepingCapacity: true)
    bytes.append(contentsOf: repeatElement(0, count: count))
    var done = 0
    while done < count {
      let result = bytes.withUnsafeMutableBytes { buffer in
        // `done` < `count`, the length of the buffer.
        pread(descriptor, buffer.baseAddress.map { $0 + done }, count - done, off_t(offset + done))
      }
      if result < 0 && errno == EINTR { continue }
      guard result > 0 else {
        let reason = result == 0 ? "it is shorter than what was written" : Self.reason(errno)
        throw .temporaryFile(folder: path, reason: reason)
      }
      done += result
    }
  }

  /// Writes all of `bytes` at `offset` of a temporary file.
  func write(_ bytes: [UInt8], at offset: Int) throws(TextError) {
    var done = 0
    while done < bytes.count {
      let result = bytes.withUnsafeBytes { buffer in
        // `done` < the length of the buffer.
        pwrite(descriptor, buffer.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
      }
      if result < 0 && errno == EINTR { continue }
      guard result > 0 else { throw .temporaryFile(folder: path, reason: Self.reason(errno)) }
      done += result
    }
  }

  // The method of the same name hides the system's function.
  private static func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutablePointer<UInt8>?, _ count: Int) -> Int {
    #if canImport(Glibc)
      Glibc.read(descriptor, buffer, count)
    #elseif canImport(Musl)
      Musl.read(descriptor, buffer, count)
    #else
      Darwin.read(descriptor, buffer, count)
    #endif
  }

  private static func reason(_ error: Int32) -> String {
    switch error {
    case ENOENT: "there is no such file"
    case ENOSPC: "there is no space left"
    default: String(cString: strerror(error)).lowercased()
    }
  }
}
