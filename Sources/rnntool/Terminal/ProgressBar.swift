/// Progress on long work: a bar that is redrawn on a terminal, a plain line now and then elsewhere, nothing when quiet.
struct ProgressBar {
  private let isQuiet: Bool
  private let isInteractive: Bool
  private let clock = ContinuousClock()
  private var last: ContinuousClock.Instant?
  private var isDrawn = false

  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
    isInteractive = Terminal.isInteractive
  }

  /// Shows where the work stands, if it is time to.
  ///
  /// - Parameters:
  ///   - fraction: the part that is done.
  ///   - seconds: since the beginning.
  ///   - text: what else there is to say; made only if it is shown.
  mutating func update(_ fraction: Double, seconds: Double, _ text: @autoclosure () -> String) {
    guard !isQuiet else { return }
    let now = clock.now
    let pause: Duration = isInteractive ? .milliseconds(100) : .seconds(10)
    if let last, now - last < pause { return }
    // Plain lines only begin once it is clear that the work is long.
    if last == nil && !isInteractive {
      last = now
      return
    }
    last = now
    let left = fraction > 0.001 ? Format.duration(seconds * (1 - fraction) / fraction) + " left" : ""
    guard isInteractive else {
      return Terminal.note("\(Format.percent(fraction))  \(text())  \(left)")
    }
    // On a narrow terminal the bar shrinks first, then the end of the text is cut.
    let end = "  \(left)  \(text())"
    let width = max(10, min(30, Terminal.columns - end.count - 8))
    let filled = Int(Double(width) * fraction)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    Terminal.say("\r\u{1B}[2K" + String("\(bar) \(Format.percent(fraction))\(end)".prefix(Terminal.columns - 1)))
    isDrawn = true
  }

  /// Says something that stays, above the bar.
  mutating func note(_ text: String) {
    guard !isQuiet else { return }
    clear()
    Terminal.note(text)
  }

  /// Takes the bar away.
  mutating func clear() {
    if isDrawn { Terminal.say("\r\u{1B}[2K") }
    isDrawn = false
  }
}
