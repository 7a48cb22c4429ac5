import RNNModel

/// Numbers that every correct reader gets from a model (`docs/FORMAT.md`, section 8).
public struct Proof: Hashable, Sendable {
  /// What is fed, step after step, from the initial state.
  public enum Inputs: Hashable, Sendable {
    /// Token ids.
    case tokens([UInt32])
    /// Vectors of numbers `[steps, width]`, row-major.
    case features([Double], width: Int)

    /// The number of steps.
    public var count: Int {
      switch self {
      case .tokens(let tokens): tokens.count
      case .features(let values, let width): width > 0 ? values.count / width : 0
      }
    }
  }

  /// What is fed; of a model that sees sequences, one sequence, and where each sequence has one output, the beginnings of one.
  public var inputs: Inputs
  /// The outputs whose log-probability is recorded, strictly rising; of a language model, tokens.
  public var tokens: [UInt32]
  /// ln p(tokens[j] | inputs[0...i]) `[inputs, tokens]`, row-major; where the outputs are independent bits, that of the bit being 1;
  /// where they are values, these.
  public var logProbabilities: [Double]
  /// What computed them.
  public var computedBy: String
  /// The largest difference, in nats, allowed to a reader that computes in float32.
  public var tolerance: Double
  /// The same for float64.
  public var toleranceFloat64: Double

  /// Takes the parts of a proof that was read.
  public init(
    inputs: Inputs, tokens: [UInt32], logProbabilities: [Double], computedBy: String, tolerance: Double,
    toleranceFloat64: Double
  ) {
    self.inputs = inputs
    self.tokens = tokens
    self.logProbabilities = logProbabilities
    self.computedBy = computedBy
    self.tolerance = tolerance
    self.toleranceFloat64 = toleranceFloat64
  }

  /// Computes the proof of a model with the reference implementation, in float64.
  ///
  /// - Parameters:
  ///   - architecture: one that can run.
  ///   - values: its parameters in the order of its table.
  public init(architecture: Architecture, values: [Double]) {
    self.init(questions: architecture)
    logProbabilities = Self.compute(architecture, values, inputs: inputs, tokens: tokens)
  }

  /// A proof of which only the questions are there.
  init(questions architecture: Architecture) {
    let (size, outputs) = (architecture.size, architecture.outputSize)
    let steps = (1...Self.usualSteps).last { Self.isQuick($0, architecture) } ?? 1
    func fraction(_ multiple: Int) -> Double {
      (Double(multiple) * 0.6180339887498949).truncatingRemainder(dividingBy: 1)
    }
    switch architecture.input {
    case .tokens: inputs = .tokens((1...steps).map { UInt32(Double(size) * fraction($0)) })
    case .features: inputs = .features((1...(steps * size)).map { 2 * fraction($0) - 1 }, width: size)
    }
    let columns = min(outputs, 256)
    tokens = (0..<columns).map { UInt32($0 * outputs / columns) }
    computedBy = "\(Generator.text), reference in float64"
    tolerance = 1e-3
    toleranceFloat64 = 1e-9
    logProbabilities = []
  }

  /// The largest absolute difference between the proof's numbers and those that the reference implementation gets, in nats; of values beyond
  /// ±1, relative to the proof's.
  ///
  /// Infinite if a number is NaN or infinite on one side only.
  ///
  /// - Precondition: the proof fits the architecture.
  public func largestDifference(architecture: Architecture, values: [Double]) -> Double {
    largestDifference(
      from: Self.compute(architecture, values, inputs: inputs, tokens: tokens), output: architecture.output)
  }

  func largestDifference(from found: [Double], output: Architecture.Output) -> Double {
    zip(found, logProbabilities).reduce(0) { largest, pair in
      if pair.0 == pair.1 { return largest }
      let unit = output == .values ? max(1, abs(pair.1)) : 1
      let difference = abs(pair.0 - pair.1) / unit
      return difference.isNaN ? .infinity : max(largest, difference)
    }
  }

  /// The proof of other parameters: the same questions, with the answers of the reference implementation.
  ///
  /// - Precondition: the proof fits the architecture.
  public func answered(architecture: Architecture, values: [Double]) -> Proof {
    var proof = self
    proof.computedBy = "\(Generator.text), reference in float64"
    proof.logProbabilities = Self.compute(architecture, values, inputs: inputs, tokens: tokens)
    return proof
  }

  private static func compute(
    _ architecture: Architecture, _ values: [Double], inputs: Inputs, tokens: [UInt32]
  ) -> [Double] {
    let reference = Reference<Double>(architecture, values: values)
    var state = reference.initialState
    // One piece at a time: a row of a large vocabulary is not kept longer than needed.
    return architecture.proofPieces(inputs.count).flatMap { steps in
      if architecture.context != .stream { state = reference.initialState }
      let piece = inputs.reference(steps, padding: architecture.padding)
      return reference.logProbabilities(piece, state: &state).flatMap { row in tokens.map { row[Int($0)] } }
    }
  }
}
