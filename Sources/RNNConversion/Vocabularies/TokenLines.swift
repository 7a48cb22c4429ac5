/// A text file with one token a line, and perhaps a number after each.
enum TokenLines {
  static func tokens(of text: [UInt8], file: String) throws(ConversionError) -> TokenList {
    var lines = text.split(separator: 0x0A, omittingEmptySubsequences: false)
    if lines.last?.isEmpty ?? false { lines.removeLast() }
    // A line may be the carriage return itself; ends of lines are the same everywhere.
    if lines.allSatisfy({ $0.last == 0x0D }) { lines = lines.map { $0.dropLast() } }
    guard !lines.isEmpty else { throw .malformed(file: file, place: "the file", reason: "it has no tokens") }
    if let empty = lines.firstIndex(where: \.isEmpty) {
      throw .malformed(file: file, place: "line \(empty + 1)", reason: "it is empty, but has to be a token")
    }
    let tokens = lines.map { Array($0) }
    for separator: UInt8 in [0x09, 0x20] {
      if let list = columns(tokens, separator) { return list }
    }
    return TokenList(tokens)
  }

  /// Tokens with a number after each: an id, a count, or a score; nil if some line has none.
  private static func columns(_ lines: [[UInt8]], _ separator: UInt8) -> TokenList? {
    var tokens: [[UInt8]] = []
    var numbers: [Double] = []
    for line in lines {
      guard let place = line.lastIndex(of: separator), place > 0 else { return nil }
      let digits = line[(place + 1)...]
      guard (1...32).contains(digits.count), let number = Double(String(decoding: digits, as: UTF8.self)),
        number.isFinite
      else { return nil }
      tokens.append(Array(line[..<place]))
      numbers.append(number)
    }
    var list = TokenList(tokens)
    func remark(_ value: String, _ reason: String) {
      list.remarks.append(
        Assumption("numbers after the tokens", value, because: reason, flag: "--vocabulary", isGiven: false))
    }
    let whole = numbers.compactMap { UInt64(exactly: $0) }
    guard whole.count == numbers.count else {
      remark("scores, not needed", "not all are whole numbers")
      return list
    }
    let sorted = whole.sorted()
    let count = UInt64(whole.count)
    if sorted.elementsEqual(0..<count) || sorted.elementsEqual(1..<(count + 1)) {
      remark("ids", "each whole number occurs once")
      for index in list.entries.indices { list.entries[index].id = Int(whole[index]) }
    } else {
      remark("counts", "the ids are the lines, counted from 0")
      for index in list.entries.indices { list.entries[index].count = whole[index] }
    }
    return list
  }
}
