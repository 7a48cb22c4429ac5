import Foundation
import RNNFormat
import RNNModel
import Testing

@testable import RNNInspection

/// Figures that were computed by hand, by closed formulas, or by NumPy.
struct StatisticsTests {
  @Test func whatIsNotFiniteIsCountedAndLeftOut() {
    let values: [Float] = [1, 2, 3, 4, 0, .nan, -.infinity]
    let figures = TensorStatistics(LittleEndian.bytes(values[...]), type: .float32)
    #expect(figures.count == 7 && figures.zeros == 1 && figures.nonFinite == 2)
    #expect(figures.mean == 2 && abs(figures.deviation - 2.0.squareRoot()) < 1e-15)
    #expect(figures.minimum == 0 && figures.maximum == 4 && abs(figures.zeroShare - 1.0 / 7) < 1e-15)
    #expect(figures.histogram.counts.reduce(0, +) == 5)
    #expect(figures.histogram.counts.first == 1 && figures.histogram.counts.last == 1)
  }

  @Test func aTensorWithoutFiniteValuesHasNoFigures() {
    for values in [[Float.nan, .infinity], []] {
      let figures = TensorStatistics(LittleEndian.bytes(values[...]), type: .float32)
      #expect(figures.count == values.count && figures.nonFinite == values.count)
      #expect(figures.mean.isNaN && figures.deviation.isNaN && figures.minimum.isNaN && figures.maximum.isNaN)
    }
  }

  /// Whole numbers in a row far from zero: their mean and variance, (n^2 - 1) / 12, are known, and a plain sum of squares would lose them.
  @Test func manyBlocksAreJoinedExactly() {
    let count = 100_000
    let values = (0..<count).map { 1e9 + Double($0) }
    let figures = TensorStatistics(LittleEndian.bytes(values), type: .float64)
    #expect(figures.mean == 1e9 + Double(count - 1) / 2)
    let variance = (Double(count) * Double(count) - 1) / 12
    #expect(abs(figures.deviation / variance.squareRoot() - 1) < 1e-12)
    #expect(figures.minimum == 1e9 && figures.maximum == 1e9 + 99_999)
    // 24 intervals over 100,000 numbers that are evenly spread.
    #expect(figures.histogram.counts.allSatisfy { (4166...4168).contains($0) })
    let part = TensorStatistics(LittleEndian.bytes(values), type: .float64, in: 10..<13)
    #expect(part.count == 3 && part.mean == 1e9 + 11)
  }

  @Test func everyTypeIsRead() throws {
    for type in TensorType.reals {
      let figures = TensorStatistics(try type.bytes(of: [-1.5, 0.25, 2]), type: type)
      #expect(figures.count == 3 && figures.mean == 0.25 && figures.minimum == -1.5 && figures.maximum == 2)
    }
  }

  @Test func aHistogramHasEvenIntervals() {
    var histogram = Histogram(from: -1, to: 1, bins: 4)
    for value in [-1, -0.75, -0.25, 0, 0.5, 0.99, 1, .nan, 5] { histogram.add(value) }
    #expect(histogram.edges == [-1, -0.5, 0, 0.5, 1])
    #expect(histogram.counts == [2, 1, 1, 4])
    var same = Histogram(from: 3, to: 3, bins: 5)
    same.add(3)
    #expect(same.counts == [0, 0, 1, 0, 0])
    let largest = Double.greatestFiniteMagnitude
    var wide = Histogram(from: -largest, to: largest, bins: 2)
    for value in [-largest, -largest / 2, largest / 2, largest] { wide.add(value) }
    #expect(wide.counts == [2, 2] && wide.edges == [-largest, 0, largest])
  }

  @Test func spectralNormsAreTheLargestSingularValues() throws {
    #expect(abs(try #require(SpectralNorm.of([3, 0, 4, 5], columns: 2)) - 45.0.squareRoot()) < 1e-9)
    #expect(abs(try #require(SpectralNorm.of([0.6, -0.8, 0.8, 0.6], columns: 2)) - 1) < 1e-12)
    // One row: its length. Numbers whose squares overflow do not matter.
    #expect(abs(try #require(SpectralNorm.of([3e200, 4e200], columns: 2)) / 5e200 - 1) < 1e-9)
    #expect(SpectralNorm.of([0, 0, 0, 0], columns: 2) == 0)
    #expect(SpectralNorm.of([1, .nan], columns: 2) == nil && SpectralNorm.of([], columns: 0) == nil)
    // numpy.linalg.norm(a, 2)
    let matrix = (0..<1200).map { index -> Double in
      let (i, j) = (Double(index / 30), Double(index % 30))
      return sin(i * i + 3 * j) * cos(i * j)
    }
    #expect(abs(try #require(SpectralNorm.of(matrix, columns: 30)) - 5.492766080665058) < 1e-6)
  }

  @Test func gatesAreLookedAtOneByOne() throws {
    let architecture = Architecture(
      size: 3,
      layers: [
        .oneHot(.init(name: "in", size: 3)), .gru(.init(name: "gru", inputs: 3, outputs: 2)),
        .linear(.init(name: "out", inputs: 2, outputs: 3)),
      ])
    let entry = try #require(ParameterTable(architecture)["gru", "recurrent_weights"])
    let values: [Float] = [3, 0, 0, 4] + [0, 0, 0, 0] + [1, 1, 1, 1]
    let figures = ParameterStatistics(entry, LittleEndian.bytes(values[...]), type: .float32)
    #expect(figures.gates.map(\.name) == ["update", "reset", "candidate"])
    #expect(figures.gates.map(\.statistics.mean) == [1.75, 0, 1])
    for (gate, norm) in zip(figures.gates, [4.0, 0, 2]) {
      #expect(abs(try #require(gate.spectralNorm) - norm) < 1e-6, "\(gate.name)")
    }
    #expect(figures.whole.count == 12 && figures.sha256 == Hash.sha256(LittleEndian.bytes(values[...])))
    let bias = try #require(ParameterTable(architecture)["gru", "bias"])
    #expect(ParameterStatistics(bias, LittleEndian.bytes(values[..<6]), type: .float32).gates[0].spectralNorm == nil)
  }
}
