import CKernels

/// A weight matrix laid out for the vectors of one kernel level, in memory of its own that begins at a cache line.
struct PackedWeights: ~Copyable {
  /// The rows of W that share an inner index: gates times units, or 1 times units where the matrix is transposed.
  private let gates: Int
  private let units: Int
  private let depth: Int
  private let buffer: UnsafeMutablePointer<Float>?
  /// The level that the weights were last packed for.
  private(set) var level = KernelLevel.portable

  /// Memory for W `[gates, units, depth]`; none if any of these is 0.
  init(gates: Int = 1, units: Int, depth: Int) {
    requireSizes(gates, units, depth, names: "gates, units, depth")
    let lanes = Int(KERNELS_MOST_LANES)
    let count = gates * ((units + lanes - 1) / lanes * lanes) * depth
    (self.gates, self.units, self.depth) = (gates, units, depth)
    guard count > 0 else {
      buffer = nil
      return
    }
    // Safe: the memory is this value's own, and initialized before anybody reads it.
    let floats = unsafe UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<Float>.stride, alignment: 64)
      .bindMemory(to: Float.self, capacity: count)
    unsafe floats.initialize(repeating: 0, count: count)
    unsafe buffer = floats
  }

  deinit { unsafe buffer?.deallocate() }

  /// Where the packed weights lie; nil if there are none.
  var address: UnsafePointer<Float>? { unsafe UnsafePointer(buffer) }

  /// Packs W `[gates, units, depth]` for products with its transpose.
  mutating func pack(_ weights: Span<Float>) {
    requireCount(weights.count, gates * units * depth, "weights [gates, units, depth]")
    level = KernelLevel.active
    guard let buffer = unsafe buffer else { return }
    // Safe: the buffer has room for the units rounded up to whole vectors of the widest level.
    unsafe kernels_pack_gates(gates, units, depth, weights.address, buffer)
  }

  /// Packs W `[depth, units]` for products with W itself.
  mutating func packTransposed(_ weights: Span<Float>) {
    precondition(gates == 1, "transposed weights have no gate axis of their own")
    requireCount(weights.count, depth * units, "weights [depth, units]")
    level = KernelLevel.active
    guard let buffer = unsafe buffer else { return }
    // Safe: the buffer has room for the units rounded up to whole vectors of the widest level.
    unsafe kernels_pack_transposed(depth, units, weights.address, buffer)
  }
}
