import Kernels
import RNNModel
import RealModule
import Testing

/// The reference against the formulas of `docs/FORMAT.md`, section 4, written out for a single unit.
@Suite struct ReferenceFormulaTests {
  /// Token 0 enters as 0.5, token 1 as -1.5; the logits are h and 0.
  private func logits(of layer: Architecture.Layer, _ parameters: [Double], inputs: [Int32] = [0, 1]) -> [Double] {
    let architecture = Architecture(
      size: 2,
      layers: [
        .embedding(.init(name: "input", inputs: 2, outputs: 1)), layer,
        .linear(.init(name: "output", inputs: 1, outputs: 2, bias: false)),
      ])
    let reference = Reference(architecture, values: [0.5, -1.5] + parameters + [1, 0])
    var state = reference.initialState
    return reference.logits(inputs, state: &state).map { $0[0] }
  }

  private func sigmoid(_ x: Double) -> Double { 1 / (1 + .exp(-x)) }

  private let xs = [0.5, -1.5]

  @Test func elman() {
    let layer = Architecture.Elman(name: "l", inputs: 1, outputs: 1, recurrentBias: true)
    var h = 0.0
    let expected = xs.map { x in
      h = .tanh(0.7 * x + 0.2 + 1.3 * h - 0.4)
      return h
    }
    #expect(largestError(logits(of: .elman(layer), [0.7, 1.3, 0.2, -0.4]), expected) < 1e-15)
  }

  @Test func lstm() {
    let layer = Architecture.LSTM(
      name: "l", inputs: 1, outputs: 1, recurrentActivation: .sigmoid, activation: .softsign, cellActivation: .tanh,
      forgetBias: 0.75, recurrentBias: true)
    let (W, U) = ([0.1, 0.2, 0.3, 0.4], [-0.5, 0.6, -0.7, 0.8])
    let (b, r) = ([0.9, -1.0, 1.1, -1.2], [0.15, 0.25, 0.35, 0.45])
    var (h, c) = (0.0, 0.0)
    let expected = xs.map { x in
      let z = (0..<4).map { W[$0] * x + b[$0] + U[$0] * h + r[$0] }
      let candidate = z[2] / (1 + abs(z[2]))
      c = sigmoid(z[1] + 0.75) * c + sigmoid(z[0]) * candidate
      h = sigmoid(z[3]) * .tanh(c)
      return h
    }
    #expect(largestError(logits(of: .lstm(layer), W + U + b + r), expected) < 1e-15)
  }

  @Test func leakyElman() {
    let layer = Architecture.Elman(name: "l", inputs: 1, outputs: 1, leak: 0.3)
    var h = 0.0
    let expected = xs.map { x in
      h = 0.7 * h + 0.3 * .tanh(0.7 * x + 1.3 * h + 0.2)
      return h
    }
    #expect(largestError(logits(of: .elman(layer), [0.7, 1.3, 0.2], inputs: [0, 1]), expected) < 1e-15)
  }

  /// Peepholes that see a limited cell, and a projection that is limited itself.
  @Test(arguments: [(nil, nil), (0.25, nil), (nil, 0.04), (0.25, 0.04)] as [(Double?, Double?)])
  func lstmWithLimits(cellClip: Double?, projectionClip: Double?) {
    let layer = Architecture.LSTM(
      name: "l", inputs: 1, outputs: 1, forgetBias: 0.5, peepholes: true, cellClip: cellClip,
      projection: .init(cells: 2, clip: projectionClip))
    let (W, U) = (drawn(8), drawn(8))
    let (b, p, P) = (drawn(8), drawn(6), drawn(2))
    func limit(_ x: Double, _ clip: Double?) -> Double { clip.map { max(-$0, min($0, x)) } ?? x }
    var (h, c) = (0.0, [0.0, 0.0])
    var limited = (cells: 0, outputs: 0)
    let inputs: [Int32] = [0, 1, 1, 0, 1]
    let expected = inputs.map { token in
      let x = xs[Int(token)]
      let previous = h
      h = 0
      for unit in 0..<2 {
        func z(_ gate: Int) -> Double { W[2 * gate + unit] * x + b[2 * gate + unit] + U[2 * gate + unit] * previous }
        let i = sigmoid(z(0) + p[unit] * c[unit])
        let f = sigmoid(z(1) + 0.5 + p[2 + unit] * c[unit])
        let free = f * c[unit] + i * .tanh(z(2))
        c[unit] = limit(free, cellClip)
        if c[unit] != free { limited.cells += 1 }
        h += P[unit] * sigmoid(z(3) + p[4 + unit] * c[unit]) * .tanh(c[unit])
      }
      if limit(h, projectionClip) != h { limited.outputs += 1 }
      h = limit(h, projectionClip)
      return h
    }
    #expect(largestError(logits(of: .lstm(layer), W + U + b + p + P, inputs: inputs), expected) < 1e-15)
    #expect((limited.cells > 0) == (cellClip != nil), "the limit acts")
    #expect((limited.outputs > 0) == (projectionClip != nil), "the limit acts")
  }

