import RNNText

/// Reads ARPA files, plain or compressed by gzip.
///
/// The file may come from anybody: whatever it says about its length is compared with what is there, and it takes memory only for the lines that it has.
public struct ARPAReader {
  private let file: String
  private var lines: ARPALines
  /// Words in the order of the file, `<s>` included.
  private var words = WordTable()
  /// The token of each word: as in the file, but without `<s>`, which is V.
  private var tokens: [UInt32] = []
  private var sentenceEnd: UInt32?
  private var vocabularySize = 0
  private var ignored = 0
  private var levels: [NGramForm.Level] = []
  /// The n-gram that was looked for last: its tokens, and the nodes that lead to it. In sorted files the next one begins alike.
  private var path: [(token: UInt32, node: UInt32)] = []

  private init(_ file: String) throws {
    self.file = file
    lines = try ARPALines(file)
  }

  /// Reads a file.
  ///
  /// - Throws: ``NGramError/arpa(file:line:reason:)`` naming the line, or `TextError` for a file that cannot be read.
  public static func read(_ file: String) throws -> ARPAModel {
    var reader = try ARPAReader(file)
    return try reader.read()
  }

  private mutating func read() throws -> ARPAModel {
    let (counts, section) = try readHeader()
    var line = section
    for (index, count) in counts.enumerated() {
      guard line.elementsEqual("\\\(index + 1)-grams:".utf8) else {
        throw failure("expected \\\(index + 1)-grams:, but found \(ARPALines.shown(line))")
      }
      line = try index == 0 ? readSingleWords(count) : readSection(order: index + 1, count, of: counts.count)
    }
    guard line.elementsEqual("\\end\\".utf8) else {
      throw failure("expected \\end\\, but found \(ARPALines.shown(line))")
    }
    return try finish()
  }

  private func failure(_ reason: String) -> NGramError { .arpa(file: file, line: max(1, lines.number), reason: reason) }

  /// The next line that is not empty.
  private mutating func nextLine(before what: String) throws -> ArraySlice<UInt8> {
    while let line = try lines.next() {
      if !line.isEmpty { return line }
    }
    throw failure("the file ends before \(what)")
  }

  /// The numbers of n-grams that the file announces, and the line after them.
  private mutating func readHeader() throws -> (counts: [Int], next: ArraySlice<UInt8>) {
    // Programs may write comments above.
    while try !nextLine(before: "\\data\\: it is no ARPA file").elementsEqual("\\data\\".utf8) {}
    var counts: [Int] = []
    while true {
      let line = try nextLine(before: "its n-grams")
      guard line.starts(with: "ngram".utf8) else {
        guard !counts.isEmpty else {
          throw failure("expected 'ngram 1=' and a number, but found \(ARPALines.shown(line))")
        }
        return (counts, line)
      }
      let parts = line.dropFirst(5).split(separator: 0x3D, omittingEmptySubsequences: false)
      let numbers = parts.map { part in Int(String(decoding: part, as: UTF8.self).filter { $0 != " " && $0 != "\t" }) }
      guard numbers.count == 2, let order = numbers[0], let count = numbers[1], count >= 0, order == counts.count + 1
      else { throw failure("expected 'ngram \(counts.count + 1)=' and a number, but found \(ARPALines.shown(line))") }
      guard order <= NGramModel.highestOrder else { throw failure(NGramError.order(order).description) }
      counts.append(count)
    }
  }

  /// Calls `body` with each line of a section, which ends with an empty line or the next section.
  ///
  /// - Returns: the line after the section.
  private mutating func forEachLine(
    of order: Int, _ count: Int, _ body: (inout Self, borrowing ARPAEntry) throws -> Void
  ) throws -> ArraySlice<UInt8> {
    var found = 0
    var after: ArraySlice<UInt8>?
    var entry = ARPAEntry()
    while let line = try lines.next() {
      if line.isEmpty {
        if found < count { continue }
        break
      }
      // A word may begin with a backslash, but no number does.
      if line.first == 0x5C {
        after = line
        break
      }
      guard found < count else {
        throw failure("there are more \(order)-grams than the \(count) that the file announces")
      }
      found += 1
      do throws(ARPAEntry.Fault) {
        try entry.read(line, order: order)
      } catch {
        throw failure(error.reason)
      }
      try body(&self, entry)
    }
    guard found == count else {
      throw failure("the \(order)-grams end here: there are \(found), but the file announces \(count)")
    }
    return try after ?? nextLine(before: "\\end\\")
  }

  private mutating func readSingleWords(_ count: Int) throws -> ArraySlice<UInt8> {
    var level = NGramForm.Level()
    var start: (index: Int, backoff: Float)?
    let next = try forEachLine(of: 1, count) { reader, entry in
      let word = entry[0]
      guard let number = reader.words.add(word) else {
        throw reader.failure("the word \(ARPALines.shown(word)) occurs twice")
      }
      guard number < UInt32(Int32.max) else { throw reader.failure("there are too many words") }
      if word.elementsEqual(ARPAWords.start) {
        start = (Int(number), entry.backoff)
        reader.tokens.append(0)
        return
      }
      let token = UInt32(level.tokens.count)
      if word.elementsEqual(ARPAWords.end) { reader.sentenceEnd = token }
      reader.tokens.append(token)
      level.tokens.append(token)
      level.logProbabilities.append(entry.logProbability)
      level.backoffs.append(entry.backoff)
    }
    vocabularySize = level.tokens.count
    guard vocabularySize > 0 else { throw failure("there is no word but <s>") }
    guard (start == nil) == (sentenceEnd == nil) else {
      throw failure("there is \(start == nil ? "</s> but no <s>" : "<s> but no </s>")")
    }
    if let start {
      tokens[start.index] = UInt32(vocabularySize)
      level.tokens.append(UInt32(vocabularySize))
      level.logProbabilities.append(NGramForm.startLogProbability)
      level.backoffs.append(start.backoff)
      // Nothing follows the end of a sentence: its weight is never used.
      if let sentenceEnd { level.backoffs[Int(sentenceEnd)] = 0 }
    }
    levels.append(level)
    return next
  }

