import RNNModel

// With the parameters of one layer in memory at a time.
extension Proof {
  /// Computes the proof of a model with the reference implementation, in float64.
  ///
  /// - Parameters:
  ///   - architecture: one that can run.
  ///   - tensors: its parameters.
  /// - Throws: what reading the parameters throws.
  public init<Source: TensorSource & ~Copyable>(architecture: Architecture, tensors: borrowing Source) throws {
    self.init(questions: architecture)
    logProbabilities = try Self.compute(architecture, tensors, inputs: inputs, tokens: tokens)
  }

  /// The largest absolute difference between the proof's numbers and those that the reference implementation gets, in nats.
  ///
  /// Infinite if a number is NaN or infinite on one side only.
  ///
  /// - Throws: what reading the parameters throws.
  /// - Precondition: the proof fits the architecture.
  public func largestDifference<Source: TensorSource & ~Copyable>(
    architecture: Architecture, tensors: borrowing Source
  ) throws -> Double {
    largestDifference(
      from: try Self.compute(architecture, tensors, inputs: inputs, tokens: tokens), output: architecture.output)
  }

  private static func compute<Source: TensorSource & ~Copyable>(
    _ architecture: Architecture, _ source: borrowing Source, inputs: Inputs, tokens: [UInt32]
  ) throws -> [Double] {
    // A layer takes a stream in one piece; it is nothing else to it.
    let pieces = architecture.context == .stream ? [0..<inputs.count] : architecture.proofPieces(inputs.count)
    let sequences = pieces.map { inputs.reference($0, padding: architecture.padding) }
    let byPath = Dictionary(uniqueKeysWithValues: source.tensors.map { ($0.path, $0) })
    func append(_ entry: ParameterTable.Entry, to values: inout [Double]) throws {
      guard let tensor = byPath[entry.path] else { return }
      try source.forEachBlock(of: tensor) { LittleEndian.append($0, type: tensor.type, to: &values) }
    }
    let logits = try LayerByLayer.logits(of: architecture, sequences, append: append, run: LayerByLayer.reference)
    return logits.joined().flatMap { row in
      let logProbabilities = architecture.output.logProbabilities(row)
      return tokens.map { logProbabilities[Int($0)] }
    }
  }
}
