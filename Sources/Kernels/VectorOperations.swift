import CKernels

/// Plain operations on vectors and on rows of row-major matrices.
///
/// Reductions have a fixed order and accumulate in double precision: the same inputs give the same bits.
public enum VectorOperations {
  /// `values[i] *= factor`.
  public static func scale(_ values: inout MutableSpan<Float>, by factor: Float) {
    // Safe: the kernel touches exactly the buffer's own elements.
    unsafe values.withUnsafeMutableBufferPointer { values in
      unsafe kernels_scale(values.count, factor, values.baseAddress)
    }
  }

  /// `values[i] += factor * addend[i]`.
  public static func add(_ addend: Span<Float>, times factor: Float = 1, to values: inout MutableSpan<Float>) {
    requireCount(addend.count, values.count, "addend")
    // Safe: both buffers hold the same number of elements, checked above.
    unsafe values.withUnsafeMutableBufferPointer { values in
      unsafe addend.withUnsafeBufferPointer { addend in
        unsafe kernels_axpy(values.count, factor, addend.baseAddress, values.baseAddress)
      }
    }
  }

  /// The element-wise (Hadamard) product: `values[i] *= factors[i]`.
  public static func multiply(_ values: inout MutableSpan<Float>, by factors: Span<Float>) {
    requireCount(factors.count, values.count, "factors")
    // Safe: both buffers hold the same number of elements, checked above.
    unsafe values.withUnsafeMutableBufferPointer { values in
      unsafe factors.withUnsafeBufferPointer { factors in
        unsafe kernels_multiply(values.count, factors.baseAddress, values.baseAddress)
      }
    }
  }

  /// The sum of the squares, in double precision.
  public static func sumOfSquares(_ values: Span<Float>) -> Double {
    // Safe: the kernel reads exactly the buffer's own elements.
    unsafe values.withUnsafeBufferPointer { values in
      unsafe kernels_sum_of_squares(values.count, values.baseAddress)
    }
  }

  /// Adds `bias`, `[columns]`, to each of the rows of `matrix`, `[rows, columns]`.
  public static func addToRows(_ bias: Span<Float>, of matrix: inout MutableSpan<Float>, rows: Int) {
    requireSizes(rows, names: "rows")
    requireCount(matrix.count, rows * bias.count, "matrix [rows, bias.count]")
    // Safe: the matrix holds rows * bias.count elements, checked above.
    unsafe matrix.withUnsafeMutableBufferPointer { matrix in
      unsafe bias.withUnsafeBufferPointer { bias in
        unsafe kernels_add_to_rows(rows, bias.count, bias.baseAddress, matrix.baseAddress)
      }
    }
  }

  /// Adds the sum of the rows of `matrix`, `[rows, columns]`, to `sums`, `[columns]`.
  public static func addRows(of matrix: Span<Float>, rows: Int, to sums: inout MutableSpan<Float>) {
    requireSizes(rows, names: "rows")
    requireCount(matrix.count, rows * sums.count, "matrix [rows, sums.count]")
    // Safe: the matrix holds rows * sums.count elements, checked above.
    unsafe matrix.withUnsafeBufferPointer { matrix in
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        unsafe kernels_add_rows(rows, sums.count, matrix.baseAddress, sums.count, sums.baseAddress)
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
    // Safe: the sizes were checked, and every id names a whole row of the table.
    unsafe table.withUnsafeBufferPointer { table in
      unsafe ids.withUnsafeBufferPointer { ids in
        unsafe rows.withUnsafeMutableBufferPointer { rows in
          unsafe kernels_gather_rows(ids.count, columns, table.baseAddress, ids.baseAddress, rows.baseAddress)
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
    // Safe: the sizes were checked, and every id names a whole row of the table.
    unsafe table.withUnsafeMutableBufferPointer { table in
      unsafe ids.withUnsafeBufferPointer { ids in
        unsafe rows.withUnsafeBufferPointer { rows in
          unsafe kernels_scatter_add_rows(ids.count, columns, rows.baseAddress, ids.baseAddress, table.baseAddress)
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
    // Safe: both buffers hold rows * columns elements, checked above.
    unsafe source.withUnsafeBufferPointer { source in
      unsafe destination.withUnsafeMutableBufferPointer { destination in
        unsafe kernels_transpose(rows, columns, source.baseAddress, destination.baseAddress)
      }
    }
  }

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
