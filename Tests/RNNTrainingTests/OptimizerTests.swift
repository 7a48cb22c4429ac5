import Foundation
import Testing

@testable import RNNTraining

/// What the optimizers of PyTorch made of the same gradients; `fixtures/optimizers/make.py` writes it.
struct OptimizerGolden: Decodable {
  struct Case: Decodable, CustomTestStringConvertible {
    struct Settings: Decodable {
      var momentum, dampening, alpha, epsilon, rateDecay, initialSum, beta1, beta2: Double?
      var nesterov, centred: Bool?
    }
    struct Clip: Decodable {
      var norm, value: Double?
    }
    var optimizer: String
    var settings: Settings
    var weight_decay: Double
    var rates, norms: [Double]
    var clip: Clip?
    var parameters: [[Float]]
    var average: [Float]?

    var testDescription: String { "\(optimizer) \(settings)" }

    /// The optimizer with PyTorch's defaults, but for the settings.
    var named: Optimizer? {
      switch Optimizer(name: optimizer) {
      case .sgd(let momentum, let dampening, let nesterov):
        .sgd(
          momentum: settings.momentum ?? momentum, dampening: settings.dampening ?? dampening,
          nesterov: settings.nesterov ?? nesterov)
      case .rmsprop(let alpha, let epsilon, let momentum, let centred):
        .rmsprop(
          alpha: settings.alpha ?? alpha, epsilon: settings.epsilon ?? epsilon,
          momentum: settings.momentum ?? momentum, centred: settings.centred ?? centred)
      case .adagrad(let decay, let sum, let epsilon):
        .adagrad(
          rateDecay: settings.rateDecay ?? decay, initialSum: settings.initialSum ?? sum,
          epsilon: settings.epsilon ?? epsilon)
      case .adam(let beta1, let beta2, let epsilon):
        .adam(
          beta1: settings.beta1 ?? beta1, beta2: settings.beta2 ?? beta2, epsilon: settings.epsilon ?? epsilon)
      case .adamW(let beta1, let beta2, let epsilon):
        .adamW(
          beta1: settings.beta1 ?? beta1, beta2: settings.beta2 ?? beta2, epsilon: settings.epsilon ?? epsilon)
      case let other: other
      }
    }

    var clipping: Clipping? { clip.flatMap { $0.norm.map { .norm($0) } ?? $0.value.map { .value($0) } } }
  }

  var start: [Float]
  var gradients: [[Float]]
  var cases: [Case]

  static let stored: OptimizerGolden? = {
    let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let file = repository.appending(path: "fixtures/optimizers/optimizers.json")
    return (try? Data(contentsOf: file)).flatMap { try? JSONDecoder().decode(OptimizerGolden.self, from: $0) }
  }()
}

@Suite struct OptimizerTests {
  @Test func theGoldenNumbersAreThere() throws {
    let golden = try #require(OptimizerGolden.stored)
    #expect(Set(golden.cases.map(\.optimizer)) == Set(Optimizer.named.map(\.name)))
  }

  @Test(arguments: OptimizerGolden.stored?.cases ?? []) func agreesWithPyTorch(golden: OptimizerGolden.Case) throws {
    let document = try #require(OptimizerGolden.stored)
    let optimizer = try #require(golden.named)
    #expect(TrainingPlan(optimizer: optimizer).problem == nil)
    var parameters = document.start
    var state = OptimizerState(optimizer, count: parameters.count)
    if golden.average != nil { state.startAveraging(from: parameters) }
    for (index, gradient) in document.gradients.enumerated() {
      var gradient = gradient
      let norm = state.update(
        &parameters, gradient: &gradient, learningRate: golden.rates[index], weightDecay: golden.weight_decay,
        clipping: golden.clipping)
      #expect(abs(norm - golden.norms[index]) < 1e-6 * golden.norms[index])
      for (value, expected) in zip(parameters, golden.parameters[index]) {
        #expect(abs(value - expected) < 3e-6 * max(1, abs(expected)))
      }
    }
    if let average = golden.average {
      for (value, expected) in zip(state.evaluated(parameters), average) { #expect(abs(value - expected) < 3e-6) }
    } else {
      #expect(state.evaluated(parameters) == parameters)
    }
  }

  @Test(arguments: Optimizer.named.map(\.optimizer), [Float.nan, .infinity])
  func leavesEverythingAloneForAGradientThatIsNotFinite(optimizer: Optimizer, value: Float) {
    let before = OptimizerState(optimizer, count: 4)
    var state = before
    var parameters: [Float] = [1, 2, 3, 4]
    var gradient = [0, value, 0, 0]
    #expect(!state.update(&parameters, gradient: &gradient, learningRate: 0.1, clipping: .norm(1)).isFinite)
    #expect(parameters == [1, 2, 3, 4])
    #expect(state == before)
  }

  @Test(arguments: Optimizer.named.map(\.optimizer), [Clipping?.none, .norm(0.5), .value(0.3)])
  func frozenParametersHaveNoPartInAnything(optimizer: Optimizer, clipping: Clipping?) {
    // Five parameters, of which the second and fourth are frozen, against three alone.
    var (all, alone): ([Float], [Float]) = ([1, 2, 3, 4, 5], [1, 3, 5])
    var (state, other) = (
      OptimizerState(optimizer, count: 5, ranges: [0..<1, 2..<3, 4..<5]), OptimizerState(optimizer, count: 3)
    )
    for step in 0..<5 {
      let g = Float(step) - 1.5
      var (gradient, rest): ([Float], [Float]) = ([g, 1e30, 2 * g, .nan, 1], [g, 2 * g, 1])
      let norm = state.update(
        &all, gradient: &gradient, learningRate: 0.1, weightDecay: 0.1, clipping: clipping)
      #expect(
        norm == other.update(&alone, gradient: &rest, learningRate: 0.1, weightDecay: 0.1, clipping: clipping))
      #expect([all[0], all[2], all[4]] == alone)
      #expect(all[1] == 2 && all[3] == 4)
    }
  }

