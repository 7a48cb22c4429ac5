import CKernels

#if canImport(Accelerate)
  import Accelerate
#endif

/// The product of row-major matrices, `C = alpha op(A) op(B) + beta C + bias`.
///
/// `op(A)` is `[m, k]`, `op(B)` is `[k, n]`, `C` is `[m, n]`. A transposed factor is stored the other way round:
/// `A` as `[k, m]`, `B` as `[n, k]`. A stride is the distance in elements between the starts of two stored rows; it may
/// be larger than the row is long, so that a block of columns of a larger matrix can be read or written.
///
/// The work is shared by the ``ThreadTeam``. The bits of a product do not depend on how many threads there are.
public enum MatrixProduct {
  /// What computes ``multiply(_:transposeA:_:transposeB:into:rows:columns:inner:alpha:beta:bias:strideA:strideB:strideC:offsetC:rowByRow:)``.
  public static var name: String {
    #if canImport(Accelerate)
      "Accelerate"
    #else
      "rnntool"
    #endif
  }

  /// `C = alpha op(A) op(B) + beta C + bias`.
  ///
  /// With `beta` 0, `C` is only written. An empty sum (`k` = 0) leaves `beta C`.
  ///
  /// - Parameters:
  ///   - a: `[m, k]`, or `[k, m]` if `transposeA`.
  ///   - transposeA: whether `a` is stored transposed.
  ///   - b: `[k, n]`, or `[n, k]` if `transposeB`.
  ///   - transposeB: whether `b` is stored transposed.
  ///   - c: holds `[m, n]` from element `offsetC` on.
  ///   - m: the rows of `C`.
  ///   - n: the columns of `C`.
  ///   - k: the length of the sums.
  ///   - alpha: the factor of the product.
  ///   - beta: the factor of what `c` held before.
  ///   - bias: `[n]`, added to each row of `C`; nil for none.
  ///   - strideA: from one stored row of `a` to the next; nil if they lie close together.
  ///   - strideB: the same for `b`.
  ///   - strideC: the same for `c`.
  ///   - offsetC: the element of `c` at which the result begins.
  ///   - rowByRow: whether each row of `C` gets the bits that it gets in a product of its own, for a `b` that is stored transposed and
  ///     an `a` that is not. It costs some speed.
  /// - Precondition: the spans hold what the sizes say, and every size fits into 32 bits.
  public static func multiply(
    _ a: Span<Float>, transposeA: Bool = false, _ b: Span<Float>, transposeB: Bool = false,
    into c: inout MutableSpan<Float>, rows m: Int, columns n: Int, inner k: Int, alpha: Float = 1, beta: Float = 0,
    bias: Span<Float>? = nil, strideA: Int? = nil, strideB: Int? = nil, strideC: Int? = nil, offsetC: Int = 0,
    rowByRow: Bool = false
  ) {
    let shape = Shape(
      m, n, k, transposeA, transposeB, strideA, strideB, strideC, offsetC, counts: (a.count, b.count, c.count))
    guard m > 0, n > 0 else { return }
    if let bias { requireCount(bias.count, n, "bias [columns]") }
    // Safe: Shape has checked that every element the sizes and strides name lies in its span; the bias has n elements.
    unsafe c.withUnsafeMutableBufferPointer { c in
      unsafe a.withUnsafeBufferPointer { a in
        unsafe b.withUnsafeBufferPointer { b in
          var factors = unsafe MatrixFactors(
            a: a.baseAddress, transposeA: transposeA, strideA: shape.strideA, b: b.baseAddress, transposeB: transposeB,
            strideB: shape.strideB, c: c.slot(1, offsetC), strideC: shape.strideC, inner: k, alpha: alpha, beta: beta)
          unsafe factors.rowByRow = rowByRow
          guard let bias else { return unsafe factors.multiply(rows: m, columns: n) }
          unsafe bias.withUnsafeBufferPointer { bias in
            unsafe factors.bias = bias.baseAddress
            unsafe factors.multiply(rows: m, columns: n)
          }
        }
      }
    }
  }

  /// The strides of a product whose sizes have been checked against the spans.
  private struct Shape {
    let strideA: Int
    let strideB: Int
    let strideC: Int

    init(
      _ m: Int, _ n: Int, _ k: Int, _ transposeA: Bool, _ transposeB: Bool, _ strideA: Int?, _ strideB: Int?,
      _ strideC: Int?, _ offsetC: Int, counts: (a: Int, b: Int, c: Int)
    ) {
      let limit = Int(Int32.max)
      precondition(
        0...limit ~= m && 0...limit ~= n && 0...limit ~= k, "rows \(m), columns \(n), inner \(k) must fit into 31 bits")
      precondition(offsetC >= 0 && offsetC <= counts.c, "offsetC \(offsetC) is not in c of \(counts.c) elements")
      self.strideA = Self.stride(
        strideA, rows: transposeA ? k : m, columns: transposeA ? m : k, count: counts.a, name: "a")
      self.strideB = Self.stride(
        strideB, rows: transposeB ? n : k, columns: transposeB ? k : n, count: counts.b, name: "b")
      self.strideC = Self.stride(strideC, rows: m, columns: n, count: counts.c - offsetC, name: "c")
    }

    private static func stride(_ stride: Int?, rows: Int, columns: Int, count: Int, name: String) -> Int {
      let stride = stride ?? Swift.max(columns, 1)
      precondition(
        stride >= Swift.max(columns, 1) && stride <= Int(Int32.max),
        "the stride of \(name), \(stride), must be at least its \(columns) columns")
      precondition(
        rows == 0 || columns == 0 || (rows - 1) * stride + columns <= count,
        "\(name) has \(count) elements, too few for [\(rows), \(columns)] with stride \(stride)")
      return stride
    }
  }
}
