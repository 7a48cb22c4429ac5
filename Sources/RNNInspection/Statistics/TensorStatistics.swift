import RNNFormat

/// What the numbers of a tensor, or of a part of it, are like.
public struct TensorStatistics: Hashable, Sendable {
  /// The number of values.
  public private(set) var count = 0
  /// How many are zero.
  public private(set) var zeros = 0
  /// How many are infinite or not a number; these are in none of the other figures.
  public private(set) var nonFinite = 0
  /// The mean; NaN where there is no finite value.
  public private(set) var mean = Double.nan
  /// The standard deviation, of the values as a whole population; NaN where there is no finite value.
  public private(set) var deviation = Double.nan
  /// The smallest value; NaN where there is no finite one.
  public private(set) var minimum = Double.nan
  /// The largest value; NaN where there is no finite one.
  public private(set) var maximum = Double.nan
  /// The values between the smallest and the largest one.
  public private(set) var histogram = Histogram(from: 0, to: 0, bins: 1)

  /// The intervals of a histogram.
  public static let bins = 24

  /// Looks at the values of a tensor.
  ///
  /// - Parameters:
  ///   - bytes: the tensor's, little-endian.
  ///   - type: how its values are stored.
  ///   - range: which values to look at; nil for all.
  public init(_ bytes: [UInt8], type: TensorType, in range: Range<Int>? = nil) {
    let range = (range ?? 0..<(bytes.count / type.size)).clamped(to: 0..<(bytes.count / type.size))
    Self.forEachBlock(of: bytes, type, range) { add($0) }
    guard count > nonFinite else { return }
    deviation = (squares / Double(count - nonFinite)).squareRoot()
    var histogram = Histogram(from: minimum, to: maximum, bins: Self.bins)
    Self.forEachBlock(of: bytes, type, range) { for value in $0 { histogram.add(value) } }
    self.histogram = histogram
  }

  /// The share of values that are zero.
  public var zeroShare: Double { Double(zeros) / Double(max(1, count)) }

  /// The summed squares of the finite values' distances from their mean.
  private var squares = 0.0

  /// Adds a block: its own mean and squares first, joined with those so far as Chan, Golub & LeVeque (1979) do, which loses nothing where
  /// a single sum over millions of values would.
  private mutating func add(_ values: [Double]) {
    let before = count - nonFinite
    count += values.count
    var (sum, finite) = (0.0, 0)
    var (low, high) = (Double.infinity, -Double.infinity)
    for value in values where value.isFinite {
      finite += 1
      sum += value
      if value == 0 { zeros += 1 }
      if value < low { low = value }
      if value > high { high = value }
    }
    nonFinite += values.count - finite
    guard finite > 0 else { return }
    let own = sum / Double(finite)
    var ownSquares = 0.0
    for value in values where value.isFinite { ownSquares += (value - own) * (value - own) }
    guard before > 0 else {
      (mean, squares, minimum, maximum) = (own, ownSquares, low, high)
      return
    }
    let (difference, share) = (own - mean, Double(finite) / Double(before + finite))
    squares += ownSquares + difference * difference * Double(before) * share
    mean += difference * share
    minimum = min(minimum, low)
    maximum = max(maximum, high)
  }

  /// Calls `body` with the values of a range, some thousands at a time, so that memory holds the tensor once.
  private static func forEachBlock(
    of bytes: [UInt8], _ type: TensorType, _ range: Range<Int>, _ body: ([Double]) -> Void
  ) {
    for start in stride(from: range.lowerBound, to: range.upperBound, by: 1 << 15) {
      let end = min(start + 1 << 15, range.upperBound)
      body(LittleEndian.doubles(Array(bytes[(start * type.size)..<(end * type.size)]), type: type))
    }
  }
}
