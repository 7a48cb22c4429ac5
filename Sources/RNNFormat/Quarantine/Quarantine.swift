import CSandbox
import Foundation
import HDF5

#if canImport(Glibc)
  @preconcurrency import Glibc
#elseif canImport(Musl)
  @preconcurrency import Musl
#else
  import Darwin
#endif

/// The system's call; in the type its own method would hide it.
private func openFile(_ path: String, _ flags: Int32) -> Int32 { open(path, flags) }

/// Reads an HDF5 file of strangers in a process of its own, which has given up every right before it looks at the first byte.
///
/// libhdf5 is a large library in C, and a file may be made to break it. So a child process reads the file: with bounded memory and
/// time and, on Linux, unable to open a file or a connection, to start a program, or to run what lies in its memory (Landlock, seccomp).
/// It says through a pipe what the file contains, and of that this process makes a fresh file, which it then reads as any other.
/// Whoever takes the child over can still say anything about the content; the hashes and the validator are for that.
public struct Quarantine: Sendable {
  /// The layers of protection that a kernel may offer.
  public struct Protection: OptionSet, Sendable {
    /// The layers' bits.
    public let rawValue: Int32
    /// Makes a set of its bits.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// Bounds on memory and processor time; no file grows.
    public static let limits = Protection(rawValue: Int32(csandbox_limits))
    /// No file is opened, no port used.
    public static let landlock = Protection(rawValue: Int32(csandbox_landlock))
    /// No system call but those that work on what is open.
    public static let seccomp = Protection(rawValue: Int32(csandbox_seccomp))
  }

  /// What one reading may cost, and how it was protected.
  public struct Report: Sendable {
    /// The file.
    public let file: String
    /// The bytes of memory that the child may take beyond its own start: 256 MiB and 16 times the file.
    public let memory: Int
    /// The seconds of processor time that it may take: 10, and one for each 10 MB of the file.
    public let seconds: Int
    /// What was active.
    public let protection: Protection
  }

  /// The first argument of the program that is to become the reading process; numbers follow.
  public static let argument = "--read-in-quarantine"

  private let program: String
  private let report: @Sendable (Report) -> Void

  /// - Parameters:
  ///   - program: a program that calls ``serve(_:)`` when its first argument is ``argument``.
  ///   - report: is told about each file.
  public init(program: String, report: @escaping @Sendable (Report) -> Void = { _ in }) {
    self.program = program
    self.report = report
  }

  /// What of a file is read.
  package enum Content: String, Sendable {
    /// All of a model file, if it keeps to the profile of the format.
    case model
    /// Of a file of another program, what can be said in the types of the format: texts of variable length become texts of fixed length.
    case foreign
    /// Of a file of another program, the attributes of the root and the names of the groups in it.
    case outline
  }

  // MARK: The process that wants to read

  /// A fresh file with the content of another one; on disk it has no name any more.
  ///
  /// - Throws: ``FormatError/hdf5(_:)`` as reading the file itself would, ``FormatError/quarantine(file:reason:)``.
  package func open(_ path: String, content: Content = .model) throws(FormatError) -> File {
    do {
      let descriptor = openFile(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      // What is no regular HDF5 file is said in the words of the ordinary way, which looks at eight bytes.
      guard descriptor >= 0 else { return try File(opening: path) }
      defer { close(descriptor) }
      var status = stat()
      guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return try File(opening: path) }
      // A sparse file can have any size; what it may cost follows from what it takes on the disk.
      let stored = min(Int(status.st_size), Int(status.st_blocks).multipliedReportingOverflow(by: 512).partialValue)
      return try read(descriptor, size: max(0, stored), named: path, content)
    } catch let error as FormatError {
      throw error
    } catch let error as HDF5Error {
      throw .hdf5(error)
    } catch {
      throw .quarantine(file: path, reason: "\(error)")
    }
  }

  /// The same of a file that is open already.
  ///
  /// - Parameters:
  ///   - descriptor: of a regular file.
  ///   - size: the bytes that it takes.
  ///   - path: what errors name.
  package func open(
    descriptor: Int32, size: Int, named path: String, content: Content
  ) throws(FormatError) -> File {
    do {
      return try read(descriptor, size: size, named: path, content)
    } catch let error as FormatError {
      throw error
    } catch let error as HDF5Error {
      throw .hdf5(error)
    } catch {
      throw .quarantine(file: path, reason: "\(error)")
    }
  }

  private func read(_ descriptor: Int32, size: Int, named path: String, _ content: Content) throws -> File {
    let memory = (256 << 20) + 16 * min(size, .max >> 8)
    let seconds = 10 + size / 10_000_000
    // Deflate within the profile expands a file up to a thousand times; trained parameters hardly at all.
    let limit = (64 << 20) + 64 * min(size, .max >> 8)
    let patience = 2 * seconds + 30
    let child = try Child(
      program, [Self.argument, "\(memory)", "\(seconds)", content.rawValue], input: descriptor, seconds: patience)
    do throws(any Error) {
      let layers = Protection(rawValue: Int32(try child.read(1)[0]))
      report(Report(file: path, memory: memory, seconds: seconds, protection: layers))
      #if os(Linux)
        guard !layers.isDisjoint(with: [.landlock, .seccomp]) else {
          throw FormatError.quarantine(
            file: path, reason: "this kernel offers neither Landlock nor seccomp, which take a process its rights")
        }
      #endif
      let folder = ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
      return try AtomicFile.withTemporary(in: folder) { copy in
        var receiver = TreeReceiver(limit: limit) {
          try child.read($0)
        }
        try receiver.run(creating: copy, named: path)
        return try File(opening: copy, named: path)
      }
    } catch let error as TreeReceiver.Malformed {
      throw FormatError.quarantine(file: path, reason: "what the reading process said is no content: \(error)")
    } catch is TreeReceiver.TooLong {
      throw FormatError.quarantine(
        file: path,
        reason:
          "it unpacks to more than \(limit >> 20) MB, which is more than is taken from a stranger's file of this size")
    } catch Child.Failure.ended {
      throw FormatError.quarantine(
        file: path,
        reason: "the reading process, which may take \(memory >> 20) MB of memory and \(seconds) seconds, "
          + child.waitForEnd())
    } catch Child.Failure.late {
      throw FormatError.quarantine(file: path, reason: "it took more than \(patience) seconds")
    }
  }

  // MARK: The process that reads

  /// Becomes the reading process: takes the file as standard input and says its content on standard output.
  ///
  /// To be called before anything else, while the process has one thread.
  ///
  /// - Parameter arguments: those of the program, without its name.
  /// - Returns: the status to end with; nil if this is not what the program was started for.
  public static func serve(_ arguments: [String]) -> Int32? {
    guard arguments.first == argument else { return nil }
    guard arguments.count == 4, let memory = UInt64(arguments[1]), let seconds = UInt64(arguments[2]),
      let content = Content(rawValue: arguments[3])
    else { return 64 }
    csandbox_close_above(2)
    let layers = csandbox_confine(memory, seconds)
    do {
      try send([UInt8(truncatingIfNeeded: layers)])
      let sender = TreeSender(content: content, send: send)
      do {
        // An absolute name: for another one libhdf5 would ask for the current folder.
        try sender.run(try File(descriptor: STDIN_FILENO, named: "/standard input"))
      } catch let error as HDF5Error {
        try sender.run(failure: error)
      }
      return 0
    } catch {
      return 1
    }
  }

  private struct BrokenPipe: Error {}

  private static func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      // Safe: the pointer stays within the bytes and is used only during the call.
      let count = bytes[sent...].withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw BrokenPipe() }
      sent += count
    }
  }
}
