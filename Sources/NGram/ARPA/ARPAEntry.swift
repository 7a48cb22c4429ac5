import RealModule

/// One n-gram of an ARPA file. The same value reads one line after another, so that no line needs memory of its own.
struct ARPAEntry {
  /// What is wrong with a line.
  struct Fault: Error {
    let reason: String
  }

  private(set) var line: ArraySlice<UInt8> = []
  /// Where the words are in the line.
  private(set) var words: [Range<Int>] = []
  /// ln p.
  private(set) var logProbability: Float = 0
  /// In nats.
  private(set) var backoff: Float = 0

  subscript(word: Int) -> ArraySlice<UInt8> { line[words[word]] }

  /// Reads a line: a log-probability, the words, and perhaps a backoff.
  mutating func read(_ line: ArraySlice<UInt8>, order: Int) throws(Fault) {
    self.line = line
    words.removeAll(keepingCapacity: true)
    var start = line.startIndex
    for index in line.indices where ARPALines.isSpace(line[index]) {
      if start < index { words.append(start..<index) }
      start = index + 1
    }
    if start < line.endIndex { words.append(start..<line.endIndex) }
    let count = words.count
    guard order + 1...order + 2 ~= count else {
      let expected =
        "a \(order)-gram has a log-probability, \(order) word\(order == 1 ? "" : "s") and perhaps a backoff"
      throw Fault(reason: "\(expected), but here \(count == 1 ? "is 1 field" : "are \(count) fields")")
    }
    backoff = 0
    if count == order + 2 {
      let field = self[count - 1]
      guard let number = ARPANumber.parse(field), number.isFinite, abs(number) < 1e30 else {
        throw Fault(reason: "the backoff \(ARPALines.shown(field)) is not a finite number")
      }
      backoff = Float(number * Double.log(10))
      words.removeLast()
    }
    let field = self[0]
    guard let number = ARPANumber.parse(field), number.isFinite, number > -1e30 else {
      throw Fault(reason: "the log-probability \(ARPALines.shown(field)) is not a finite number")
    }
    // A probability of 1 may have been rounded up.
    guard number <= 1e-6 else { throw Fault(reason: "the log-probability \(ARPALines.shown(field)) is positive") }
    logProbability = Float(min(0, number) * Double.log(10))
    words.removeFirst()
  }
}
