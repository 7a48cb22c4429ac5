/// A tensor `[..., rows, columns]` within the flat parameters; an absent one is zero and takes no gradient.
struct ReferenceTensor<Scalar: ReferenceScalar>: Sendable {
  let values: [Scalar]
  let start: Int
  let columns: Int
  let rows: Int
  let isPresent: Bool

  init(values: [Scalar], entry: ParameterTable.Entry?) {
    self.values = values
    start = entry?.range.lowerBound ?? 0
    columns = entry?.shape.last ?? 0
    rows = (entry?.shape.count ?? 0) > 1 ? (entry?.shape[(entry?.shape.count ?? 2) - 2] ?? 0) : 1
    isPresent = entry != nil
  }

  static var absent: ReferenceTensor { ReferenceTensor(values: [], entry: nil) }

  /// The element `[row]` of a bias, or `[gate, row]`.
  func element(gate: Int = 0, _ row: Int) -> Scalar {
    isPresent ? values[start + gate * columns + row] : 0
  }

  /// Row `row` of a matrix.
  func vector(row: Int = 0) -> [Scalar] {
    let offset = start + row * columns
    return Array(values[offset..<(offset + columns)])
  }

  /// Row `row` of matrix `gate` times x.
  func dot(gate: Int = 0, row: Int, _ x: [Scalar]) -> Scalar {
    Scalar.dot(values, at: start + (gate * rows + row) * columns, x)
  }

  /// dL/dx += transposed row * delta, and dL/dw += delta * x: one unit's share of the chain rule.
  func propagate(
    gate: Int = 0, row: Int, delta: Scalar, x: [Scalar], to xGradient: inout [Scalar], _ gradient: inout [Scalar]
  ) {
    let offset = start + (gate * rows + row) * columns
    Scalar.add(delta, times: values, from: offset, count: columns, to: &xGradient, at: 0)
    Scalar.add(delta, times: x, from: 0, count: columns, to: &gradient, at: offset)
  }

  /// dL/db += delta.
  func accumulate(gate: Int = 0, _ row: Int, delta: Scalar, _ gradient: inout [Scalar]) {
    if isPresent { gradient[start + gate * columns + row] += delta }
  }
}