  private mutating func readSection(order: Int, _ count: Int, of highest: Int) throws -> ArraySlice<UInt8> {
    var section = ARPASection(below: levels[order - 2])
    path = []
    var numbers: [UInt32] = []
    let next = try forEachLine(of: order, count) { reader, entry in
      numbers.removeAll(keepingCapacity: true)
      for index in 0..<order {
        guard let number = reader.words.find(entry[index]) else {
          throw reader.failure("the word \(ARPALines.shown(entry[index])) is not among the 1-grams")
        }
        numbers.append(reader.tokens[Int(number)])
      }
      let start = reader.sentenceEnd.map { _ in UInt32(reader.vocabularySize) }
      let end = reader.sentenceEnd
      if numbers.dropFirst().contains(where: { $0 == start }) || numbers.dropLast().contains(where: { $0 == end }) {
        reader.ignored += 1
        return
      }
      guard let context = reader.find(numbers.dropLast()) else {
        let words = entry.line[entry.words[0].lowerBound..<entry.words[order - 2].upperBound]
        throw reader.failure("the context \(ARPALines.shown(words)) is not among the \(order - 1)-grams")
      }
      let weight = order == highest || numbers.last == end ? 0 : entry.backoff
      section.add(context, numbers[order - 1], entry.logProbability, weight, line: reader.lines.number)
    }
    if let line = section.sort() {
      throw NGramError.arpa(file: file, line: line, reason: "the \(order)-gram occurs twice")
    }
    levels[order - 2].childOffsets = section.childOffsets
    levels.append(section.level(isHighest: order == highest))
    return next
  }

  /// The n-gram of these tokens.
  private mutating func find(_ tokens: ArraySlice<UInt32>) -> UInt32? {
    var known = 0
    while known < path.count && known < tokens.count && path[known].token == tokens[tokens.startIndex + known] {
      known += 1
    }
    path.removeLast(path.count - known)
    for token in tokens.dropFirst(known) {
      guard let last = path.last else {
        path.append((token, token))
        continue
      }
      let index = path.count - 1
      let start = Int(levels[index].childOffsets[Int(last.node)])
      let end = Int(levels[index].childOffsets[Int(last.node) + 1])
      guard let child = NGramModel.find(token, in: levels[index + 1].tokens, start..<end) else { return nil }
      path.append((token, UInt32(child)))
    }
    return path.last?.node
  }

  private mutating func finish() throws(NGramError) -> ARPAModel {
    var end = sentenceEnd.map { Int32($0) }
    if levels.count == 1 { levels[0].backoffs = [] }
    var texts: [[UInt8]] = []
    for word in 0..<words.count where !words[word].elementsEqual(ARPAWords.start) { texts.append(Array(words[word])) }
    if let sentenceEnd, isPlaceholder(sentenceEnd) {
      end = nil
      texts.removeLast()
      vocabularySize -= 1
      levels[0].removeLast(2)
    }
    let model = try NGramModel(
      NGramForm(
        vocabularySize: vocabularySize, sentenceEnd: end, description: NGramDescription(method: "arpa"), levels: levels)
    )
    let unknown = words.find(ARPAWords.unknown[...]) ?? words.find(Array("<UNK>".utf8)[...])
    return ARPAModel(
      model: model, words: texts, unknown: unknown.map { Int32(tokens[Int($0)]) }, ignoredCount: ignored)
  }

  /// Whether sentences never end, and `<s>` and `</s>` are there only for programs that insist on them, as ``ARPAWriter`` writes
  /// them into models of streams.
  private func isPlaceholder(_ sentenceEnd: UInt32) -> Bool {
    guard Int(sentenceEnd) == vocabularySize - 1, vocabularySize > 1,
      levels[0].logProbabilities[Int(sentenceEnd)] <= NGramForm.startLogProbability * 0.999_999
    else { return false }
    if levels.count > 1 {
      let offsets = levels[0].childOffsets
      guard offsets[vocabularySize] == offsets[vocabularySize + 1], levels[0].backoffs[vocabularySize] == 0 else {
        return false
      }
    }
    return !levels.dropFirst().contains { $0.tokens.contains(sentenceEnd) }
  }
}

extension NGramForm.Level {
  /// Removes the last n-grams, which are no contexts.
  fileprivate mutating func removeLast(_ count: Int) {
    tokens.removeLast(count)
    logProbabilities.removeLast(count)
    if !backoffs.isEmpty { backoffs.removeLast(count) }
    if !childOffsets.isEmpty { childOffsets.removeLast(count) }
  }
}
