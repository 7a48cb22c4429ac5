import RNNFormat
import RNNModel

/// The vectors that stand for some tokens, and what lies near what.
public struct TokenVectors: Sendable {
  /// A token that lies near another one.
  public struct Neighbour: Hashable, Sendable {
    /// Its id.
    public let token: Int32
    /// The cosine of the angle between both vectors, from -1 to 1.
    public let cosine: Double
  }

  /// The ids.
  public let tokens: [Int32]
  /// `[tokens, width]`, row-major.
  private let values: [Double]
  /// The length of a vector.
  public let width: Int

  /// Takes the rows of some tokens.
  ///
  /// - Parameters:
  ///   - tokens: ids below the number of rows.
  ///   - matrix: `[vocabulary, width]`, row-major, little-endian.
  ///   - type: how the values are stored.
  ///   - width: the length of a row, at least 1.
  public init(_ tokens: [Int32], of matrix: [UInt8], type: TensorType, width: Int) {
    let size = width * type.size
    let rows = tokens.filter { $0 >= 0 && (Int($0) + 1) * size <= matrix.count }
    self.tokens = rows
    self.width = width
    values = rows.flatMap { token in
      LittleEndian.doubles(Array(matrix[(Int(token) * size)..<((Int(token) + 1) * size)]), type: type)
    }
  }

  private func row(_ index: Int) -> ArraySlice<Double> { values[(index * width)..<((index + 1) * width)] }

  /// The tokens whose vectors point most nearly in the direction of one of them.
  ///
  /// - Parameters:
  ///   - index: a place in ``tokens``.
  ///   - count: how many.
  /// - Returns: the nearest first, without the token itself; none for a vector of length 0 or with values that are not finite.
  public func neighbours(of index: Int, count: Int) -> [Neighbour] {
    let own = row(index)
    let length = Self.dot(own, own).squareRoot()
    guard length > 0, length.isFinite else { return [] }
    let all = tokens.indices.compactMap { other -> Neighbour? in
      let vector = row(other)
      let product = length * Self.dot(vector, vector).squareRoot()
      guard other != index, product > 0, product.isFinite else { return nil }
      return Neighbour(token: tokens[other], cosine: Self.dot(own, vector) / product)
    }
    return Array(all.sorted { ($1.cosine, $0.token) < ($0.cosine, $1.token) }.prefix(count))
  }

  /// Each vector in the plane in which all of them differ most: their first two principal components (Pearson 1901).
  ///
  /// - Returns: a point for each token, and the share of the variance along each axis; nil where a value is not finite, or where there are fewer than
  ///   three vectors or fewer than two dimensions.
  public func plane() -> (points: [(x: Double, y: Double)], shares: (x: Double, y: Double))? {
    guard tokens.count > 2, width > 1, values.allSatisfy({ $0.isFinite }) else { return nil }
    var mean = [Double](repeating: 0, count: width)
    for index in tokens.indices { for (k, value) in row(index).enumerated() { mean[k] += value } }
    let centred = values.enumerated().map { $0.element - mean[$0.offset % width] / Double(tokens.count) }
    let variance = Self.dot(centred[...], centred[...])
    guard variance > 0, variance.isFinite else { return nil }
    let first = component(of: centred, beside: [])
    let second = component(of: centred, beside: [first])
    let (x, y) = (projections(of: centred, on: first), projections(of: centred, on: second))
    return (
      zip(x, y).map { (x: $0, y: $1) },
      (Self.dot(x[...], x[...]) / variance, Self.dot(y[...], y[...]) / variance)
    )
  }

  /// The direction of the largest variance among those orthogonal to others, by power iteration; the same for the same vectors.
  private func component(of centred: [Double], beside others: [[Double]]) -> [Double] {
    var vector = (1...width).map { (Double($0) * 0.6180339887498949).truncatingRemainder(dividingBy: 1) - 0.45 }
    for _ in 0..<200 {
      let weights = projections(of: centred, on: vector)
      var next = [Double](repeating: 0, count: width)
      for (index, weight) in weights.enumerated() {
        for k in 0..<width { next[k] += weight * centred[index * width + k] }
      }
      for other in others {
        let part = Self.dot(next[...], other[...])
        for k in 0..<width { next[k] -= part * other[k] }
      }
      let length = Self.dot(next[...], next[...]).squareRoot()
      guard length > 0, length.isFinite else { return [Double](repeating: 0, count: width) }
      next = next.map { $0 / length }
      let change = 1 - abs(Self.dot(next[...], vector[...]))
      vector = next
      if change < 1e-12 { break }
    }
    return vector
  }

  private func projections(of centred: [Double], on vector: [Double]) -> [Double] {
    tokens.indices.map { Self.dot(centred[($0 * width)..<(($0 + 1) * width)], vector[...]) }
  }

  private static func dot(_ first: ArraySlice<Double>, _ second: ArraySlice<Double>) -> Double {
    var sum = 0.0
    for (a, b) in zip(first, second) { sum += a * b }
    return sum
  }
}
