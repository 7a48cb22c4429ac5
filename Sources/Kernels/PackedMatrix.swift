import CKernels

/// A matrix W `[outputs, inputs]` that is multiplied many times between two changes: y = W x + b, for one row or many, on
/// the ``ThreadTeam``.
///
/// Packing costs about as much as one pass over the matrix. Each element of y is one sum in the order of the inputs, so that
/// neither the number of rows nor that of threads changes a bit.
public struct PackedMatrix: ~Copyable {
  /// The length of y.
  public let outputs: Int
  /// The length of x.
  public let inputs: Int
  private var weights: PackedWeights

  /// Room for a matrix, which is zero until it is packed.
  public init(outputs: Int, inputs: Int) {
    self.outputs = outputs
    self.inputs = inputs
    weights = PackedWeights(units: outputs, depth: inputs)
  }

  /// Takes the values of W `[outputs, inputs]`.
  public mutating func pack(_ values: Span<Float>) { weights.pack(values) }

  /// Takes the values of W from its transpose `[inputs, outputs]`.
  public mutating func packTransposed(_ values: Span<Float>) { weights.packTransposed(values) }

  /// `y = W x + b`, or `y += W x + b`.
  ///
  /// - Parameters:
  ///   - x: holds `[rows, inputs]`.
  ///   - rows: how many vectors are multiplied.
  ///   - bias: `[outputs]`, or empty.
  ///   - y: holds `[rows, outputs]` from element `offset` on.
  ///   - offset: the element of `y` at which the result begins.
  ///   - adds: whether the result is added to what `y` holds.
  public borrowing func multiply(
    _ x: Span<Float>, rows: Int, bias: Span<Float> = Span(), into y: inout MutableSpan<Float>, offset: Int = 0,
    adds: Bool = false
  ) {
    requireSizes(rows, offset, names: "rows, offset")
    requireCapacity(x.count, rows * inputs, "x [rows, inputs]")
    requireCapacity(y.count, offset + rows * outputs, "y [rows, outputs]")
    if !bias.isEmpty { requireCount(bias.count, outputs, "bias [outputs]") }
    guard rows > 0, outputs > 0 else { return }
    weights.level.run {
      // Safe: the sizes were checked above, and the weights are used at the level that they were packed for.
      unsafe kernels_packed_multiply(
        rows, outputs, inputs, x.address, inputs, weights.address, bias.address, y.address.map { unsafe $0 + offset },
        outputs, adds)
    }
  }
}
