import Kernels
import RNNFormat
import RNNModel

/// Runs two models on the same random input, to see whether one computes what the other does.
///
/// One layer's parameters are in memory at a time.
public struct OutputCheck: Sendable {
  /// The sequences that are fed, each from the initial state.
  public static let sequenceCount = 4
  /// The steps of each, unless a window has fewer.
  public static let longestSequence = 32
  /// The largest difference, in nats or in the outputs' own unit, that rounding explains in float32.
  public static let tolerance = 1e-4

  private let sequences: [Reference<Float>.Inputs]

  /// Draws the input for models that take what this one takes: always the same.
  public init(for architecture: Architecture) {
    var generator = RandomGenerator(seed: 0x72_6E_6E)
    let steps = min(architecture.windowLength ?? Self.longestSequence, Self.longestSequence)
    sequences = (0..<Self.sequenceCount).map { _ in
      switch architecture.input {
      case .tokens: .tokens((0..<steps).map { _ in Int32.random(in: 0..<Int32(architecture.size), using: &generator) })
      case .features:
        .features(
          (0..<steps).map { _ in (0..<architecture.size).map { _ in Float(generator.uniform(in: -1..<1)) } })
      }
    }
  }

  /// The number of steps of each sequence.
  public var steps: Int { sequences.first?.count ?? 0 }

  /// What a model gives for the input: log-probabilities in nats, or values.
  ///
  /// - Throws: what reading the tensors throws.
  public func outputs<Source: TensorSource & ~Copyable>(
    of architecture: Architecture, _ source: borrowing Source
  ) throws -> [Float] {
    let byPath = Dictionary(uniqueKeysWithValues: source.tensors.map { ($0.path, $0) })
    if architecture.ngram != nil {
      // Places in a table are too large for float32.
      let tokens: [Reference<Double>.Inputs] = sequences.map { sequence in
        if case .tokens(let tokens) = sequence { return .tokens(tokens) }
        return .tokens([])
      }
      func append(_ entry: ParameterTable.Entry, to values: inout [Double]) throws {
        guard let tensor = byPath[entry.path] else { return }
        try source.forEachBlock(of: tensor) { LittleEndian.append($0, type: tensor.type, to: &values) }
      }
      return try LayerByLayer.logits(of: architecture, tokens, append: append, run: LayerByLayer.reference)
        .joined().flatMap { $0.map { Float($0) } }
    }
    func append(_ entry: ParameterTable.Entry, to values: inout [Float]) throws {
      guard let tensor = byPath[entry.path] else { return }
      try source.forEachBlock(of: tensor) { LittleEndian.append($0, type: tensor.type, to: &values) }
    }
    return try LayerByLayer.logits(of: architecture, sequences, append: append, run: LayerByLayer.network)
      .joined().flatMap { architecture.output.logProbabilities($0) }
  }

  /// The largest difference between two models' outputs; infinite where one has a number and the other none.
  public static func largestDifference(_ first: [Float], _ second: [Float]) -> Double {
    guard first.count == second.count else { return .infinity }
    return zip(first, second).reduce(0) { largest, pair in
      if pair.0 == pair.1 { return largest }
      let difference = Double(abs(pair.0 - pair.1))
      return difference.isNaN ? .infinity : max(largest, difference)
    }
  }
}
