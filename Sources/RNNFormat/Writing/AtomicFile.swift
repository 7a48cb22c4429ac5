import Foundation
import Synchronization

#if canImport(Glibc)
  @preconcurrency import Glibc
#elseif canImport(Musl)
  @preconcurrency import Musl
#else
  import Darwin
#endif

/// Replacing a file all at once: whoever looks sees the old one or the new one, also after a crash.
///
/// What is unfinished lies beside the target as `.rnntool.<process>-<number>@<place>.partial`. It is removed when the work fails, by
/// ``removeUnfinished()`` when a signal ends the process, and otherwise by the next process that writes into the folder. The place says where
/// the process's number means something: other machines and containers may share the folder.
public enum AtomicFile {
  /// The address of the unfinished file's name, for a signal handler: a C string that is never freed; 0 for none.
  private static let unfinished = Atomic<Int>(0)

  /// Where a file goes.
  private struct Target {
    /// The file that the path leads to, behind symbolic links.
    let path: String
    let folder: String
    /// The permissions of the file that is there.
    let mode: mode_t?
  }

  /// Lets `body` write a temporary file beside the target, then puts it in the target's place.
  ///
  /// - Parameters:
  ///   - path: the target. A symbolic link is followed: the file that it names is replaced.
  ///   - body: writes and closes the file at the path that it is given, which does not exist yet.
  /// - Throws: ``FormatError/cannotWrite(file:reason:)``, or what `body` throws. The target is untouched then, and the temporary
  ///   file is gone.
  public static func replace(_ path: String, _ body: (_ temporary: String) throws -> Void) throws {
    func failure(_ reason: String) -> FormatError { .cannotWrite(file: path, reason: reason) }
    let target = try check(path)
    try withTemporary(in: target.folder) { temporary in
      try body(temporary)
      try synchronize(temporary, failure)
      chmod(temporary, target.mode ?? 0o666 & ~privacy.withLock(\.mask))
      guard rename(temporary, target.path) == 0 else { throw failure(SystemError.reason) }
    }
    // The new name is in the folder; that it stays there after a power cut, some file systems do not let us ask for.
    try? synchronize(target.folder, failure)
  }

  /// How many files are being written, and the process's mask of permissions before the first of them was.
  private static let privacy = Mutex<(writers: Int, mask: mode_t)>((0, 0))

  /// Makes new files readable by their owner only, whatever becomes of them: the one that is replaced may have been so.
  private static func beginPrivacy() {
    privacy.withLock { state in
      if state.writers == 0 { state.mask = umask(0o077) }
      state.writers += 1
    }
  }

  private static func endPrivacy() {
    privacy.withLock { state in
      state.writers -= 1
      if state.writers == 0 { umask(state.mask) }
    }
  }

  /// Lets `body` make a file; it is gone when `body` returns unless it has got another name, though what is open then stays open.
  ///
  /// - Parameters:
  ///   - folder: where there is room for it.
  ///   - body: is given a path at which nothing exists yet.
  static func withTemporary<Result: ~Copyable>(
    in folder: String, _ body: (_ temporary: String) throws -> Result
  ) rethrows -> Result {
    removeAbandoned(in: folder)
    beginPrivacy()
    defer { endPrivacy() }
    let temporary = temporaryName(in: folder)
    unfinished.store(Int(bitPattern: strdup(temporary)), ordering: .releasing)
    defer {
      unfinished.store(0, ordering: .releasing)
      unlink(temporary)
    }
    return try body(temporary)
  }

  /// Checks that a target can be replaced, before the work that leads to it is done: a file is created beside it and removed.
  ///
  /// - Throws: ``FormatError/cannotWrite(file:reason:)``.
  public static func checkWritable(_ path: String) throws {
    let target = try check(path)
    let probe = temporaryName(in: target.folder)
    let descriptor = open(probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FormatError.cannotWrite(file: path, reason: SystemError.reason) }
    close(descriptor)
    unlink(probe)
  }

