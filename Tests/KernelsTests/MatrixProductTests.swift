import Kernels
import Testing

/// Rows, columns and inner size of a product.
private let shapes: [[Int]] = [
  [1, 1, 1], [1, 17, 3], [1, 100, 64], [2, 65, 100], [3, 3, 300], [5, 64, 17], [6, 128, 31], [7, 9, 11],
  [17, 100, 257], [25, 70, 513], [64, 64, 64], [100, 17, 1], [13, 4, 800], [250, 9, 40], [3, 2100, 20], [40, 200, 30],
]

@Suite struct MatrixProductTests {
  @Test(arguments: KernelLevel.supported, shapes)
  func agreesWithTheNaiveSumForEveryTransposition(level: KernelLevel, shape: [Int]) {
    for transposeA in [false, true] {
      for transposeB in [false, true] {
        for (alpha, beta) in [(Float(1), Float(0)), (0.5, 1), (-1, 0.25)] {
          for padding in [0, 5] {
            check(
              level, shape, transposeA: transposeA, transposeB: transposeB, alpha: alpha, beta: beta, padding: padding)
          }
        }
      }
    }
  }

  @Test(arguments: KernelLevel.supported)
  func doesNotReadTheResultWhenBetaIsZero(level: KernelLevel) {
    for rows in [1, 8] {
      var c = [Float](repeating: .nan, count: rows * 3)
      let ones = [Float](repeating: 1, count: 100)
      var span = c.mutableSpan
      multiply(level, ones, false, ones, false, &span, rows, 3, 4)
      #expect(c.allSatisfy { $0 == 4 })
    }
  }

  @Test(arguments: KernelLevel.supported, shapes + [[1, 5, 0], [9, 3, 0]])
  func addsABiasToEachRow(level: KernelLevel, shape: [Int]) {
    let (m, n, k) = (shape[0], shape[1], shape[2])
    let (a, b, bias) = (floats(m * k, seed: 2), floats(k * n, seed: 3), floats(n, seed: 4))
    for transposeB in [false, true] {
      for beta in [Float(0), 1] {
        func product(bias: [Float]?) -> [Float] {
          var c = [Float](repeating: 1, count: m * n)
          var span = c.mutableSpan
          level.run {
            if let bias {
              MatrixProduct.multiply(
                a.span, b.span, transposeB: transposeB, into: &span, rows: m, columns: n, inner: k, beta: beta,
                bias: bias.span)
            } else {
              MatrixProduct.multiply(
                a.span, b.span, transposeB: transposeB, into: &span, rows: m, columns: n, inner: k, beta: beta)
            }
          }
          return c
        }
        let expected = product(bias: nil).enumerated().map { Double($1) + Double(bias[$0 % n]) }
        #expect(largestError(product(bias: bias), expected) < max(1e-6, 6e-8 * Double(k)))
      }
    }
  }

  @Test(arguments: KernelLevel.supported)
  func handlesEmptySizes(level: KernelLevel) {
    var c: [Float] = [1, 2, 3, 4]
    var span = c.mutableSpan
    multiply(level, [], false, [1, 1, 1, 1], false, &span, 0, 2, 2, beta: 0.5)
    multiply(level, [1, 1], false, [], false, &span, 2, 0, 1, beta: 0.5)
    multiply(level, [], false, [], false, &span, 2, 2, 0, beta: 0.5)
    #expect(c == [0.5, 1, 1.5, 2])
    var nan = [Float](repeating: .nan, count: 4)
    var nanSpan = nan.mutableSpan
    multiply(level, [], false, [], false, &nanSpan, 2, 2, 0)
    #expect(nan == [0, 0, 0, 0])
  }

