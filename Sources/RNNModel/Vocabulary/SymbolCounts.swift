/// How often each symbol of a text occurs, in bounded memory.
///
/// Where there are more different symbols than it may hold, the rarest ones are forgotten until half of them fit: first those that
/// occurred once so far, then those that occurred twice, and so on.
struct SymbolCounts: Sendable {
  /// The symbols of one byte, by their byte.
  private(set) var single = [UInt64](repeating: 0, count: 256)
  /// The longer symbols.
  private(set) var long: [Symbol: UInt64] = [:]
  /// How many line ends there are that are not words.
  private(set) var lineEnds: UInt64 = 0
  /// Symbols counted so often, or less, have been forgotten; 0 if none was.
  private(set) var forgotten: UInt64 = 0

  private let symbolLimit: Int
  private let byteLimit: Int
  private var longBytes = 0

  init(symbolLimit: Int, byteLimit: Int) {
    self.symbolLimit = max(1, symbolLimit)
    self.byteLimit = max(1, byteLimit)
  }

  mutating func addLineEnd() { lineEnds += 1 }

  /// Counts symbols that are single bytes.
  mutating func add(bytes: [UInt8]) { for byte in bytes { single[Int(byte)] += 1 } }

  mutating func add(_ symbol: ArraySlice<UInt8>) {
    guard symbol.count != 1 else {
      single[Int(symbol[symbol.startIndex])] += 1
      return
    }
    let isNew = { (count: inout UInt64) in
      count += 1
      return count == 1
    }(&long[Symbol(symbol), default: 0])
    guard isNew else { return }
    longBytes += symbol.count
    if long.count > symbolLimit || longBytes > byteLimit { forget() }
  }

  private mutating func forget() {
    var least: UInt64 = 0
    repeat {
      least += 1
      long = long.filter { $0.value > least }
      longBytes = long.keys.reduce(0) { $0 + $1.count }
    } while long.count > symbolLimit / 2 || longBytes > byteLimit / 2
    forgotten = max(forgotten, least)
  }
}
