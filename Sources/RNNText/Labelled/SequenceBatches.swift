import Kernels

/// Whole sequences that a network reads side by side, those of one length together: each position is such a batch.
///
/// So no sequence is filled up, which layers that read backward would see; where there are not enough of a length, rows without a target
/// stand in. The order is drawn once, so that lengths are mixed.
public struct SequenceBatches: WindowSource {
  private let sequences: EncodedSequences
  /// The sequences of each position, at most ``batch``, equally long.
  public let batches: [[Int]]
  /// The number of sequences side by side, B.
  public let batch: Int
  /// The number of batches.
  public var length: Int { batches.count }
  /// The steps of the longest sequence.
  public let longestSequence: Int
  /// Each position is a sequence from its first step to its last.
  public var holdsSequences: Bool { true }

  /// Puts sequences of one length together.
  ///
  /// - Parameters:
  ///   - sequences: at least one.
  ///   - batch: how many are read side by side.
  ///   - seed: decides about the order; nil for that of the lengths.
  /// - Precondition: there is a sequence, and none is empty.
  public init(_ sequences: EncodedSequences, batch: Int, seed: UInt64?) {
    precondition(!sequences.inputs.isEmpty && batch > 0, "no sequences")
    self.sequences = sequences
    self.batch = batch
    longestSequence = sequences.inputs.reduce(1) { max($0, $1.count) }
    var generator = RandomGenerator(seed: seed ?? 0)
    let isShuffled = seed != nil
    var batches: [[Int]] = []
    let byLength = Dictionary(grouping: sequences.inputs.indices) { sequences.inputs[$0].count }
    for length in byLength.keys.sorted() {
      var indices = byLength[length] ?? []
      if isShuffled { indices.shuffle(using: &generator) }
      for start in stride(from: 0, to: indices.count, by: batch) {
        batches.append(Array(indices[start..<min(start + batch, indices.count)]))
      }
    }
    if isShuffled { batches.shuffle(using: &generator) }
    self.batches = batches
  }

  /// The steps of the longest batch.
  public func longestSteps(positions: Int) -> Int { longestSequence }

  /// Fills the inputs of one batch `[steps, batch]`, and its targets of the same shape, or `[batch]` where a sequence has one.
  public func fill(position: Int, steps: Int, inputs: inout [Int32], targets: inout [Int32]) {
    let indices = batches[position]
    let first = indices.first ?? 0
    func fill(_ rows: inout [Int32], _ values: [[Int32]], missing: Int32) {
      let count = values[first].count
      rows.removeAll(keepingCapacity: true)
      rows.append(contentsOf: repeatElement(missing, count: count * batch))
      for (column, index) in indices.enumerated() {
        for step in 0..<count { rows[step * batch + column] = values[index][step] }
      }
    }
    fill(&inputs, sequences.inputs, missing: 0)
    fill(&targets, sequences.targets, missing: -1)
  }
}
