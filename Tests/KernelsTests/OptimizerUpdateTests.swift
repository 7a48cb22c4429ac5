import Kernels
import Testing

/// The optimizers beside Adam against their formulas, written plainly in Double.
@Suite struct OptimizerUpdateTests {
  private static let steps = 5
  private static let scale = 0.25
  private static let decay = 0.1
  private static let rate = 0.01

  private func gradients(_ size: Int, step: Int) -> [Float] { floats(size, seed: UInt64(10 + step)) }

  @Test(arguments: KernelLevel.supported, [(0.0, 0.0, false), (0.9, 0.0, false), (0.9, 0.5, false), (0.9, 0.0, true)])
  func gradientDescentAgreesWithItsFormulas(level: KernelLevel, setting: (Double, Double, Bool)) {
    let (momentum, dampening, nesterov) = setting
    for size in sizes {
      var parameters = floats(size, seed: 2)
      var velocity = [Float](repeating: 0, count: momentum > 0 ? size : 0)
      var average = parameters
      var plain = parameters.map { Double($0) }
      var (v, a) = (plain.map { _ in 0.0 }, plain)
      for step in 1...Self.steps {
        let gradients = gradients(size, step: step)
        let update = SGDUpdate(
          learningRate: Float(Self.rate), momentum: Float(momentum), dampening: Float(dampening), nesterov: nesterov,
          weightDecay: Float(Self.decay), averageWeight: 1 / Float(step))
        level.run {
          var span = parameters.mutableSpan
          var first = velocity.mutableSpan
          var second = average.mutableSpan
          update.apply(
            to: &span, velocity: &first, average: &second, gradients: gradients.span, gradientScale: Float(Self.scale))
        }
        for k in plain.indices {
          let g = Self.scale * Double(gradients[k]) + Self.decay * plain[k]
          v[k] = momentum * v[k] + (1 - dampening) * g
          plain[k] -= Self.rate * (momentum == 0 ? g : nesterov ? g + momentum * v[k] : v[k])
          a[k] += (plain[k] - a[k]) / Double(step)
        }
        #expect(largestError(parameters, plain) < 1e-6)
        #expect(largestError(average, a) < 1e-6)
        if momentum > 0 { #expect(largestError(velocity, v) < 1e-6) }
      }
    }
  }

  @Test(arguments: KernelLevel.supported, [(0.0, false), (0.9, false), (0.0, true), (0.9, true)])
  func rmspropAgreesWithItsFormulas(level: KernelLevel, setting: (Double, Bool)) {
    let (momentum, centred) = setting
    for size in sizes {
      var parameters = floats(size, seed: 2)
      var squares = [Float](repeating: 0, count: size)
      var mean = [Float](repeating: 0, count: centred ? size : 0)
      var velocity = [Float](repeating: 0, count: momentum > 0 ? size : 0)
      var plain = parameters.map { Double($0) }
      var (s, m, v) = (plain.map { _ in 0.0 }, plain.map { _ in 0.0 }, plain.map { _ in 0.0 })
      let update = RMSpropUpdate(
        learningRate: Float(Self.rate), alpha: 0.9, epsilon: 1e-3, momentum: Float(momentum),
        weightDecay: Float(Self.decay))
      for step in 1...Self.steps {
        let gradients = gradients(size, step: step)
        level.run {
          var span = parameters.mutableSpan
          var first = squares.mutableSpan
          var second = mean.mutableSpan
          var third = velocity.mutableSpan
          update.apply(
            to: &span, squares: &first, mean: &second, velocity: &third, gradients: gradients.span,
            gradientScale: Float(Self.scale))
        }
        for k in plain.indices {
          let g = Self.scale * Double(gradients[k]) + Self.decay * plain[k]
          s[k] = 0.9 * s[k] + 0.1 * g * g
          if centred { m[k] += 0.1 * (g - m[k]) }
          v[k] = momentum * v[k] + g / ((s[k] - m[k] * m[k]).squareRoot() + 1e-3)
          plain[k] -= Self.rate * v[k]
        }
        #expect(largestError(parameters, plain) < 1e-5)
        #expect(largestError(squares, s) < 1e-6)
      }
    }
  }

  @Test(arguments: KernelLevel.supported) func adagradAgreesWithItsFormulas(level: KernelLevel) {
    for size in sizes {
      var parameters = floats(size, seed: 2)
      var sums = [Float](repeating: 0.1, count: size)
      var plain = parameters.map { Double($0) }
      var s = plain.map { _ in 0.1 }
      let update = AdagradUpdate(learningRate: Float(Self.rate), epsilon: 1e-6, weightDecay: Float(Self.decay))
      for step in 1...Self.steps {
        let gradients = gradients(size, step: step)
        level.run {
          var span = parameters.mutableSpan
          var slot = sums.mutableSpan
          update.apply(to: &span, sums: &slot, gradients: gradients.span, gradientScale: Float(Self.scale))
        }
        for k in plain.indices {
          let g = Self.scale * Double(gradients[k]) + Self.decay * plain[k]
          s[k] += g * g
          plain[k] -= Self.rate * g / (s[k].squareRoot() + 1e-6)
        }
        #expect(largestError(parameters, plain) < 1e-6)
        #expect(largestError(sums, s) < 1e-6)
      }
    }
  }

  /// So many that the work is shared; a loop over single vectors of the kernel gives the same.
  @Test func sharesGiveTheSameBits() {
    let size = 40_003
    let (start, gradients) = (floats(size, seed: 2), floats(size, seed: 3))
    func run(_ parts: [Range<Int>]) -> [[Float]] {
      var parameters = start
      var (first, second, third) = (parameters, parameters.map { $0 * $0 + 9 }, parameters.map { $0 * $0 })
      var values = parameters.mutableSpan
      var one = first.mutableSpan
      var two = second.mutableSpan
      var three = third.mutableSpan
      for part in parts {
        let gradient = gradients.span.extracting(part)
        values.withSlice(part) { values in
          one.withSlice(part) { one in
            two.withSlice(part) { two in
              three.withSlice(part) { three in
                SGDUpdate(learningRate: 0.1, momentum: 0.9, averageWeight: 0.5).apply(
                  to: &values, velocity: &one, average: &three, gradients: gradient)
                RMSpropUpdate(learningRate: 0.1, momentum: 0.9).apply(
                  to: &values, squares: &two, mean: &one, velocity: &three, gradients: gradient)
                AdagradUpdate(learningRate: 0.1).apply(to: &values, sums: &two, gradients: gradient)
                VectorOperations.scaleAndClip(&values, by: 0.9, to: 2)
              }
            }
          }
        }
      }
      return [parameters, first, second, third]
    }
    let small = stride(from: 0, to: size, by: 1600).map { $0..<min($0 + 1600, size) }
    #expect(run([0..<size]) == run(small))
  }

  @Test(arguments: KernelLevel.supported) func clipsEachValueAfterScaling(level: KernelLevel) {
    for size in sizes {
      var values = floats(size)
      let expected = values.map { max(-1, min(1, Double($0) * 0.5)) }
      level.run {
        var span = values.mutableSpan
        VectorOperations.scaleAndClip(&span, by: 0.5, to: 1)
      }
      #expect(largestError(values, expected) < 1e-7)
    }
    var values: [Float] = [.nan, .infinity, -.infinity]
    level.run {
      var span = values.mutableSpan
      VectorOperations.scaleAndClip(&span, to: 5)
    }
    #expect(values[0].isNaN && values[1] == 5 && values[2] == -5)
  }
}
