import CKernels

#if canImport(Accelerate)
  import Accelerate
#endif

/// The addresses of a product `C = alpha op(A) op(B) + beta C + bias`, whose sizes the maker has checked.
///
/// For kernels that are made of products; all others use ``MatrixProduct``. Sendable although it holds addresses: the
/// members of a team write different elements of C.
@unsafe struct MatrixFactors: @unchecked Sendable {
  var a: UnsafePointer<Float>?
  var transposeA = false
  var strideA: Int
  var b: UnsafePointer<Float>?
  var transposeB = false
  var strideB: Int
  var c: UnsafeMutablePointer<Float>?
  var strideC: Int
  /// The length of the sums.
  var inner: Int
  var alpha: Float = 1
  var beta: Float = 0
  /// `[columns]`, added to each row; nil for none.
  var bias: UnsafePointer<Float>?
  /// Whether each row of C gets the bits that it gets in a product of its own, for a B that is stored transposed.
  var rowByRow = false

  /// Multiplies on the team.
  func multiply(rows: Int, columns: Int) {
    // Below some microseconds of work there is nothing to share.
    guard unsafe inner >= (1 << 17) / max(1, rows * columns), ThreadTeam.threadCount > 1 else {
      return unsafe multiplyAlone(rows: rows, columns: columns)
    }
    let factors = unsafe self
    ThreadTeam.run { member in unsafe factors.multiplyShare(of: member, rows: rows, columns: columns) }
  }

  /// Multiplies on this thread only.
  func multiplyAlone(rows: Int, columns: Int) {
    unsafe multiply(0..<rows, 0..<columns, isOfFewRows: isOfFewRows(rows))
  }

  /// Computes the elements of C that are a member's share.
  func multiplyShare(of member: ThreadTeam.Member, rows: Int, columns: Int) {
    let isOfFewRows = unsafe isOfFewRows(rows)
    let parts = isOfFewRows ? 1 : unsafe rowParts(rows, columns, members: member.count)
    let row = ThreadTeam.Member(index: member.index % parts, count: parts)
    let column = ThreadTeam.Member(index: member.index / parts, count: member.count / parts)
    unsafe multiply(
      row.range(of: rows, multiple: Self.tileRows), column.range(of: columns, multiple: Self.lanes),
      isOfFewRows: isOfFewRows)
  }

  /// So few rows that all the time goes into reading B. Decided by the whole product, since the bits may depend on it.
  private func isOfFewRows(_ rows: Int) -> Bool {
    unsafe !transposeA && inner > 0
      && (rows <= (transposeB ? Int(KERNELS_FEW_ROWS) : 2 * Self.tileRows) || (rowByRow && transposeB))
  }

  private func multiply(_ rows: Range<Int>, _ columns: Range<Int>, isOfFewRows: Bool) {
    guard !rows.isEmpty, !columns.isEmpty else { return }
    if unsafe rowByRow && isOfFewRows && rows.count > Self.rowsAtOnce {
      // A block of B stays in the cache while all rows pass.
      for first in stride(from: columns.lowerBound, to: columns.upperBound, by: Self.blockColumns) {
        let block = first..<min(first + Self.blockColumns, columns.upperBound)
        for row in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.rowsAtOnce) {
          unsafe multiply(row..<min(row + Self.rowsAtOnce, rows.upperBound), block, isOfFewRows: true)
        }
      }
      return
    }
    // Safe: the maker has checked the whole product, and these rows and columns are a part of it.
    let a = unsafe self.a.map { unsafe $0 + rows.lowerBound * (transposeA ? 1 : strideA) }
    let b = unsafe self.b.map { unsafe $0 + columns.lowerBound * (transposeB ? strideB : 1) }
    let c = unsafe self.c.map { unsafe $0 + rows.lowerBound * strideC + columns.lowerBound }
    let bias = unsafe self.bias.map { unsafe $0 + columns.lowerBound }
    #if canImport(Accelerate)
      if unsafe inner > 0 {
        unsafe cblas_sgemm(
          CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
          Int32(rows.count), Int32(columns.count), Int32(inner), alpha, a, Int32(strideA), b, Int32(strideB), beta, c,
          Int32(strideC))
        guard let bias = unsafe bias, let c = unsafe c else { return }
        for row in 0..<rows.count { unsafe kernels_axpy(columns.count, 1, bias, c + row * strideC) }
        return
      }
    #endif
    if isOfFewRows {
      unsafe kernels_sgemm_few_rows(
        transposeB, rows.count, columns.count, inner, alpha, a, strideA, b, strideB, beta, bias, c, strideC)
    } else {
      unsafe kernels_sgemm(
        transposeA, transposeB, rows.count, columns.count, inner, alpha, a, strideA, b, strideB, beta, bias, c,
        strideC)
    }
  }

  /// What shares of rows are whole multiples of: the rows that a tile has in registers. Nothing but the speed depends on it.
  static let tileRows = 6
  /// What shares of columns are whole multiples of: the floats of the widest vector, and of a line of the cache. Nothing but the speed
  /// depends on it.
  static let lanes = 16

  // How many rows pass at once where each gets the bits of a product of its own, and how many columns they pass.
  #if canImport(Accelerate)
    private static let (rowsAtOnce, blockColumns) = (1, Int.max / 2)
  #else
    private static let (rowsAtOnce, blockColumns) = (Int(KERNELS_FEW_ROWS), 64)
  #endif

  /// Into how many parts the members cut the rows of C, a divisor of their number; the columns are cut into the rest.
  private func rowParts(_ rows: Int, _ columns: Int, members: Int) -> Int {
    var (best, lowestCost) = (1, Double.infinity)
    for parts in 1...members where members % parts == 0 {
      func largest(_ total: Int, _ parts: Int, multiple: Int) -> Double {
        Double(min(total, ((total + multiple - 1) / multiple + parts - 1) / parts * multiple))
      }
      let height = largest(rows, parts, multiple: Self.tileRows)
      let width = largest(columns, members / parts, multiple: Self.lanes)
      // In cycles for each of the sum's terms: 16 products at a time, and the copies of B and of a transposed A.
      let cost = unsafe height * width / 16 + width * (transposeB ? 2 : 1) + (transposeA ? height : 0)
      if cost < lowestCost { (best, lowestCost) = (parts, cost) }
    }
    return best
  }
}
