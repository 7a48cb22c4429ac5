import Testing

@testable import RNNTraining

@Suite struct AdamTests {
  private let gradients: [[Float]] = [[3, -4, 0, 0.5], [30, 40, -1, 0], [0.1, 0.2, 0.3, 0.4], [-6, 8, 0, 0]]

  /// The published algorithm, with the gradient scaled down to the largest norm.
  private func expected(_ start: [Float], clip: Double?, rate: Double) -> [Double] {
    var parameters = start.map { Double($0) }
    var (m, v) = (parameters.map { _ in 0.0 }, parameters.map { _ in 0.0 })
    for (index, gradient) in gradients.enumerated() {
      let norm = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      let scale = clip.map { min(1, $0 / norm) } ?? 1
      for k in parameters.indices {
        let g = Double(gradient[k]) * scale
        m[k] = 0.9 * m[k] + 0.1 * g
        v[k] = 0.999 * v[k] + 0.001 * g * g
        var (first, second) = (1.0, 1.0)
        for _ in 0...index { (first, second) = (first * 0.9, second * 0.999) }
        parameters[k] -= rate * (m[k] / (1 - first)) / ((v[k] / (1 - second)).squareRoot() + 1e-8)
      }
    }
    return parameters
  }

  @Test(arguments: [nil, 5, 0.5, 100] as [Double?]) func equalsThePublishedAlgorithm(clip: Double?) {
    var adam = Adam(count: 4, clip: clip)
    let start: [Float] = [1, 2, 3, 4]
    var parameters = start
    for gradient in gradients {
      let norm = adam.update(&parameters, gradient: gradient, learningRate: 0.01)
      let expected = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(abs(norm - expected) < 1e-5 * expected)
    }
    for (value, expected) in zip(parameters, expected(start, clip: clip, rate: 0.01)) {
      #expect(abs(Double(value) - expected) < 2e-6)
    }
  }

  @Test(arguments: [Float.nan, .infinity]) func leavesTheParametersAloneForAGradientThatIsNotFinite(value: Float) {
    var (adam, spoilt) = (Adam(count: 4, clip: 5), Adam(count: 4, clip: 5))
    var (parameters, others): ([Float], [Float]) = ([1, 2, 3, 4], [1, 2, 3, 4])
    #expect(!spoilt.update(&others, gradient: [0, value, 0, 0], learningRate: 0.01).isFinite)
    #expect(others == parameters)
    // The moments are untouched too.
    _ = adam.update(&parameters, gradient: gradients[0], learningRate: 0.01)
    _ = spoilt.update(&others, gradient: gradients[0], learningRate: 0.01)
    #expect(others == parameters)
  }
}
