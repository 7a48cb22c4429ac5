import Dispatch
import RNNFormat
import Synchronization

/// Says that something goes on whose end nobody knows, once it takes longer than two seconds, or ten where
/// nobody looks at a terminal.
final class LongWork: Sendable {
  private struct Line {
    var bar = ProgressBar(isQuiet: false)
    var isEnded = false
  }

  private let line = Mutex(Line())

  private init() {}

  /// Does some work, and meanwhile says what and for how long.
  ///
  /// - Parameters:
  ///   - what: the work: "converting book.h5".
  ///   - isQuiet: whether to say nothing.
  static func announce<Result: ~Copyable, Problem: Error>(
    _ what: String, isQuiet: Bool, _ work: () throws(Problem) -> Result
  ) throws(Problem) -> Result {
    guard !isQuiet else { return try work() }
    let shown = LongWork()
    let clock = ContinuousClock()
    let start = clock.now
    let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "progress"))
    timer.setEventHandler {
      shown.line.withLock { line in
        if !line.isEnded { line.bar.update("\(what.printable), \(Format.duration((clock.now - start) / .seconds(1)))") }
      }
    }
    timer.schedule(
      deadline: .now() + .seconds(Terminal.isInteractive ? 2 : 10), repeating: .milliseconds(200))
    timer.resume()
    defer {
      timer.cancel()
      shown.line.withLock { line in
        line.isEnded = true
        line.bar.clear()
      }
    }
    return try work()
  }
}
