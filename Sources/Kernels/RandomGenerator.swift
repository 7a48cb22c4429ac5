#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// xoshiro256** (Blackman and Vigna 2018), seeded by SplitMix64: the same seed gives the same numbers on every machine.
///
/// The whole state is four words, so that the state of a training can hold it and the training resumes with the very next number.
public struct RandomGenerator: RandomNumberGenerator, Equatable, Sendable {
  /// Four words that are no state of this generator.
  public enum StateError: Error, Equatable, Sendable {
    /// The state has this many words, not four.
    case wordCount(Int)
    /// All words are zero, from where the generator would never leave.
    case allZero
  }

  private var words: (UInt64, UInt64, UInt64, UInt64)

  /// A generator for `seed`; its four words are the first four outputs of SplitMix64.
  public init(seed: UInt64) {
    var splitMix = SplitMix64(state: seed)
    words = (splitMix.next(), splitMix.next(), splitMix.next(), splitMix.next())
  }

  /// A generator that goes on from `state`, as given by ``state``.
  ///
  /// - Throws: `StateError` unless there are four words, not all zero.
  public init(state: [UInt64]) throws(StateError) {
    guard state.count == 4 else { throw .wordCount(state.count) }
    guard state.contains(where: { $0 != 0 }) else { throw .allZero }
    words = (state[0], state[1], state[2], state[3])
  }

  /// The four words from which all later numbers follow.
  public var state: [UInt64] { [words.0, words.1, words.2, words.3] }

  /// Whether two generators will give the same numbers.
  public static func == (left: Self, right: Self) -> Bool { left.words == right.words }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    let result = Self.rotate(words.1 &* 5, by: 7) &* 9
    let shifted = words.1 << 17
    words.2 ^= words.0
    words.3 ^= words.1
    words.1 ^= words.2
    words.0 ^= words.3
    words.2 ^= shifted
    words.3 = Self.rotate(words.3, by: 45)
    return result
  }

  /// A number in `0..<1`, a multiple of 2⁻⁵³.
  public mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A number in `range`.
  public mutating func uniform(in range: Range<Double>) -> Double {
    let value = range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
    // Rounding may reach the open end.
    return value < range.upperBound ? value : range.lowerBound
  }

  /// A number of the standard normal distribution (Box and Muller 1958), from two uniform ones.
  ///
  /// The second number the transform offers is dropped: nothing is kept outside the state.
  public mutating func normal() -> Double {
    let radius = 1 - uniform()
    let angle = 2 * Double.pi * uniform()
    return (-2 * log(radius)).squareRoot() * cos(angle)
  }

  private static func rotate(_ word: UInt64, by bits: UInt64) -> UInt64 {
    (word << bits) | (word >> (64 - bits))
  }
}
