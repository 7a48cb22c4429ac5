import RNNFormat
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Ctrl-C and SIGTERM: they end the program at once, without leaving unfinished files behind; a command that can end cleanly takes the
/// first one as a wish.
enum Interrupt {
  private static let count = Atomic<Int>(0)
  /// How many signals are wishes.
  private static let patience = Atomic<Int>(0)

  /// Begins to listen.
  static func install() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in
        // Only what is safe in a signal handler: atomics, unlink, and leaving.
        let signals = Interrupt.count.add(1, ordering: .relaxed).newValue
        guard signals > Interrupt.patience.load(ordering: .relaxed) else { return }
        AtomicFile.removeUnfinished()
        _exit(Failure.interrupted)
      }
    }
    // A parent that starts programs from a thread that takes no signals hands that down.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    // A file that grows beyond the limit of the shell is an error of writing, not the end of the program.
    signal(SIGXFSZ, SIG_IGN)
  }

  /// Takes the next signal as a wish, to be asked for with ``isRequested``.
  static func waitForWork() { patience.store(1, ordering: .relaxed) }

  /// Whether somebody wants to stop.
  static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }
}
