import Kernels
import RNNModel
import RNNText

/// How large the gradient of each parameter usually is: what dynamic evaluation scales its steps by.
public struct GradientStatistics: Sendable {
  /// The root of the mean square of the gradient of windows, for each parameter.
  public let magnitudes: [Float]
  /// ``magnitudes`` divided by the mean, over the tensors, of their means: how fast each parameter goes back to what was trained.
  public let decayFactors: [Float]

  /// Collects them on a training text, as the program of Krause et al. (2018) does: over windows of `length` tokens of `streams` streams that are
  /// read once, without dropout; the gradient of a window is that of the mean of its losses.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - tokens: the text.
  ///   - streams: how many streams it is cut into, 100 there.
  ///   - length: the steps of a window, 5 there.
  ///   - progress: called now and then with the part that is done.
  /// - Throws: ``EvaluationError``, `ArchitectureError/notTrainable(reason:)`.
  public init(
    of model: Model, on tokens: [Int32], streams: Int = 100, length: Int = 5, progress: (Double) -> Void = { _ in }
  ) throws {
    try DynamicLanguageModel.check(model)
    // Short texts have fewer streams, of at least some windows each.
    let streams = max(1, min(streams, tokens.count / (10 * length)))
    let source: TextStreams
    do {
      source = try TextLayout.wordLanguageModel.streams(of: TokenSlice(tokens), batch: streams, length: length)
    } catch {
      throw EvaluationError.tooShortForStreams(error)
    }
    let network = try Network(
      model.architecture, parameters: model.parameters.values, purpose: .training, batch: streams, steps: length)
    network.appliesDropout = false
    var generator = RandomGenerator(seed: 0)
    var sums = [Double](repeating: 0, count: network.table.count)
    var (inputs, targets): ([Int32], [Int32]) = ([], [])
    let windows = source.windowCount(steps: length)
    for window in 0..<windows {
      try source.fill(window: window, steps: length, inputs: &inputs, targets: &targets)
      _ = network.backpropagate(inputs: inputs, targets: targets, using: &generator)
      let gradient = network.gradient
      for index in sums.indices { sums[index] += Double(gradient[index]) * Double(gradient[index]) }
      progress(Double(window + 1) / Double(windows))
    }
    self.init(squares: sums.map { $0 / Double(windows) }, network.table)
  }

  /// Takes mean squares.
  init(squares: [Double], _ table: ParameterTable) {
    magnitudes = squares.map { Float($0.squareRoot()) }
    var means: [Double] = []
    for entry in table.entries where entry.count > 0 {
      means.append(squares[entry.range].reduce(0) { $0 + $1.squareRoot() } / Double(entry.count))
    }
    let mean = means.reduce(0, +) / Double(max(1, means.count))
    decayFactors = squares.map { mean > 0 ? Float($0.squareRoot() / mean) : 0 }
  }
}
