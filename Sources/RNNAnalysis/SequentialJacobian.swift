import RNNModel

/// The norms of the sequential Jacobian of Graves (2012), chapter 3: how much the probability of the token that follows step t depends on
/// each input.
public struct SequentialJacobian: Sendable {
  /// The Euclidean norm over all i of dy_k(t)/dx_i(t') `[t][t']`, for t' in 0 ... t; k is the token that follows step t in the text, and x(t')
  /// counts as a one-hot vector.
  public let norms: [[Double]]

  /// What a window of so many steps costs.
  public static func cost(of model: Model, steps: Int) -> AnalysisCost {
    let (parameters, steps) = (Double(model.parameters.table.count), Double(steps))
    return AnalysisCost(multiplications: parameters * steps * (3 * steps), rate: AnalysisCost.referenceRate)
  }

  /// Computes the Jacobian of a window, in Double.
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
      "the sequential Jacobian of \(window.count) steps", limit: limit, advice: "give a smaller --length")
    let reference = Reference(model.architecture, values: model.parameters.values.map(Double.init))
    let state = try window.referenceState(reference, of: model)
    var rows: [[Double]] = []
    for t in 0..<window.count {
      let rowsOfInputs = reference.sequentialJacobian(
        ofOutput: Int(window.targets[t]), at: t, inputs: .tokens(Array(window.inputs[...t])), state: state)
      rows.append(rowsOfInputs.map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() })
      progress(Double(t + 1) / Double(window.count))
    }
    norms = rows
  }

  /// The mean of the norms over t, by lag t - t'.
  public var meanByLag: [Double] { GradientFlow.Layer(name: "", norms: norms).meanByLag }
}
