import Foundation
import RNNFormat
import Testing

@testable import RNNInspection

/// Neighbours and planes against vectors whose answer is known.
struct TokenVectorsTests {
  private func vectors(_ rows: [[Float]], _ tokens: [Int32]? = nil) -> TokenVectors {
    let bytes = rows.joined().flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
    return TokenVectors(
      tokens ?? (0..<Int32(rows.count)).map { $0 }, of: bytes, type: .float32, width: rows.first?.count ?? 1)
  }

  @Test func theNearestPointInTheSameDirection() {
    // Lengths do not count: token 2 points where token 0 does.
    let found = vectors([[1, 0], [0.8, 0.6], [5, 0], [-1, 0]]).neighbours(of: 0, count: 3)
    #expect(found.map(\.token) == [2, 1, 3])
    #expect(abs(found[0].cosine - 1) < 1e-7 && abs(found[1].cosine - 0.8) < 1e-7 && abs(found[2].cosine + 1) < 1e-7)
  }

  @Test func someTokensOfAMatrixKeepTheirIDs() {
    let some = vectors([[1, 0], [0, 1], [1, 0.1], [9, 9]], [2, 0, 77, -1])
    #expect(some.tokens == [2, 0])
    #expect(some.neighbours(of: 0, count: 9).map(\.token) == [0])
  }

  @Test func whatHasNoDirectionHasNoNeighbours() {
    let some = vectors([[0, 0], [1, 0], [.nan, 1]])
    #expect(some.neighbours(of: 0, count: 3).isEmpty)
    #expect(some.neighbours(of: 1, count: 3).isEmpty && some.plane() == nil)
  }

  @Test func thePlaneHoldsTheLargestVariance() throws {
    // On the axes of a rotated cross in three dimensions: variances 18 and 2 of 20.
    let (u, v): ([Float], [Float]) = ([0.6, 0.8, 0], [-0.8, 0.6, 0])
    let rows = [(3, u), (-3, u), (1, v), (-1, v)].map { length, axis in axis.map { $0 * Float(length) + 7 } }
    let plane = try #require(vectors(rows).plane())
    #expect(abs(plane.shares.x - 0.9) < 1e-6 && abs(plane.shares.y - 0.1) < 1e-6)
    #expect(abs(abs(plane.points[0].x) - 3) < 1e-5 && abs(plane.points[0].y) < 1e-5)
    #expect(abs(abs(plane.points[2].y) - 1) < 1e-5 && abs(plane.points[2].x) < 1e-5)
    #expect(abs(plane.points[0].x + plane.points[1].x) < 1e-5)
  }

  @Test func fewOrEqualVectorsHaveNoPlane() {
    #expect(vectors([[1, 2], [3, 4]]).plane() == nil)
    #expect(vectors([[1], [2], [3]]).plane() == nil)
    #expect(vectors([[1, 1], [1, 1], [1, 1]]).plane() == nil)
  }
}
