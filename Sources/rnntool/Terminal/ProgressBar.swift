/// Progress on long work: a bar that is redrawn on a terminal, a plain line now and then elsewhere, nothing when quiet.
struct ProgressBar {
  private let isQuiet: Bool
  private let isInteractive: Bool
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var last: ContinuousClock.Instant?
  private var isDrawn = false

  /// One thing to say beside the progress.
  struct Item {
    let text: String
    /// What has the highest rank goes first where the line is too narrow; 0 stays.
    let rank: Int

    init(_ text: String, rank: Int = 0) {
      self.text = text
      self.rank = rank
    }
  }

  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
    isInteractive = Terminal.isInteractive
    start = clock.now
  }

  /// Shows where the work stands, if it is time to.
  ///
  /// - Parameters:
  ///   - fraction: the part that is done.
  ///   - seconds: since the beginning.
  ///   - items: what else there is to say; made only if it is shown.
  mutating func update(_ fraction: Double, seconds: Double, _ items: @autoclosure () -> [Item]) {
    // Plain lines only begin once it is clear that the work is long.
    guard isDue(after: isInteractive ? .zero : .seconds(10)) else { return }
    let left = fraction > 0.001 ? Format.duration(seconds * (1 - fraction) / fraction) + " left" : ""
    let items = [Item(Format.percent(fraction))] + (left.isEmpty ? [] : [Item(left)]) + items()
    guard isInteractive else { return Terminal.note(items.map(\.text).joined(separator: "  ")) }
    draw(Self.line(fraction, items, columns: Terminal.columns - 1))
  }

  /// Shows what is being done when it takes more than two seconds and nobody knows how long.
  mutating func update(_ text: @autoclosure () -> String) {
    guard isDue(after: .seconds(2)) else { return }
    let text = text()
    if isInteractive { draw(String(text.prefix(Terminal.columns - 1))) } else { Terminal.note(text) }
  }

  /// Whether something is to be shown now.
  ///
  /// - Parameter patience: how long to wait before anything is.
  private mutating func isDue(after patience: Duration) -> Bool {
    guard !isQuiet else { return false }
    let now = clock.now
    let pause: Duration = isInteractive ? .milliseconds(100) : .seconds(10)
    guard now - start >= patience, last.map({ now - $0 >= pause }) ?? true else { return false }
    last = now
    return true
  }

  /// A line that fits: without the bar if there is no room for it, then without the items of the highest ranks.
  private static func line(_ fraction: Double, _ items: [Item], columns: Int) -> String {
    var items = items
    var text: String { items.map(\.text).joined(separator: "  ") }
    while text.count > columns, let rank = items.map(\.rank).max(), rank > 0 { items.removeAll { $0.rank == rank } }
    let width = min(30, columns - text.count - 1)
    guard width >= 10 else { return String(text.prefix(columns)) }
    let filled = min(width, max(0, Int(Double(width) * fraction)))
    return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled) + " " + text
  }

  private mutating func draw(_ line: String) {
    Terminal.say("\r\u{1B}[2K" + line)
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
