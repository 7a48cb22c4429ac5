import Kernels

/// The standard error of a mean of values that depend on their neighbours: by the moving-block bootstrap (Künsch 1989, section 2.3;
/// Efron & Tibshirani 1993, section 8.6).
///
/// A text of n tokens is put together anew from blocks of sqrt(n) tokens that begin anywhere in it, a thousand times; the means of these texts
/// vary as those of other texts of the same kind would. Blocks of the order of n^(1/3) would do for values that forget fast; those of a text
/// do not.
struct BlockBootstrap {
  /// What a text must have at least.
  static let fewest = 200
  private static let resamples = 1000
  private static let seed: UInt64 = 1
  /// At most so many sums are kept: those of stretches of neighbours where there are more values.
  private static let mostCells = 1 << 16

  private let cellSize: Int
  private var sums: [Double]
  private var counts: [Int]

  /// - Parameter count: the length of the text in tokens, which need not all have a value.
  init(count: Int) {
    cellSize = max(1, (count + Self.mostCells - 1) / Self.mostCells)
    sums = [Double](repeating: 0, count: (count + cellSize - 1) / cellSize)
    counts = [Int](repeating: 0, count: sums.count)
  }

  /// Adds the value of a token.
  mutating func add(_ value: Double, at place: Int) {
    sums[place / cellSize] += value
    counts[place / cellSize] += 1
  }

  /// The standard deviation of the mean, and the interval that holds 95% of the means; nil for too few values, or infinite ones.
  var estimate: (standardError: Double, interval: ClosedRange<Double>)? {
    let total = counts.reduce(0, +)
    guard total >= Self.fewest, sums.allSatisfy({ $0.isFinite }) else { return nil }
    // Cells without a value, as of a part that is not scored, are no part of the text.
    let kept = counts.indices.filter { counts[$0] > 0 }
    var (sumsBefore, countsBefore) = ([0.0], [0])
    for cell in kept {
      sumsBefore.append(sumsBefore[sumsBefore.count - 1] + sums[cell])
      countsBefore.append(countsBefore[countsBefore.count - 1] + counts[cell])
    }
    let wanted = Int(Double(total).squareRoot().rounded(.up))
    let block = max(1, min(kept.count, (wanted * kept.count + total - 1) / total))
    let blocks = (kept.count + block - 1) / block
    let begins = Double(kept.count - block + 1)
    var generator = RandomGenerator(seed: Self.seed)
    var means: [Double] = []
    for _ in 0..<Self.resamples {
      var (sum, count) = (0.0, 0)
      for _ in 0..<blocks {
        let begin = Int(generator.uniform() * begins)
        sum += sumsBefore[begin + block] - sumsBefore[begin]
        count += countsBefore[begin + block] - countsBefore[begin]
      }
      means.append(sum / Double(count))
    }
    let mean = means.reduce(0, +) / Double(means.count)
    let variance = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(means.count - 1)
    means.sort()
    return (variance.squareRoot(), means[means.count / 40]...means[means.count - 1 - means.count / 40])
  }
}