  /// Writes a whole file.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    try replace(path) { temporary in
      do {
        try OutputFile(creating: temporary).write(bytes)
      } catch FormatError.cannotWrite(_, let reason) {
        throw FormatError.cannotWrite(file: path, reason: reason)
      }
    }
  }

  /// Removes the file that is being written; safe in a signal handler that ends the process.
  public static func removeUnfinished() {
    // Safe: the string lives as long as the process.
    if let path = UnsafePointer<CChar>(bitPattern: unfinished.load(ordering: .acquiring)) { unlink(path) }
  }

  private static func temporaryName(in folder: String) -> String {
    "\(folder)/.rnntool.\(getpid())-\(UInt32.random(in: 0 ... .max))@\(place).partial"
  }

  /// The machine since its start, and the name space of its processes, in twelve hexadecimal digits.
  private static let place: String = {
    let boot = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? ""
    let processes = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
    var host = [CChar](repeating: 0, count: 256)
    // Not Foundation's name of the host, which may ask the network.
    if gethostname(&host, host.count - 1) != 0 { host[0] = 0 }
    let name = String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let facts = [name, boot.trimmingCharacters(in: .whitespacesAndNewlines), processes]
    return String(Hash.sha256(facts.joined(separator: "\n")).prefix(12))
  }()

  /// How long an unfinished file of another place is taken for one that is still being written.
  private static let patience: TimeInterval = 24 * 60 * 60

  /// Removes what processes left behind that no longer live.
  private static func removeAbandoned(in folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      // libzip writes into a file of its own, whose name goes on behind ours.
      guard let match = name.wholeMatch(of: /\.rnntool\.(\d{1,9})-\d+(@[0-9a-f]{12})?\.partial(\.\w+)?/),
        let process = pid_t(match.1)
      else { continue }
      let path = "\(folder)/\(name)"
      if match.2 == "@\(place)" {
        if process != getpid(), kill(process, 0) != 0, errno == ESRCH { unlink(path) }
      } else if let changed = try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date,
        changed.timeIntervalSinceNow < -patience
      {
        unlink(path)
      }
    }
  }

  private static func check(_ path: String) throws(FormatError) -> Target {
    func failure(_ reason: String) -> FormatError { .cannotWrite(file: path, reason: reason) }
    guard !path.isEmpty else { throw failure("the name is empty") }
    guard !path.hasSuffix("/") else { throw failure("it is a folder, not a file") }
    guard !path.utf8.contains(0) else { throw failure("the name contains NUL") }
    let target = resolved(path)
    var status = stat()
    let exists = stat(target, &status) == 0
    if exists && status.st_mode & S_IFMT != S_IFREG {
      throw failure(status.st_mode & S_IFMT == S_IFDIR ? "it is a directory" : "it is not a regular file")
    }
    if exists && access(target, W_OK) != 0 { throw failure(SystemError.reason) }
    let (directory, name) = split(target)
    guard name.utf8.count <= 255 else { throw failure("the name is too long") }
    guard access(directory, F_OK) == 0 else { throw failure("the folder '\(directory)' does not exist") }
    guard access(directory, W_OK | X_OK) == 0 else { throw failure("the folder '\(directory)': \(SystemError.reason)") }
    return Target(path: target, folder: directory, mode: exists ? status.st_mode & 0o7777 : nil)
  }

  private static func synchronize(_ path: String, _ failure: (String) -> FormatError) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(SystemError.reason) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure(SystemError.reason) }
  }

  /// The file behind symbolic links, also if it does not exist yet.
  private static func resolved(_ path: String) -> String {
    if let real = realpath(path, nil) {
      defer { free(real) }
      return String(cString: real)
    }
    guard let destination = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else { return path }
    if destination.hasPrefix("/") { return destination }
    return "\(split(path).folder)/\(destination)"
  }

  /// The folder of a path, `.` if it names none, and the name in it.
  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let folder = slash == path.startIndex ? "/" : String(path[..<slash])
    return (folder, String(path[path.index(after: slash)...]))
  }
}
