import Kernels
import Testing

@Suite struct ActivationTests {
  @Test(arguments: KernelLevel.supported, Activation.allCases)
  func agreesWithItsFormula(level: KernelLevel, activation: Activation) {
    for size in sizes + [4096] {
      for range in [Float(-0.01)..<0.01, -3..<3, -30..<30] {
        let x = floats(size, in: range)
        let error = largestError(applied(activation, to: x, at: level), x.map { activation.plain(Double($0)) })
        #expect(error < 3e-7, "\(size) elements in \(range)")
      }
    }
  }

  @Test(arguments: KernelLevel.supported, [Activation.tanh, .sigmoid, .softplus, .elu])
  func isAccurateRelativelyWhereItIsSmall(level: KernelLevel, activation: Activation) {
    let tiny: [Float] = [1e-30, 1e-10, 1e-5, 1e-3, 0.01, 0.1, 0.3, -1e-20, -1e-4, -0.2, -0.34, -0.35, -1, -5, -20, -60]
    let y = applied(activation, to: tiny, at: level)
    for (x, y) in zip(tiny, y) {
      let expected = activation.plain(Double(x))
      #expect(abs(Double(y) - expected) <= 5e-7 * abs(expected), "at \(x)")
    }
  }

  @Test(arguments: KernelLevel.supported)
  func saturatesAtItsLimits(level: KernelLevel) {
    let extremes: [Float] = [-.infinity, -.greatestFiniteMagnitude, -1000, 1000, .greatestFiniteMagnitude, .infinity]
    #expect(applied(.tanh, to: extremes, at: level) == [-1, -1, -1, 1, 1, 1])
    #expect(applied(.sigmoid, to: extremes, at: level) == [0, 0, 0, 1, 1, 1])
    #expect(applied(.hardSigmoid, to: extremes, at: level) == [0, 0, 0, 1, 1, 1])
    #expect(applied(.hardSigmoidSixth, to: extremes, at: level) == [0, 0, 0, 1, 1, 1])
    #expect(applied(.hardTanh, to: extremes, at: level) == [-1, -1, -1, 1, 1, 1])
    #expect(applied(.softsign, to: extremes, at: level)[0] == -1)
    #expect(applied(.softsign, to: extremes, at: level)[5] == 1)
    #expect(applied(.elu, to: extremes, at: level) == [-1, -1, -1, 1000, .greatestFiniteMagnitude, .infinity])
    let rectified: [Float] = [0, 0, 0, 1000, .greatestFiniteMagnitude, .infinity]
    #expect(applied(.relu, to: extremes, at: level) == rectified)
    #expect(applied(.softplus, to: extremes, at: level) == rectified)
  }

  @Test(arguments: KernelLevel.supported, Activation.allCases)
  func passesNaNOn(level: KernelLevel, activation: Activation) {
    let y = applied(activation, to: [1, .nan, -1] + [Float](repeating: .nan, count: 20), at: level)
    #expect(!y[0].isNaN && !y[2].isNaN)
    #expect(y[1].isNaN && y[3...].allSatisfy(\.isNaN))
  }

  @Test(arguments: KernelLevel.supported, Activation.allCases)
  func derivativeAgreesWithCentralDifferences(level: KernelLevel, activation: Activation) {
    for size in sizes {
      let x = floats(size, seed: 7)
      let factors = floats(size, seed: 8)
      let y = applied(activation, to: x, at: level)
      var gradients = factors
      level.run {
        var span = gradients.mutableSpan
        activation.multiplyByDerivative(atOutputs: y.span, gradients: &span)
      }
      let expected = zip(x, factors).map { x, factor in
        Double(factor) * centralDifference(at: Double(x), activation.plain)
      }
      #expect(largestError(gradients, expected) < 2e-6, "\(size) elements")
    }
  }

  @Test(arguments: KernelLevel.supported, Activation.allCases)
  func givesTheSameBitsWhereverAnElementLies(level: KernelLevel, activation: Activation) {
    let x = floats(100)
    let whole = applied(activation, to: x, at: level)
    for i in x.indices {
      #expect(applied(activation, to: [x[i]], at: level) == [whole[i]])
    }
  }

  private func applied(_ activation: Activation, to x: [Float], at level: KernelLevel) -> [Float] {
    var values = x
    level.run {
      var span = values.mutableSpan
      activation.apply(to: &span)
    }
    return values
  }
}
