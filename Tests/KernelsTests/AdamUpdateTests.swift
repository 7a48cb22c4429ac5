import Kernels
import Testing

@Suite struct AdamUpdateTests {
  @Test(arguments: KernelLevel.supported, [true, false])
  func agreesWithItsFormulasOverSeveralSteps(level: KernelLevel, decoupled: Bool) {
    let update = AdamUpdate(
      learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.1, decoupledDecay: decoupled)
    for size in sizes {
      var parameters = floats(size, seed: 2)
      var plain = parameters.map { Plain(parameter: Double($0)) }
      var firstMoments = [Float](repeating: 0, count: size)
      var secondMoments = firstMoments
      for step in 1...5 {
        let gradients = floats(size, seed: UInt64(10 + step))
        let firstCorrection = 1 - power(0.9, step)
        let secondCorrection = 1 - power(0.99, step)
        level.run {
          var parameterSpan = parameters.mutableSpan
          var firstSpan = firstMoments.mutableSpan
          var secondSpan = secondMoments.mutableSpan
          update.apply(
            to: &parameterSpan, firstMoments: &firstSpan, secondMoments: &secondSpan, gradients: gradients.span,
            gradientScale: 0.25, firstCorrection: Float(firstCorrection), secondCorrection: Float(secondCorrection))
        }
        for i in plain.indices {
          plain[i].update(
            0.25 * Double(gradients[i]), decoupled: decoupled, firstCorrection: firstCorrection,
            secondCorrection: secondCorrection)
        }
        #expect(largestError(parameters, plain.map(\.parameter)) < 1e-6)
        #expect(largestError(firstMoments, plain.map(\.first)) < 1e-6)
        #expect(largestError(secondMoments, plain.map(\.second)) < 1e-6)
      }
    }
  }

  private struct Plain {
    var parameter: Double
    var first = 0.0
    var second = 0.0

    mutating func update(_ gradient: Double, decoupled: Bool, firstCorrection: Double, secondCorrection: Double) {
      let decay = 0.1 * parameter
      let gradient = decoupled ? gradient : gradient + decay
      first = 0.9 * first + 0.1 * gradient
      second = 0.99 * second + 0.01 * gradient * gradient
      parameter -= 0.01 * (first / firstCorrection) / ((second / secondCorrection).squareRoot() + 1e-6)
      if decoupled { parameter -= 0.01 * decay }
    }
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { product, _ in product * base }
  }
}