  @Test(arguments: KernelLevel.supported)
  func givesTheSameBitsEveryTime(level: KernelLevel) {
    let a = floats(20 * 65, seed: 2)
    let b = floats(65 * 130, seed: 3)
    func product() -> [Float] {
      var c = [Float](repeating: 0, count: 20 * 130)
      var span = c.mutableSpan
      multiply(level, a, false, b, true, &span, 20, 130, 65)
      return c
    }
    let first = product()
    for _ in 0..<5 { #expect(product() == first) }
  }

  /// In a process of its own, where no other test has the team.
  /// Row by row, a row has the bits of a product of its own, at any level and with any number of threads.
  @Test(arguments: KernelLevel.supported)
  func givesARowTheSameBitsAloneAndAmongOthers(level: KernelLevel) {
    for (m, n, k) in [(1, 5, 3), (2, 64, 17), (7, 65, 100), (33, 200, 300)] {
      let (a, b, bias) = (floats(m * k), floats(n * k, seed: 2), floats(n, seed: 3))
      func product(_ rows: Range<Int>, threads: Int) -> [Float] {
        var c = [Float](repeating: .nan, count: rows.count * n)
        atThreadCount(threads) {
          level.run {
            var span = c.mutableSpan
            MatrixProduct.multiply(
              a.span.extracting((rows.lowerBound * k)..<(rows.upperBound * k)), b.span, transposeB: true, into: &span,
              rows: rows.count, columns: n, inner: k, bias: bias.span, rowByRow: true)
          }
        }
        return c
      }
      let alone = (0..<m).flatMap { product($0..<($0 + 1), threads: 1) }
      for threads in [1, 2, 3] { #expect(product(0..<m, threads: threads) == alone, "\(m), \(n), \(k)") }
    }
  }

  @Test func givesTheSameBitsWithAnyNumberOfThreads() async {
    await #expect(processExitsWith: .success) {
      for shape in [
        [90, 70, 65], [1, 3000, 50], [2, 70, 1000], [5, 3000, 50], [7, 400, 90], [400, 33, 40], [33, 17, 513],
      ] {
        for transposed in [(false, false), (false, true), (true, false), (true, true)] {
          func product(threads: Int) -> [Float] {
            ThreadTeam.threadCount = threads
            let (m, n, k) = (shape[0], shape[1], shape[2])
            let (a, b) = (floats(m * k, seed: 2), floats(k * n, seed: 3))
            var c = floats(m * n, seed: 4)
            var span = c.mutableSpan
            MatrixProduct.multiply(
              a.span, transposeA: transposed.0, b.span, transposeB: transposed.1, into: &span, rows: m, columns: n,
              inner: k, beta: 1)
            return c
          }
          let alone = product(threads: 1)
          for threads in [2, 3, 4, 7] { precondition(product(threads: threads) == alone) }
        }
      }
    }
  }

  @Test func refusesSpansThatAreTooShort() async {
    await #expect(processExitsWith: .failure) {
      var c = [Float](repeating: 0, count: 4)
      var span = c.mutableSpan
      MatrixProduct.multiply(
        [1 as Float, 2, 3].span, [1 as Float, 2, 3, 4].span, into: &span, rows: 2, columns: 2, inner: 2)
    }
    await #expect(processExitsWith: .failure) {
      var c = [Float](repeating: 0, count: 4)
      var span = c.mutableSpan
      let four: [Float] = [1, 2, 3, 4]
      MatrixProduct.multiply(four.span, four.span, into: &span, rows: 2, columns: 2, inner: 2, offsetC: 1)
    }
  }

  private func check(
    _ level: KernelLevel, _ shape: [Int], transposeA: Bool, transposeB: Bool, alpha: Float, beta: Float, padding: Int
  ) {
    let (m, n, k) = (shape[0], shape[1], shape[2])
    let strideA = (transposeA ? m : k) + padding
    let strideB = (transposeB ? k : n) + padding
    let strideC = n + padding
    let a = floats((transposeA ? k : m) * strideA, in: -1..<1, seed: 2)
    let b = floats((transposeB ? n : k) * strideB, in: -1..<1, seed: 3)
    let before = floats(padding + m * strideC, in: -1..<1, seed: 4)
    var c = before
    var span = c.mutableSpan
    multiply(
      level, a, transposeA, b, transposeB, &span, m, n, k, alpha: alpha, beta: beta, strideA: strideA,
      strideB: strideB, strideC: strideC, offsetC: padding)
    var expected = before.map(Double.init)
    for i in 0..<m {
      for j in 0..<n {
        var sum = 0.0
        for p in 0..<k {
          sum +=
            Double(a[transposeA ? p * strideA + i : i * strideA + p])
            * Double(b[transposeB ? j * strideB + p : p * strideB + j])
        }
        let place = padding + i * strideC + j
        expected[place] = Double(alpha) * sum + Double(beta) * expected[place]
      }
    }
    // Rounding errors grow with the length of the sums, whatever their order.
    #expect(
      largestError(c, expected) < max(1e-6, 6e-8 * Double(k)),
      "transposed \(transposeA) \(transposeB), alpha \(alpha), beta \(beta), padding \(padding)")
    // What lies between the rows is not touched.
    #expect(c.indices.allSatisfy { $0 >= padding && ($0 - padding) % strideC < n || c[$0] == before[$0] })
  }

  private func multiply(
    _ level: KernelLevel, _ a: [Float], _ transposeA: Bool, _ b: [Float], _ transposeB: Bool,
    _ c: inout MutableSpan<Float>, _ m: Int, _ n: Int, _ k: Int, alpha: Float = 1, beta: Float = 0,
    strideA: Int? = nil, strideB: Int? = nil, strideC: Int? = nil, offsetC: Int = 0
  ) {
    level.run {
      MatrixProduct.multiply(
        a.span, transposeA: transposeA, b.span, transposeB: transposeB, into: &c, rows: m, columns: n, inner: k,
        alpha: alpha, beta: beta, strideA: strideA, strideB: strideB, strideC: strideC, offsetC: offsetC)
    }
  }
}
