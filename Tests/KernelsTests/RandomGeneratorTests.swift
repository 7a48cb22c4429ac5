import Foundation
import Kernels
import Testing

@Suite struct RandomGeneratorTests {
  @Test func givesThePublishedSequenceOfItsState() throws {
    var generator = try RandomGenerator(state: [1, 2, 3, 4])
    let expected: [UInt64] = [
      11520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360, 607_988_272_756_665_600,
      16_172_922_978_634_559_625, 8_476_171_486_693_032_832, 10_595_114_339_597_558_777, 2_904_607_092_377_533_576,
    ]
    #expect((0..<10).map { _ in generator.next() } == expected)
  }

  @Test func seedsItsStateBySplitMix64() {
    #expect(
      RandomGenerator(seed: 1_234_567).state == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
      ])
  }

  @Test func givesTheSameNumbersForASeed() {
    var generator = RandomGenerator(seed: 42)
    // The numbers are those of an independent implementation.
    #expect((0..<2).map { _ in generator.uniform() } == [0.08386297105988216, 0.3789802506626686])
    #expect(generator.next() == 12_544_586_762_248_559_009)
    var other = RandomGenerator(seed: 42)
    #expect(abs(other.normal() + 0.303263064678738) < 1e-15)
  }

  @Test func continuesFromItsState() throws {
    var generator = RandomGenerator(seed: 7)
    for _ in 0..<5 { _ = generator.normal() }
    var resumed = try RandomGenerator(state: generator.state)
    #expect(resumed == generator)
    #expect((0..<10).map { _ in resumed.normal() } == (0..<10).map { _ in generator.normal() })
  }

  @Test func refusesStatesThatAreNone() {
    #expect(throws: RandomGenerator.StateError.wordCount(3)) { try RandomGenerator(state: [1, 2, 3]) }
    #expect(throws: RandomGenerator.StateError.allZero) { try RandomGenerator(state: [0, 0, 0, 0]) }
  }

  @Test func fillsUniformlyWithinTheRange() {
    var generator = RandomGenerator(seed: 3)
    var values = [Float](repeating: 0, count: 100_000)
    var span = values.mutableSpan
    generator.fillUniform(&span, in: -0.25..<0.75)
    #expect(values.allSatisfy { (-0.25..<0.75).contains($0) })
    let (mean, variance) = moments(values)
    #expect(abs(mean - 0.25) < 0.005)
    #expect(abs(variance - 1.0 / 12) < 0.002)
  }

  @Test func neverReachesTheOpenEndOfANarrowRange() {
    var generator = RandomGenerator(seed: 3)
    let range = Float(1)..<Float(1).nextUp
    var values = [Float](repeating: 0, count: 1000)
    var span = values.mutableSpan
    generator.fillUniform(&span, in: range)
    #expect(values.allSatisfy { $0 == 1 })
  }

  @Test func fillsDropoutMasksOfExpectationOne() {
    var generator = RandomGenerator(seed: 5)
    var mask = [Float](repeating: 9, count: 100_000)
    var span = mask.mutableSpan
    generator.fillDropoutMask(&span, probability: 0.2)
    #expect(Set(mask) == [0, 1.25])
    #expect(abs(moments(mask).mean - 1) < 0.01)
    var span2 = mask.mutableSpan
    generator.fillDropoutMask(&span2, probability: 0)
    #expect(mask.allSatisfy { $0 == 1 })
  }

  @Test(arguments: [0.1, 0.25, 1.0 / 3, 0.999, 0x1p-53])
  func dropsWhereTheUniformNumberIsBelowTheProbability(probability: Double) {
    var generator = RandomGenerator(seed: 6)
    var plain = generator
    var mask = [Float](repeating: 9, count: 10_000)
    var span = mask.mutableSpan
    generator.fillDropoutMask(&span, probability: probability)
    #expect(mask.allSatisfy { ($0 == 0) == (plain.uniform() < probability) } && generator == plain)
  }

  private func moments(_ values: [Float]) -> (mean: Double, variance: Double) {
    let count = Double(values.count)
    let mean = values.reduce(0.0) { $0 + Double($1) } / count
    return (mean, values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count)
  }
}
