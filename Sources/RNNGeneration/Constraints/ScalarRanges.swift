/// Sets of Unicode scalar values as ranges, and as the sequences of byte ranges that UTF-8 writes them with.
struct ScalarRanges: Hashable, Sendable {
  /// Sorted, without overlap, without surrogates.
  private(set) var ranges: [ClosedRange<UInt32>]

  init(_ ranges: [ClosedRange<UInt32>]) {
    var merged: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, range.lowerBound <= last.upperBound || range.lowerBound - 1 == last.upperBound {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    self.ranges = merged.flatMap { Self.withoutSurrogates($0) }
  }

  private static func withoutSurrogates(_ range: ClosedRange<UInt32>) -> [ClosedRange<UInt32>] {
    var parts: [ClosedRange<UInt32>] = []
    if range.lowerBound < 0xD800 { parts.append(range.lowerBound...min(range.upperBound, 0xD7FF)) }
    if range.upperBound > 0xDFFF { parts.append(max(range.lowerBound, 0xE000)...range.upperBound) }
    return parts
  }

  /// All others.
  var inverted: ScalarRanges {
    var (result, next): ([ClosedRange<UInt32>], UInt32) = ([], 0)
    for range in ranges {
      if range.lowerBound > next { result.append(next...(range.lowerBound - 1)) }
      next = range.upperBound + 1
    }
    if next <= 0x10FFFF { result.append(next...0x10FFFF) }
    return ScalarRanges(result)
  }

  func union(_ other: ScalarRanges) -> ScalarRanges { ScalarRanges(ranges + other.ranges) }

  static let digits = ScalarRanges([0x30...0x39])
  static let wordCharacters = ScalarRanges([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
  static let whiteSpace = ScalarRanges([0x09...0x0D, 0x20...0x20])
  static let notLineEnd = ScalarRanges([0x0A...0x0A]).inverted

  /// The ranges as sequences of one to four byte ranges.
  var byteSequences: [[ClosedRange<UInt8>]] {
    ranges.flatMap { range in
      // Scalars of the same number of bytes.
      [0...0x7F, 0x80...0x7FF, 0x800...0xFFFF, 0x10000...0x10FFFF].flatMap { (length: ClosedRange<UInt32>) in
        range.overlaps(length) ? Self.split(range.clamped(to: length)) : []
      }
    }
  }

  /// Splits a range until all bytes but the ones in front of a common beginning cover everything.
  private static func split(_ range: ClosedRange<UInt32>) -> [[ClosedRange<UInt8>]] {
    let (low, high) = (range.lowerBound, range.upperBound)
    for shift in [6, 12, 18] as [UInt32] {
      let mask = (UInt32(1) << shift) - 1
      guard low & ~mask != high & ~mask, low > 0x7F else { continue }
      if low & mask != 0 { return split(low...(low | mask)) + split(((low | mask) + 1)...high) }
      if high & mask != mask { return split(low...((high & ~mask) - 1)) + split((high & ~mask)...high) }
    }
    return [zip(utf8(low), utf8(high)).map { $0...$1 }]
  }

  private static func utf8(_ value: UInt32) -> [UInt8] {
    Unicode.Scalar(value).map { Array(String(Character($0)).utf8) } ?? []
  }
}
