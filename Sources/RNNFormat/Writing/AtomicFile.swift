import Foundation

#if canImport(Glibc)
  @preconcurrency import Glibc
#elseif canImport(Musl)
  @preconcurrency import Musl
#else
  import Darwin
#endif

/// Replacing a file all at once: whoever looks sees the old one or the new one, also after a crash.
public enum AtomicFile {
  /// Lets `body` write a temporary file beside the target, then puts it in the target's place.
  ///
  /// - Parameters:
  ///   - path: the target. A symbolic link is followed: the file that it names is replaced.
  ///   - body: writes and closes the file at the path that it is given, which does not exist yet.
  /// - Throws: ``FormatError/cannotWrite(file:reason:)``, or what `body` throws. The target is untouched then, and the temporary
  ///   file is gone.
  public static func replace(_ path: String, _ body: (_ temporary: String) throws -> Void) throws {
    func failure(_ reason: String) -> FormatError { .cannotWrite(file: path, reason: reason) }
    let (target, directory, mode) = try check(path)
    let name = (target as NSString).lastPathComponent
    let temporary = "\(directory)/.\(name).\(getpid())-\(UInt32.random(in: 0 ... .max)).partial"
    do {
      try body(temporary)
      try synchronize(temporary, failure)
      if let mode { chmod(temporary, mode) }
      guard rename(temporary, target) == 0 else { throw failure(reason()) }
    } catch {
      unlink(temporary)
      throw error
    }
    // The new name is in the folder; that it stays there after a power cut, some file systems do not let us ask for.
    try? synchronize(directory, failure)
  }

  /// Checks that a target could be replaced, before the work that leads to it is done.
  ///
  /// - Throws: ``FormatError/cannotWrite(file:reason:)``.
  public static func checkWritable(_ path: String) throws { _ = try check(path) }

  /// The file that a path leads to, its folder, and its permissions if it exists.
  private static func check(_ path: String) throws(FormatError) -> (target: String, directory: String, mode: mode_t?) {
    func failure(_ reason: String) -> FormatError { .cannotWrite(file: path, reason: reason) }
    let target = resolved(path)
    var status = stat()
    let exists = stat(target, &status) == 0
    if exists && status.st_mode & S_IFMT != S_IFREG {
      throw failure(status.st_mode & S_IFMT == S_IFDIR ? "it is a directory" : "it is not a regular file")
    }
    if exists && access(target, W_OK) != 0 { throw failure(reason()) }
    let folder = (target as NSString).deletingLastPathComponent
    let directory = folder.isEmpty ? "." : folder
    guard access(directory, F_OK) == 0 else { throw failure("the folder '\(directory)' does not exist") }
    guard access(directory, W_OK | X_OK) == 0 else { throw failure("the folder '\(directory)': \(reason())") }
    return (target, directory, exists ? status.st_mode & 0o7777 : nil)
  }

  /// Writes a whole file.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    try replace(path) { temporary in
      let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0o644)
      guard descriptor >= 0 else { throw FormatError.cannotWrite(file: path, reason: reason()) }
      defer { close(descriptor) }
      var start = 0
      while start < bytes.count {
        // Safe: the pointer stays within the bytes and is used only during the call.
        let written = bytes[start...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else { throw FormatError.cannotWrite(file: path, reason: reason()) }
        start += written
      }
    }
  }

  private static func synchronize(_ path: String, _ failure: (String) -> FormatError) throws {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { throw failure(reason()) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure(reason()) }
  }

  private static func resolved(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  private static func reason() -> String {
    errno == ENOSPC ? "no space is left on the device" : String(cString: strerror(errno)).lowercased()
  }
}
