import CKernels

/// Plain operations on vectors and on rows of row-major matrices, shared by the ``ThreadTeam`` where they are large.
///
/// Reductions have a fixed order, whatever the number of threads, and accumulate in double precision: the same inputs
/// give the same bits.
public enum VectorOperations {
  /// `values[i] *= factor`.
  public static func scale(_ values: inout MutableSpan<Float>, by factor: Float) {
    let count = values.count
    // Safe: the shares are ranges of the buffer's own elements.
    unsafe values.withUnsafeMutableBufferPointer { values in
      nonisolated(unsafe) let values = unsafe values
      ThreadTeam.forEachShare(of: count) { range in
        unsafe kernels_scale(range.count, factor, values.slot(1, range.lowerBound))
      }
    }
  }

  /// `values[i] += factor * addend[i]`.
  public static func add(_ addend: Span<Float>, times factor: Float = 1, to values: inout MutableSpan<Float>) {
    let count = values.count
    requireCount(addend.count, count, "addend")
    // Safe: both buffers hold the same number of elements, checked above, and the shares are ranges of them.
    unsafe values.withUnsafeMutableBufferPointer { values in
      unsafe addend.withUnsafeBufferPointer { addend in
        nonisolated(unsafe) let (values, addend) = unsafe (values, addend)
        ThreadTeam.forEachShare(of: count) { range in
          unsafe kernels_axpy(
            range.count, factor, addend.slot(1, range.lowerBound), values.slot(1, range.lowerBound))
        }
      }
    }
  }

  /// The element-wise (Hadamard) product: `values[i] *= factors[i]`.
  public static func multiply(_ values: inout MutableSpan<Float>, by factors: Span<Float>) {
    let count = values.count
    requireCount(factors.count, count, "factors")
    // Safe: both buffers hold the same number of elements, checked above, and the shares are ranges of them.
    unsafe values.withUnsafeMutableBufferPointer { values in
      unsafe factors.withUnsafeBufferPointer { factors in
        nonisolated(unsafe) let (values, factors) = unsafe (values, factors)
        ThreadTeam.forEachShare(of: count) { range in
          unsafe kernels_multiply(range.count, factors.slot(1, range.lowerBound), values.slot(1, range.lowerBound))
        }
      }
    }
  }

