import RealModule
import Testing

@testable import RNNEvaluation

@Suite struct BlockBootstrapTests {
  private func estimate(_ values: [Double], spread: Int = 1) -> (standardError: Double, interval: ClosedRange<Double>)?
  {
    var bootstrap = BlockBootstrap(count: values.count * spread)
    for (index, value) in values.enumerated() { bootstrap.add(value, at: index * spread) }
    return bootstrap.estimate
  }

  /// The variance of the mean that infinitely many resamples would give: Künsch 1989, equation 2.11, for whole blocks.
  private func limit(_ values: [Double]) -> Double {
    let block = Int(Double(values.count).squareRoot().rounded(.up))
    let blocks = (values.count + block - 1) / block
    var sums = [0.0]
    for value in values { sums.append(sums[sums.count - 1] + value) }
    let means = (0...(values.count - block)).map { (sums[$0 + block] - sums[$0]) / Double(block) }
    let mean = means.reduce(0, +) / Double(means.count)
    return (means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(means.count) / Double(blocks)).squareRoot()
  }

  /// Numbers whose neighbours are alike, as those of a text are.
  private func losses(_ count: Int) -> [Double] { (0..<count).map { Double(($0 / 7) * 37 % 101) / 10 } }

  @Test(arguments: [200, 1999, 5000, 40_000]) func comesCloseToWhatInfinitelyManyResamplesGive(count: Int) throws {
    let values = losses(count)
    let found = try #require(estimate(values))
    // A thousand resamples: the standard deviation of a standard error is about 2% of it.
    #expect(abs(found.standardError / limit(values) - 1) < 0.1)
    let mean = values.reduce(0, +) / Double(count)
    #expect(found.interval.contains(mean))
    let width = found.interval.upperBound - found.interval.lowerBound
    #expect(abs(width / (2 * 1.96 * found.standardError) - 1) < 0.15)
  }

  @Test func isTheSameEachTime() throws {
    let first = try #require(estimate(losses(1000)))
    let second = try #require(estimate(losses(1000)))
    #expect(first.standardError == second.standardError && first.interval == second.interval)
  }

  @Test func tokensThatAreNotScoredAreNoPartOfTheText() throws {
    let dense = try #require(estimate(losses(1000)))
    let sparse = try #require(estimate(losses(1000), spread: 3))
    #expect(dense.standardError == sparse.standardError)
  }

  @Test func longTextsAreSummedInCells() throws {
    // More values than cells, each cell of the same ones.
    let count = 1 << 18
    let values = (0..<count).map { Double(($0 / 64) * 37 % 101) }
    let found = try #require(estimate(values))
    #expect(abs(found.standardError / limit(values) - 1) < 0.1)
  }

  @Test func equalNumbersHaveNoError() throws {
    #expect(try #require(estimate([Double](repeating: 1.5, count: 400))).standardError == 0)
  }

  @Test(arguments: [0, 1, 10, 199]) func shortTextsHaveNone(count: Int) { #expect(estimate(losses(count)) == nil) }

  @Test func infiniteNumbersHaveNone() {
    #expect(estimate([Double](repeating: .infinity, count: 400)) == nil)
  }
}
