import Kernels
import RealModule
import Testing

@testable import RNNGeneration

@Suite struct PortableMathTests {
  private func distance(_ value: Double, _ expected: Double) -> Double { abs(value - expected) / abs(expected) }

  @Test func expIsExact() {
    var generator = RandomGenerator(seed: 1)
    for _ in 0..<20_000 {
      let x = generator.uniform(in: -700..<700)
      #expect(distance(PortableMath.exp(x), .exp(x)) < 1e-15, "\(x)")
    }
    #expect(PortableMath.exp(0) == 1 && PortableMath.exp(-1000) == 0 && PortableMath.exp(-.infinity) == 0)
    #expect(PortableMath.exp(1000) == .infinity && PortableMath.exp(.nan).isNaN)
  }

  @Test func logIsExact() {
    var generator = RandomGenerator(seed: 2)
    for _ in 0..<20_000 {
      let x = Double.exp(generator.uniform(in: -700..<700))
      #expect(distance(PortableMath.log(x), .log(x)) < 1e-15, "\(x)")
      let near = 1 + generator.uniform(in: -1e-3..<1e-3)
      #expect(abs(PortableMath.log(near) - .log(near)) < 1e-18 + 4e-16 * abs(.log(near)), "\(near)")
    }
    #expect(PortableMath.log(1) == 0 && PortableMath.log(0) == -.infinity && PortableMath.log(-1).isNaN)
    #expect(distance(PortableMath.log(.leastNonzeroMagnitude), .log(.leastNonzeroMagnitude)) < 1e-15)
  }

  @Test func theOthersAreAccurateNearZero() {
    for x in [1e-300, 1e-17, 1e-9, 1e-3, 0.3, 0.9, 5] {
      #expect(distance(PortableMath.log1p(x), .log(onePlus: x)) < 1e-14)
      #expect(distance(PortableMath.expm1(-x), .expMinusOne(-x)) < 1e-14)
      #expect(distance(PortableMath.log1mexp(-x), .log(-.expMinusOne(-x))) < 1e-13)
      #expect(distance(PortableMath.pow(x, 1.7), .pow(x, 1.7)) < 1e-12 || x < 1e-180)
    }
  }

  /// The same bits on every machine.
  @Test func theBitsAreThese() {
    var sum: UInt64 = 0
    for index in 0..<1000 {
      let x = Double(index) * 0.37 - 200
      sum = sum &* 31 &+ PortableMath.exp(x).bitPattern &+ PortableMath.log(Double(index) + 0.5).bitPattern
    }
    #expect(sum == 15_141_644_584_963_296_170)
  }
}
