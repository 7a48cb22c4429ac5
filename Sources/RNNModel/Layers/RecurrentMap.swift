import Kernels

/// U h(t-1) + r: the recurrent side of a layer, step by step forward, in one product over all steps for its gradient.
struct RecurrentMap {
  /// U `[gates, hidden, hidden]` in the flat parameters.
  let weights: Range<Int>
  /// r `[gates, hidden]`, or empty.
  let bias: Range<Int>
  let hidden: Int
  let gates: Int

  /// The number of rows of U.
  var outputs: Int { gates * hidden }

  /// target += U h for the state in one slot of `states`, which may be a part of the gates.
  ///
  /// - Parameters:
  ///   - states: `[slots, batch, hidden]`.
  ///   - slot: which state.
  ///   - chosen: which gates to compute.
  ///   - target: `[..., batch, gates, hidden]`; step `step` of it receives the sum.
  ///   - overwrites: whether the product replaces what the target held.
  func forward(
    _ states: Span<Float>, slot: Int, gates chosen: Range<Int>, batch: Int, parameters: [Float],
    into target: inout MutableSpan<Float>, step: Int, overwrites: Bool = false
  ) {
    let size = batch * hidden
    MatrixProduct.multiply(
      states.extracting((slot * size)..<((slot + 1) * size)),
      parameters.span.extracting(rows(of: chosen)), transposeB: true, into: &target, rows: batch,
      columns: chosen.count * hidden, inner: hidden, beta: overwrites ? 0 : 1, strideC: outputs,
      offsetC: step * batch * outputs + chosen.lowerBound * hidden)
  }

  /// Adds r to every row of `target` `[rows, gates, hidden]`.
  func addBias(rows: Int, parameters: [Float], to target: inout MutableSpan<Float>, from offset: Int = 0) {
    guard !bias.isEmpty else { return }
    target.withSlice(offset..<(offset + rows * outputs)) { slice in
      VectorOperations.addToRows(parameters.span.extracting(bias), of: &slice, rows: rows)
    }
  }

  /// Adds U^T deltas(t) to the gradient of the state in `slot`.
  ///
  /// - Parameters:
  ///   - deltas: `[steps, batch, gates, hidden]`.
  ///   - stateGradients: `[slots, batch, hidden]`.
  func propagate(
    _ deltas: Span<Float>, step: Int, gates chosen: Range<Int>, batch: Int, parameters: [Float],
    into stateGradients: inout MutableSpan<Float>, slot: Int, overwrites: Bool = false
  ) {
    let start = step * batch * outputs + chosen.lowerBound * hidden
    let end = (step + 1) * batch * outputs
    MatrixProduct.multiply(
      deltas.extracting(start..<end), parameters.span.extracting(rows(of: chosen)), into: &stateGradients, rows: batch,
      columns: hidden, inner: chosen.count * hidden, beta: overwrites ? 0 : 1, strideA: outputs,
      offsetC: slot * batch * hidden)
  }

  /// dL/dU += the sum over all steps of deltas(t) states(t)^T, for the chosen gates.
  ///
  /// - Parameters:
  ///   - deltas: `[rows, gates, hidden]`.
  ///   - states: `[rows, hidden]`: what U was multiplied by at each step.
  func accumulate(
    _ deltas: Span<Float>, _ states: Span<Float>, gates chosen: Range<Int>, rows count: Int, gradient: inout [Float]
  ) {
    var span = gradient.mutableSpan
    let start = chosen.lowerBound * hidden
    MatrixProduct.multiply(
      deltas.extracting(start..<(count * outputs)), transposeA: true, states, into: &span,
      rows: chosen.count * hidden, columns: hidden, inner: count, beta: 1, strideA: outputs,
      offsetC: rows(of: chosen).lowerBound)
  }

  /// dL/dr += the sum of the deltas' rows.
  func accumulateBias(_ deltas: Span<Float>, rows: Int, gradient: inout [Float]) {
    guard !bias.isEmpty else { return }
    var span = gradient.mutableSpan
    span.withSlice(bias) { VectorOperations.addRows(of: deltas, rows: rows, to: &$0) }
  }

  private func rows(of chosen: Range<Int>) -> Range<Int> {
    let size = hidden * hidden
    return (weights.lowerBound + chosen.lowerBound * size)..<(weights.lowerBound + chosen.upperBound * size)
  }
}
