import Kernels
import RNNModel
import RealModule

/// How the loss of each step depends on the hidden states before it: dJ(t)/dh(k), by exact back-propagation of each J(t) alone.
///
/// The norms fall or grow about exponentially with the lag t - k: Hochreiter (1991); Bengio, Simard & Frasconi (1994); Pascanu,
/// Mikolov & Bengio (2013), section 2.
public struct GradientFlow: Sendable {
  /// What reaches one recurrent layer.
  public struct Layer: Sendable {
    /// Its name.
    public let name: String
    /// The Euclidean norm of dJ(t)/dh(k) `[t][k]`, for k in 0 ... t: all later ones are zero.
    public let norms: [[Double]]

    /// Puts a layer together from its norms.
    public init(name: String, norms: [[Double]]) { (self.name, self.norms) = (name, norms) }

    /// The mean of the norms over t, by lag t - k.
    public var meanByLag: [Double] {
      (0..<norms.count).map { lag in
        let values = norms.indices.filter { $0 >= lag }.map { norms[$0][$0 - lag] }
        return values.reduce(0, +) / Double(values.count)
      }
    }

    /// The change of ln |dJ(t)/dh(k)| a step back: the slope, by least squares, of lines by lag, one for each t with a level of its own, so
    /// that it does not matter that only late steps have large lags. Nil where fewer than two norms differ from zero.
    public var slope: Double? {
      var (sumXX, sumXY) = (0.0, 0.0)
      for (t, row) in norms.enumerated() {
        let points = row.enumerated().filter { $0.element > 0 && $0.element.isFinite }.map {
          (x: Double(t - $0.offset), y: Double.log($0.element))
        }
        guard points.count > 1 else { continue }
        let count = Double(points.count)
        let (meanX, meanY) = (points.reduce(0) { $0 + $1.x } / count, points.reduce(0) { $0 + $1.y } / count)
        for point in points {
          sumXX += (point.x - meanX) * (point.x - meanX)
          sumXY += (point.x - meanX) * (point.y - meanY)
        }
      }
      return sumXX > 0 ? sumXY / sumXX : nil
    }
  }

  /// The recurrent layers in the order of computation.
  public let layers: [Layer]

  /// Streams that are run side by side, each with the loss of another step.
  private static let mostStreams = 32

  /// What a window of so many steps costs.
  public static func cost(of model: Model, steps: Int) -> AnalysisCost {
    // Forward once and backward twice, in each stream up to its step.
    let (parameters, steps) = (Double(model.parameters.table.count), Double(steps))
    return AnalysisCost(multiplications: 3 * parameters * steps * (steps + 32) / 2, rate: AnalysisCost.networkRate)
  }

  /// Computes the gradients of a window, in float32.
  ///
  /// Each stream of a batch reads the same window, and has a target at one step only: a backward pass gives the gradients of as many
  /// losses as there are streams.
  ///
  /// - Parameters:
  ///   - model: a language model that reads a stream.
  ///   - window: where in the text.
  ///   - limit: the longest time that it may take, in seconds.
  ///   - progress: called with the part that is done.
  /// - Throws: ``AnalysisError``, ``ArchitectureError``.
  public init(
    of model: Model, _ window: AnalysisWindow, limit: Double = AnalysisCost.longest,
    progress: (Double) -> Void = { _ in }
  ) throws {
    try model.requireStream()
    try Self.cost(of: model, steps: window.count).check(
      "the gradient flow of \(window.count) steps", limit: limit, advice: "give a smaller --length")
    let streams = min(window.count, Self.mostStreams)
    let network = try Network(
      model.withoutDropout, parameters: model.parameters.values, purpose: .training, batch: streams, steps: window.count
    )
    let start = try window.history.isEmpty ? nil : window.state(of: model)
    let widths = Dictionary(
      zip(model.architecture.layers.map(\.name), model.architecture.widths), uniquingKeysWith: { first, _ in first })
    var norms: [String: [[Double]]] = [:]
    var names: [String] = []
    var generator = RandomGenerator(seed: 0)
    for first in stride(from: 0, to: window.count, by: streams) {
      let steps = first..<min(first + streams, window.count)
      network.resetState()
      if let start {
        network.state = Network.State(values: start.values.mapValues { row in (0..<streams).flatMap { _ in row } })
      }
      let inputs = window.inputs[..<steps.upperBound].flatMap { [Int32](repeating: $0, count: streams) }
      var targets = [Int32](repeating: -1, count: inputs.count)
      for (stream, t) in steps.enumerated() { targets[t * streams + stream] = window.targets[t] }
      _ = network.backpropagate(inputs: inputs, targets: targets, using: &generator)
      // The network takes the mean over the targets.
      let scale = Double(steps.count)
      names = network.hiddenGradients.map(\.layer)
      for (name, values) in network.hiddenGradients {
        let width = widths[name] ?? 0
        for (stream, t) in steps.enumerated() {
          norms[name, default: []].append(
            (0...t).map { k in
              let row = (k * streams + stream) * width
              return scale * values[row..<(row + width)].reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            })
        }
      }
      progress(Double(steps.upperBound) / Double(window.count))
    }
    layers = names.map { Layer(name: $0, norms: norms[$0] ?? []) }
    for layer in layers where layer.norms.contains(where: { $0.contains { !$0.isFinite } }) {
      throw AnalysisError.notFinite("the gradient of layer '\(layer.name)'")
    }
  }
}