  @Test(arguments: Optimizer.named.map(\.optimizer)) func aCopyGoesOnWithTheSameBits(optimizer: Optimizer) throws {
    func gradient(_ step: Int) -> [Float] { (0..<9).map { Float(($0 * 7 + step * 3) % 11) - 5 } }
    var parameters = [Float](repeating: 1, count: 9)
    var state = OptimizerState(optimizer, count: 9)
    func advance(_ state: inout OptimizerState, _ parameters: inout [Float], _ steps: Range<Int>) {
      for step in steps {
        if step == 3, case .averagedSGD = optimizer { state.startAveraging(from: parameters) }
        var gradient = gradient(step)
        _ = state.update(&parameters, gradient: &gradient, learningRate: 0.1, weightDecay: 0.01)
      }
    }
    advance(&state, &parameters, 0..<5)
    var copy = try OptimizerState(
      optimizer, count: 9, ranges: [0..<9], slots: state.slots, step: state.step, averagedSteps: state.averagedSteps)
    var others = parameters
    advance(&state, &parameters, 5..<10)
    advance(&copy, &others, 5..<10)
    #expect(others == parameters)
    #expect(copy == state)
  }

  @Test func refusesSlotsOfAnotherOptimizer() throws {
    let slots = ["momentum": [Float](repeating: 0, count: 3)]
    func resume(_ optimizer: Optimizer, count: Int) throws {
      _ = try OptimizerState(
        optimizer, count: count, ranges: [0..<count], slots: slots, step: 1, averagedSteps: 0)
    }
    try resume(.sgd(momentum: 0.9), count: 3)
    #expect(throws: TrainingError.self) { try resume(.sgd(momentum: 0.9), count: 4) }
    #expect(throws: TrainingError.self) { try resume(.sgd, count: 3) }
    #expect(throws: TrainingError.self) { try resume(.adam, count: 3) }
  }

  @Test(arguments: [
    Optimizer.sgd(momentum: 1), .sgd(momentum: .nan), .sgd(nesterov: true),
    .sgd(momentum: 0.9, dampening: 0.1, nesterov: true), .rmsprop(alpha: 1), .rmsprop(epsilon: 0),
    .adagrad(rateDecay: -1), .adagrad(epsilon: .infinity), .adam(beta1: -0.1), .adamW(beta2: 1), .adam(epsilon: .nan),
    .averagedSGD(nonMonotone: 0),
  ])
  func saysWhatIsWrongWithSettings(optimizer: Optimizer) { #expect(TrainingPlan(optimizer: optimizer).problem != nil) }

  @Test(arguments: Optimizer.named.map(\.optimizer)) func readsBackWhatItWrites(optimizer: Optimizer) throws {
    let data = try JSONEncoder().encode(optimizer)
    #expect(try JSONDecoder().decode(Optimizer.self, from: data) == optimizer)
  }

  @Test func theFactorOfTheGradientComesBeforeClipping() {
    var (parameters, others): ([Float], [Float]) = ([1, 1], [1, 1])
    var (state, other) = (OptimizerState(.sgd, count: 2), OptimizerState(.sgd, count: 2))
    var (gradient, tripled): ([Float], [Float]) = ([0.5, 2], [1.5, 6])
    let norm = state.update(&parameters, gradient: &gradient, learningRate: 1, factor: 3, clipping: .value(2))
    #expect(norm == other.update(&others, gradient: &tripled, learningRate: 1, clipping: .value(2)))
    #expect(parameters == others && parameters == [-0.5, -1])
  }
}
