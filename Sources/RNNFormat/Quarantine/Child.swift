#if canImport(Glibc)
  @preconcurrency import Glibc
#elseif canImport(Musl)
  @preconcurrency import Musl
#else
  import Darwin
#endif

/// The system's call; in the class its own method would hide it.
private func readBytes(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  read(descriptor, buffer, count)
}

/// A running program whose standard output we read. It is killed when this value goes away.
final class Child {
  enum Failure: Error {
    case cannotStart(reason: String)
    /// It has said its last word before it should.
    case ended
    /// It took too long.
    case late
  }

  private let process: pid_t
  private let output: Int32
  private let deadline: ContinuousClock.Instant
  /// How the process ended, once that has been asked for.
  private var status: Int32?

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - program: its path.
  ///   - arguments: what follows its name.
  ///   - input: an open file that becomes its standard input.
  ///   - seconds: how long it may take.
  init(_ program: String, _ arguments: [String], input: Int32, seconds: Int) throws(Failure) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw .cannotStart(reason: String(cString: strerror(errno))) }
    // Neither end may reach another program that is started meanwhile.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[1]) }
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
    #else
      var actions = posix_spawn_file_actions_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    // What a broken process prints about itself is of no use to the user.
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var texts: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for text in texts { free(text) } }
    var process: pid_t = 0
    // Safe: the array ends with nil and lives as long as the call. The environment says where libraries are.
    let status = posix_spawn(&process, program, &actions, nil, &texts, environ)
    guard status == 0 else {
      close(ends[0])
      throw .cannotStart(reason: String(cString: strerror(status)))
    }
    self.process = process
    output = ends[0]
    deadline = .now + .seconds(seconds)
  }

  deinit {
    close(output)
    guard status == nil else { return }
    kill(process, SIGKILL)
    _ = wait()
  }

  /// The next `count` bytes that it says.
  func read(_ count: Int) throws(Failure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let left = deadline - .now
      guard left > .zero else { throw .late }
      var wait = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      let ready = poll(&wait, 1, Int32(clamping: left.components.seconds * 1000 + 1))
      if ready < 0 && errno == EINTR { continue }
      guard ready > 0 else { throw .late }
      // Safe: no more is read than the array has left.
      let got = bytes[filled...].withUnsafeMutableBytes { readBytes(output, $0.baseAddress, $0.count) }
      if got < 0 && errno == EINTR { continue }
      guard got > 0 else { throw .ended }
      filled += got
    }
    return bytes
  }

  /// Waits until the process has ended, and says how, in words that follow "the reading process".
  func waitForEnd() -> String {
    let status = self.status ?? wait()
    self.status = status
    // As the macros WIFSIGNALED, WTERMSIG and WEXITSTATUS have it.
    let signal = status & 0x7f
    if signal == 0 { return "gave up (\(status >> 8 & 0xff))" }
    return switch signal {
    case SIGSYS: "was ended because it asked the system for something that reading needs not"
    case SIGXCPU: "was ended because it took too much time"
    default: "crashed (signal \(signal))"
    }
  }

  private func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    return status
  }
}
