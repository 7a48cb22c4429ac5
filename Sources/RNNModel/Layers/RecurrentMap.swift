import Kernels

/// The gradient of U and r, in one product over all steps of a window.
struct RecurrentMap {
  /// U `[gates, units, inputs]` in the flat parameters.
  let weights: Range<Int>
  /// r `[gates, units]`, or empty.
  let bias: Range<Int>
  /// The number of units that receive.
  let units: Int
  /// The width of the state that U is multiplied with.
  let inputs: Int
  let gates: Int

  /// dL/dU += the sum over all steps of deltas(t) states(t)^T, for some of the gates.
  ///
  /// - Parameters:
  ///   - deltas: `[rows, gates, units]`, or `[rows, units]` for one gate.
  ///   - first: the gate at which the rows of `deltas` begin, 0 unless it is one gate's.
  ///   - chosen: which gates to accumulate.
  ///   - states: `[rows, inputs]`: what U was multiplied by at each step.
  func accumulate(
    _ deltas: Span<Float>, from first: Int = 0, gates chosen: Range<Int>, _ states: Span<Float>, rows: Int,
    gradient: inout [Float]
  ) {
    guard rows > 0 else { return }
    var span = gradient.mutableSpan
    let stride = deltas.count / rows
    MatrixProduct.multiply(
      deltas.extracting(((chosen.lowerBound - first) * units)..<deltas.count), transposeA: true, states, into: &span,
      rows: chosen.count * units, columns: inputs, inner: rows, beta: 1, strideA: stride,
      offsetC: weights.lowerBound + chosen.lowerBound * units * inputs)
  }

  /// dL/dr += the sum of the deltas' rows `[rows, gates, units]`.
  func accumulateBias(_ deltas: Span<Float>, rows: Int, gradient: inout [Float]) {
    guard !bias.isEmpty else { return }
    var span = gradient.mutableSpan
    span.withSlice(bias) { VectorOperations.addRows(of: deltas, rows: rows, to: &$0) }
  }
}
