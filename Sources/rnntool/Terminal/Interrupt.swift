import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Ctrl-C and SIGTERM as a wish to stop: the first one ends the work cleanly, the second one at once.
enum Interrupt {
  private static let count = Atomic<Int>(0)

  /// Begins to listen.
  static func install() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in
        // Only what is safe in a signal handler: an atomic counter, and leaving.
        if Interrupt.count.add(1, ordering: .relaxed).newValue > 1 { _exit(Failure.interrupted) }
      }
    }
  }

  /// Whether somebody wants to stop.
  static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }
}
