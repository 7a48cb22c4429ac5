import Kernels
import RNNModel

/// The gradient of one window, computed in ways that have nothing in common but the forward pass.
public struct GradientCheck: Sendable {
  /// The ways.
  public enum Method: String, Hashable, Sendable, CaseIterable {
    /// Back-propagation through time: Werbos (1990).
    case bptt = "BPTT"
    /// Real-time recurrent learning: Williams & Zipser (1989).
    case rtrl = "RTRL"
    /// (L(w + e) - L(w - e)) / 2e.
    case differences = "central differences"
    /// Back-propagation through time in float32, as training does it.
    case network = "fast network"
  }

  /// Two ways beside each other.
  public struct Pair: Hashable, Sendable {
    /// One way.
    public let first: Method
    /// Another.
    public let second: Method
    /// The largest difference between two derivatives.
    public let largestDifference: Double
    /// The same, as a part of the largest derivative.
    public let relative: Double
  }

  /// -ln p of the window, in nats.
  public let loss: Double
  /// The steps of the window.
  public let steps: Int
  /// The largest magnitude of a derivative.
  public let largestDerivative: Double
  /// All pairs of ways.
  public let pairs: [Pair]
  /// The parameters of which differences were taken; all others were compared in the other ways.
  public let sampled: Int
  /// All parameters.
  public let parameters: Int

  /// What it costs.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - steps: the steps of the window.
  ///   - sample: the number of parameters whose differences are taken.
  public static func cost(of model: Model, steps: Int, sample: Int) -> AnalysisCost {
    let reference = Reference(model.architecture, values: model.parameters.values.map(Double.init))
    let parameters = Double(model.parameters.table.count)
    let differences = 2 * Double(min(sample, model.parameters.table.count)) * parameters
    let realTime = reference.realTimeCost
    let perStep =
      differences + 3 * parameters + Double(realTime.operationsPerStep) + Double(realTime.states) * 3 * parameters
    return AnalysisCost(multiplications: Double(steps) * perStep, rate: AnalysisCost.referenceRate)
  }

  /// Computes the gradient in all ways.
  ///
  /// - Parameters:
  ///   - model: a language model that reads a stream.
  ///   - window: where in the text.
  ///   - sample: the most parameters whose differences are taken, drawn by chance.
  ///   - limit: the longest time that it may take, in seconds.
  ///   - progress: called with the part that is done.
  /// - Throws: ``AnalysisError``, ``ArchitectureError``.
  public init(
    _ model: Model, _ window: AnalysisWindow, sample: Int, limit: Double = AnalysisCost.longest,
    progress: (Double) -> Void = { _ in }
  ) throws {
    try model.requireStream()
    try Self.cost(of: model, steps: window.count, sample: sample).check(
      "comparing the gradients of \(window.count) steps", limit: limit, advice: "give a smaller model or --length")
    let values = model.parameters.values.map(Double.init)
    let reference = Reference(model.architecture, values: values)
    let state = try window.referenceState(reference, of: model)
    let (inputs, targets) = (
      Reference<Double>.Inputs.tokens(window.inputs), Reference<Double>.Targets.classes(window.targets)
    )
    let bptt = reference.gradient(inputs: inputs, targets: targets, state: state)
    let rtrl: Reference<Double>.Gradient
    do {
      rtrl = try reference.realTimeGradient(inputs: inputs, targets: targets, state: state)
    } catch {
      throw AnalysisError.reference(error)
    }
    let indices = Self.draw(sample, of: values.count)
    var differences: [Int: Double] = [:]
    for (number, index) in indices.enumerated() {
      differences[index] = Self.difference(model, values, at: index, window, state)
      if number % 16 == 0 { progress(Double(number) / Double(indices.count)) }
    }
    let network = try Self.networkGradient(model, window)
    loss = bptt.loss
    steps = window.count
    sampled = indices.count
    parameters = values.count
    let largest = bptt.values.map(abs).max() ?? 0
    largestDerivative = largest
    let gradients: [(Method, (Int) -> Double?)] = [
      (.bptt, { bptt.values[$0] }), (.rtrl, { rtrl.values[$0] }), (.differences, { differences[$0] }),
      (.network, { network[$0] }),
    ]
    pairs = gradients.indices.flatMap { first in
      gradients.indices.dropFirst(first + 1).map { second in
        let difference = values.indices.reduce(0.0) { most, index in
          guard let a = gradients[first].1(index), let b = gradients[second].1(index) else { return most }
          let difference = abs(a - b)
          return difference.isNaN ? .infinity : max(most, difference)
        }
        return Pair(
          first: gradients[first].0, second: gradients[second].0, largestDifference: difference,
          relative: largest > 0 ? difference / largest : 0)
      }
    }
  }

  /// Different parameters, drawn by chance, rising; all of them where there are no more.
  private static func draw(_ count: Int, of all: Int) -> [Int] {
    guard count < all else { return Array(0..<all) }
    var generator = RandomGenerator(seed: 1)
    var drawn: Set<Int> = []
    while drawn.count < count { drawn.insert(Int.random(in: 0..<all, using: &generator)) }
    return drawn.sorted()
  }

  private static func difference(
    _ model: Model, _ values: [Double], at index: Int, _ window: AnalysisWindow, _ state: [Reference<Double>.LayerState]
  ) -> Double {
    // The error of the quotient grows with e squared, that of rounding with 1 / e.
    let step = 1e-5 * max(1, abs(values[index]))
    func loss(_ offset: Double) -> Double {
      var moved = values
      moved[index] += offset
      let reference = Reference(model.architecture, values: moved)
      var state = state
      if window.history.isEmpty { state = reference.initialState }
      let rows = reference.logProbabilities(window.inputs, state: &state)
      return zip(rows, window.targets).reduce(0) { $0 - $1.0[Int($1.1)] }
    }
    return (loss(step) - loss(-step)) / (2 * step)
  }

  private static func networkGradient(_ model: Model, _ window: AnalysisWindow) throws -> [Double] {
    let network = try Network(
      model.withoutDropout, parameters: model.parameters.values, purpose: .training, batch: 1, steps: window.count)
    if !window.history.isEmpty {
      network.state = Network.State(values: try window.state(of: model).values)
    }
    var generator = RandomGenerator(seed: 0)
    _ = network.backpropagate(inputs: window.inputs, targets: window.targets, using: &generator)
    return network.gradient.map { Double($0) * Double(window.count) }
  }
}
