import Kernels
import Testing

@Suite struct VectorOperationsTests {
  @Test(arguments: KernelLevel.supported, [0] + sizes)
  func elementwiseOperationsAgreeWithTheirFormulas(level: KernelLevel, size: Int) {
    let x = floats(size, seed: 2)
    let before = floats(size, seed: 3)
    var scaled = before
    var added = before
    var multiplied = before
    var copied = before
    level.run {
      var scaledSpan = scaled.mutableSpan
      VectorOperations.scale(&scaledSpan, by: -1.5)
      var addedSpan = added.mutableSpan
      VectorOperations.add(x.span, times: 0.3, to: &addedSpan)
      var multipliedSpan = multiplied.mutableSpan
      VectorOperations.multiply(&multipliedSpan, by: x.span)
      var copiedSpan = copied.mutableSpan
      VectorOperations.copy(x.span, to: &copiedSpan)
    }
    #expect(scaled == before.map { $0 * -1.5 })
    #expect(largestError(added, zip(before, x).map { Double($0) + 0.3 * Double($1) }) < 3e-7)
    #expect(multiplied == zip(before, x).map { $0 * $1 })
    #expect(copied == x)
  }

  @Test(arguments: KernelLevel.supported, [0] + sizes + [10_000])
  func sumOfSquaresIsExactToDoublePrecision(level: KernelLevel, size: Int) {
    let x = floats(size)
    let expected = x.reduce(0.0) { $0 + Double($1) * Double($1) }
    let sum = level.run { VectorOperations.sumOfSquares(x.span) }
    #expect(abs(sum - expected) <= 1e-13 * expected)
  }

  @Test(arguments: KernelLevel.supported, sizes + [513, 1100])
  func rowOperationsAgreeWithTheirFormulas(level: KernelLevel, columns: Int) {
    let rows = 7
    let matrix = floats(rows * columns, seed: 2)
    let vector = floats(columns, seed: 3)
    var biased = matrix
    var sums = vector
    level.run {
      var biasedSpan = biased.mutableSpan
      VectorOperations.addToRows(vector.span, of: &biasedSpan, rows: rows)
      var sumSpan = sums.mutableSpan
      VectorOperations.addRows(of: matrix.span, rows: rows, to: &sumSpan)
    }
    #expect(biased == matrix.indices.map { matrix[$0] + vector[$0 % columns] })
    let expected = (0..<columns).map { column in
      (0..<rows).reduce(Double(vector[column])) { $0 + Double(matrix[$1 * columns + column]) }
    }
    #expect(largestError(sums, expected) < 1e-7)
  }

  @Test(arguments: KernelLevel.supported)
  func sumsAMillionRowsWithoutDrift(level: KernelLevel) {
    let rows = 1_000_000
    let matrix = [Float](repeating: 0.1, count: rows)
    var sums: [Float] = [0]
    level.run {
      var span = sums.mutableSpan
      VectorOperations.addRows(of: matrix.span, rows: rows, to: &span)
    }
    #expect(sums == [Float(Double(Float(0.1)) * Double(rows))])
  }

  @Test(arguments: KernelLevel.supported, sizes)
  func gathersAndScattersRows(level: KernelLevel, columns: Int) {
    let table = floats(5 * columns, seed: 2)
    let ids: [Int32] = [4, 0, 4, 2]
    var rows = [Float](repeating: 0, count: ids.count * columns)
    var sums = table
    level.run {
      var rowSpan = rows.mutableSpan
      VectorOperations.gatherRows(of: table.span, ids: ids.span, into: &rowSpan, columns: columns)
      var sumSpan = sums.mutableSpan
      VectorOperations.scatterAddRows(rows.span, to: &sumSpan, ids: ids.span, columns: columns)
    }
    #expect(rows == ids.flatMap { table[Int($0) * columns..<(Int($0) + 1) * columns] })
    let counts: [Float] = [1, 0, 1, 0, 2]
    #expect(
      sums
        == table.indices.map { i in
          (0..<Int(counts[i / columns])).reduce(table[i]) { sum, _ in sum + table[i] }
        })
  }

  @Test(arguments: KernelLevel.supported, sizes)
  func transposes(level: KernelLevel, rows: Int) {
    for columns in sizes {
      let source = floats(rows * columns)
      var destination = [Float](repeating: 0, count: rows * columns)
      level.run {
        var span = destination.mutableSpan
        VectorOperations.transpose(source.span, rows: rows, columns: columns, into: &span)
      }
      #expect(destination == (0..<rows * columns).map { source[$0 % rows * columns + $0 / rows] })
    }
  }

  /// Sizes that are shared by threads, in a process of its own, where no other test has the team.
  @Test func givesTheSameBitsWithAnyNumberOfThreads() async {
    await #expect(processExitsWith: .success) {
      func all(threads: Int) -> [[Float]] {
        ThreadTeam.threadCount = threads
        let (rows, columns) = (300, 333)
        let (x, y) = (floats(rows * columns, seed: 2), floats(rows * columns, seed: 3))
        let ids = (0..<rows).map { Int32($0 * 7 % 50) }
        let row = floats(columns, seed: 4)
        func changed(_ values: [Float], _ body: (inout MutableSpan<Float>) -> Void) -> [Float] {
          var values = values
          var span = values.mutableSpan
          body(&span)
          return values
        }
        return [
          changed(x) { VectorOperations.scale(&$0, by: 0.3) },
          changed(x) { VectorOperations.add(y.span, times: 0.3, to: &$0) },
          changed(x) { VectorOperations.multiply(&$0, by: y.span) },
          changed(x) { VectorOperations.copy(y.span, to: &$0) }, changed(x) { VectorOperations.clear(&$0) },
          changed(x) { VectorOperations.addToRows(row.span, of: &$0, rows: rows) },
          changed(row) { VectorOperations.addRows(of: x.span, rows: rows, to: &$0) },
          changed(x) { VectorOperations.gatherRows(of: y.span, ids: ids.span, into: &$0, columns: columns) },
          changed(x) { VectorOperations.scatterAddRows(y.span, to: &$0, ids: ids.span, columns: columns) },
          changed(x) { VectorOperations.transpose(y.span, rows: rows, columns: columns, into: &$0) },
          [Float(VectorOperations.sumOfSquares(x.span))],
        ]
      }
      let alone = all(threads: 1)
      for threads in [2, 3, 5] { precondition(all(threads: threads) == alone) }
    }
  }

  @Test func refusesAnIDOutsideTheTable() async {
    await #expect(processExitsWith: .failure) {
      var rows: [Float] = [0, 0]
      var span = rows.mutableSpan
      VectorOperations.gatherRows(of: [1 as Float, 2, 3, 4].span, ids: [2 as Int32].span, into: &span, columns: 2)
    }
    await #expect(processExitsWith: .failure) {
      var table: [Float] = [0, 0]
      var span = table.mutableSpan
      VectorOperations.scatterAddRows([1 as Float, 2].span, to: &span, ids: [-1 as Int32].span, columns: 2)
    }
  }
}