  /// The sum of the squares, in double precision.
  public static func sumOfSquares(_ values: Span<Float>) -> Double {
    let count = values.count
    let blocks = (count + squaresBlock - 1) / squaresBlock
    return unsafe values.withUnsafeBufferPointer { values in
      guard blocks > 1 else { return unsafe kernels_sum_of_squares(count, values.baseAddress) }
      nonisolated(unsafe) let values = unsafe values
      return unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: blocks) { sums in
        nonisolated(unsafe) let sums = unsafe sums
        // Safe: each block is a range of the buffer's elements, and each member writes the sums of its own blocks.
        ThreadTeam.run { member in
          for block in member.range(of: blocks) {
            let start = block * squaresBlock
            unsafe sums.initializeElement(
              at: block, to: kernels_sum_of_squares(min(squaresBlock, count - start), values.slot(1, start)))
          }
        }
        // The sum of blocks that are the same for any number of threads.
        return unsafe sums.reduce(0, +)
      }
    }
  }

  private static var squaresBlock: Int { 1 << 15 }

  /// Adds `bias`, `[columns]`, to each of the rows of `matrix`, `[rows, columns]`.
  public static func addToRows(_ bias: Span<Float>, of matrix: inout MutableSpan<Float>, rows: Int) {
    let columns = bias.count
    requireSizes(rows, names: "rows")
    requireCount(matrix.count, rows * columns, "matrix [rows, bias.count]")
    // Safe: the matrix holds rows * columns elements, checked above, and the shares are ranges of its rows.
    unsafe matrix.withUnsafeMutableBufferPointer { matrix in
      unsafe bias.withUnsafeBufferPointer { bias in
        nonisolated(unsafe) let (matrix, bias) = unsafe (matrix, bias)
        ThreadTeam.forEachShare(of: rows, multiple: 1, minimum: minimumRows(columns)) { range in
          unsafe kernels_add_to_rows(
            range.count, columns, bias.baseAddress, matrix.slot(columns, range.lowerBound))
        }
      }
    }
  }

  /// Adds the sum of the rows of `matrix`, `[rows, columns]`, to `sums`, `[columns]`.
  public static func addRows(of matrix: Span<Float>, rows: Int, to sums: inout MutableSpan<Float>) {
    let columns = sums.count
    requireSizes(rows, names: "rows")
    requireCount(matrix.count, rows * columns, "matrix [rows, sums.count]")
    // Safe: the matrix holds rows * columns elements, checked above, and the shares are ranges of its columns.
    unsafe matrix.withUnsafeBufferPointer { matrix in
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        nonisolated(unsafe) let (matrix, sums) = unsafe (matrix, sums)
        ThreadTeam.forEachShare(of: columns, minimum: minimumRows(rows)) { range in
          unsafe kernels_add_rows(
            rows, range.count, matrix.slot(1, range.lowerBound), columns, sums.slot(1, range.lowerBound))
        }
      }
    }
  }

  /// Copies the rows of `table`, `[tableRows, columns]`, named by `ids`: `rows[i] = table[ids[i]]`.
  ///
  /// - Parameters:
  ///   - table: `[tableRows, columns]`.
  ///   - ids: `[n]`, each in `0..<tableRows`.
  ///   - rows: `[n, columns]`.
  ///   - columns: the length of a row.
  public static func gatherRows(
    of table: Span<Float>, ids: Span<Int32>, into rows: inout MutableSpan<Float>, columns: Int
  ) {
    requireIDs(ids, columns: columns, tableCount: table.count)
    requireCount(rows.count, ids.count * columns, "rows [ids.count, columns]")
    let count = ids.count
    // Safe: the sizes were checked, every id names a whole row of the table, and the shares are ranges of the ids.
    unsafe table.withUnsafeBufferPointer { table in
      unsafe ids.withUnsafeBufferPointer { ids in
        unsafe rows.withUnsafeMutableBufferPointer { rows in
          nonisolated(unsafe) let (table, ids, rows) = unsafe (table, ids, rows)
          ThreadTeam.forEachShare(of: count, multiple: 1, minimum: minimumRows(columns)) { range in
            unsafe kernels_gather_rows(
              range.count, columns, table.baseAddress, ids.slot(1, range.lowerBound),
              rows.slot(columns, range.lowerBound))
          }
        }
      }
    }
  }

  /// Adds each of `rows` to the row of `table` named by its id, in order: `table[ids[i]] += rows[i]`.
  ///
  /// - Parameters:
  ///   - rows: `[n, columns]`.
  ///   - table: `[tableRows, columns]`.
  ///   - ids: `[n]`, each in `0..<tableRows`; an id may occur more than once.
  ///   - columns: the length of a row.
  public static func scatterAddRows(
    _ rows: Span<Float>, to table: inout MutableSpan<Float>, ids: Span<Int32>, columns: Int
  ) {
    requireIDs(ids, columns: columns, tableCount: table.count)
    requireCount(rows.count, ids.count * columns, "rows [ids.count, columns]")
    // Safe: the sizes were checked, every id names a whole row of the table, and the shares are ranges of the columns,
    // since an id may come twice.
    unsafe table.withUnsafeMutableBufferPointer { table in
      unsafe ids.withUnsafeBufferPointer { ids in
        unsafe rows.withUnsafeBufferPointer { rows in
          nonisolated(unsafe) let (table, ids, rows) = unsafe (table, ids, rows)
          ThreadTeam.forEachShare(of: columns, minimum: minimumRows(ids.count)) { range in
            unsafe kernels_scatter_add_rows(
              ids.count, range.count, columns, rows.slot(1, range.lowerBound), ids.baseAddress,
              table.slot(1, range.lowerBound))
          }
        }
      }
    }
  }

  /// Transposes `source`, `[rows, columns]`, into `destination`, `[columns, rows]`.
  public static func transpose(
    _ source: Span<Float>, rows: Int, columns: Int, into destination: inout MutableSpan<Float>
  ) {
    requireSizes(rows, columns, names: "rows, columns")
    requireCount(source.count, rows * columns, "source [rows, columns]")
    requireCount(destination.count, rows * columns, "destination [columns, rows]")
    // Safe: both buffers hold rows * columns elements, checked above, and the shares are ranges of the source's rows.
    unsafe source.withUnsafeBufferPointer { source in
      unsafe destination.withUnsafeMutableBufferPointer { destination in
        nonisolated(unsafe) let (source, destination) = unsafe (source, destination)
        ThreadTeam.forEachShare(of: rows, minimum: minimumRows(columns)) { range in
          unsafe kernels_transpose(
            range.count, columns, source.slot(columns, range.lowerBound), destination.slot(1, range.lowerBound), rows)
        }
      }
    }
  }

  /// Fewer rows of so many elements are not worth sharing.
  private static func minimumRows(_ elements: Int) -> Int { max(2, 16384 / max(1, elements)) }

  private static func requireIDs(_ ids: Span<Int32>, columns: Int, tableCount: Int) {
    precondition(columns >= 0, "columns must not be negative: \(columns)")
    if columns == 0 { return }
    let tableRows = tableCount / columns
    precondition(tableRows * columns == tableCount, "table has \(tableCount) elements, not whole rows of \(columns)")
    for i in ids.indices {
      precondition(
        ids[i] >= 0 && Int(ids[i]) < tableRows, "id \(ids[i]) at \(i) is not in a table of \(tableRows) rows")
    }
  }
}