  /// Numbers without a pattern.
  private func drawn(_ count: Int) -> [Double] {
    (0..<count).map { 1.5 * .sin(Double(7 * $0 * $0 + 3 * count)) }
  }

  @Test(arguments: 0..<20) func computesInFloatAsInDouble(seed: Int) {
    var model = DrawnModel(seed: 5000 + seed, dropout: false)
    let (inputs, targets) = (model.tokens(4), model.tokens(4))
    let narrow = Reference<Float>(model.architecture, values: model.parameters)
    let wide = Reference<Double>(model.architecture, values: model.parameters.map { Double($0) })
    let found = narrow.gradient(inputs: inputs, targets: targets, state: narrow.initialState)
    let expected = wide.gradient(inputs: inputs, targets: targets, state: wide.initialState)
    #expect(largestError([found.loss], [expected.loss]) < 1e-5)
    #expect(largestError(found.values, expected.values) < 1e-5)
  }

  @Test(arguments: Architecture.GRU.Reset.allCases, Architecture.GRU.Update.allCases)
  func gru(reset: Architecture.GRU.Reset, update: Architecture.GRU.Update) {
    let layer = Architecture.GRU(name: "l", inputs: 1, outputs: 1, reset: reset, updateKeeps: update)
    let (W, U) = ([0.4, -0.3, 1.2], [0.5, -0.6, 0.7])
    let (b, r) = ([0.1, -0.2, 0.3], [0.15, 0.25, 0.35])
    var h = 0.0
    let expected = xs.map { x in
      let z = sigmoid(W[0] * x + b[0] + U[0] * h + r[0])
      let q = sigmoid(W[1] * x + b[1] + U[1] * h + r[1])
      let recurrent = reset == .after ? q * (U[2] * h + r[2]) : U[2] * (q * h) + r[2]
      let n = Double.tanh(W[2] * x + b[2] + recurrent)
      h = update == .previous ? z * h + (1 - z) * n : (1 - z) * h + z * n
      return h
    }
    #expect(largestError(logits(of: .gru(layer), W + U + b + r), expected) < 1e-15)
  }

  @Test func masksMultiplyEachStepByItsOwnFactors() {
    let architecture = Architecture(
      size: 2,
      layers: [
        .embedding(.init(name: "input", inputs: 2, outputs: 2)), .dropout(.init(name: "dropout", rate: 0.5)),
        .linear(.init(name: "output", inputs: 2, outputs: 2, bias: false)),
      ])
    // Both tokens enter as (1, 2); the output is the identity.
    let values: [Double] = [1, 2, 1, 2, 1, 0, 0, 1]
    let masked = Reference(architecture, values: values, dropoutMasks: ["dropout": [[2, 0], [0, 3]]])
    var state = masked.initialState
    #expect(masked.logits([0, 1], state: &state) == [[2, 0], [0, 6]])
    #expect(Reference(architecture, values: values).logits([0, 1], state: &state) == [[1, 2], [1, 2]])
  }

  @Test func recurrentWeightsGoFromTheColumnToTheRow() {
    let architecture = Architecture(
      size: 2,
      layers: [
        .oneHot(.init(name: "input", size: 2)),
        .elman(.init(name: "l", inputs: 2, outputs: 2, activation: .linear, bias: false)),
        .linear(.init(name: "output", inputs: 2, outputs: 2, bias: false)),
      ])
    // W is the identity; U takes unit 1 to unit 0; the output swaps nothing.
    let reference = Reference<Double>(architecture, values: [1, 0, 0, 1, 0, 5, 0, 0, 1, 0, 0, 1])
    var state = reference.initialState
    #expect(reference.logits([1, 0], state: &state) == [[0, 1], [6, 0]])
  }

  @Test(arguments: [
    (Activation.linear, 0.25, -0.25), (.tanh, 0.24491866240370913, -0.24491866240370913),
    (.sigmoid, 0.5621765008857981, 0.43782349911420193), (.hardSigmoid, 0.55, 0.45),
    (.hardSigmoidSixth, 0.5416666666666666, 0.4583333333333333), (.relu, 0.25, 0), (.softsign, 0.2, -0.2),
    (.softplus, 0.8259394198788435, 0.5759394198788435), (.elu, 0.25, -0.22119921692859513), (.hardTanh, 0.25, -0.25),
  ])
  func activationsNearZero(activation: Activation, above: Double, below: Double) {
    #expect(abs(activation.value(0.25) - above) < 1e-15)
    #expect(abs(activation.value(-0.25) - below) < 1e-15)
  }

  @Test(arguments: [
    (Activation.hardSigmoid, 0.0, 1.0), (.hardSigmoidSixth, 0, 1), (.hardTanh, -1, 1), (.relu, 0, 40),
    (.sigmoid, 0, 1), (.tanh, -1, 1), (.elu, -1, 40), (.softplus, 0, 40),
  ])
  func activationsFarFromZero(activation: Activation, below: Double, above: Double) {
    #expect(abs(activation.value(-40) - below) < 1e-15)
    #expect(abs(activation.value(40) - above) < 1e-15)
  }
}
