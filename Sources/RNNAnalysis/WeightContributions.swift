import RNNModel

/// The gradient of a weight as a sum over the steps that use it.
public struct WeightContributions: Sendable {
  /// Which weight.
  public let weight: WeightName
  /// dJ(t)/dW through the use of W in step i alone `[t][i]`, for i in 0 ... t: the derivative where W is one element, its Euclidean norm where
  /// it is a tensor.
  public let values: [[Double]]

  /// Whether the values are norms.
  public var areNorms: Bool { weight.range.count != 1 }

  /// What a window of so many steps costs.
  public static func cost(of model: Model, steps: Int) -> AnalysisCost {
    let (parameters, steps) = (Double(model.parameters.table.count), Double(steps))
    return AnalysisCost(multiplications: 2 * parameters * steps * steps, rate: AnalysisCost.referenceRate)
  }

  /// Computes the contributions in a window, in Double.
  ///
  /// - Parameters:
  ///   - weight: of this model.
  ///   - model: a language model that reads a stream.
  ///   - window: where in the text.
  ///   - limit: the longest time that it may take, in seconds.
  /// - Throws: ``AnalysisError``, ``ArchitectureError``.
  public init(
    to weight: WeightName, of model: Model, _ window: AnalysisWindow, limit: Double = AnalysisCost.longest
  ) throws {
    try model.requireStream()
    try Self.cost(of: model, steps: window.count).check(
      "the contributions of \(window.count) steps", limit: limit, advice: "give a smaller --length")
    self.weight = weight
    let reference = Reference(model.architecture, values: model.parameters.values.map(Double.init))
    let state = try window.referenceState(reference, of: model)
    let (inputs, targets) = (
      Reference<Double>.Inputs.tokens(window.inputs), Reference<Double>.Targets.classes(window.targets)
    )
    let all =
      weight.range.count == 1
      ? reference.contributions(
        toParameter: weight.range.lowerBound, inputs: inputs, targets: targets, state: state)
      : reference.contributionNorms(to: weight.range, inputs: inputs, targets: targets, state: state)
    values = all.enumerated().map { Array($0.element[...$0.offset]) }
  }
}
