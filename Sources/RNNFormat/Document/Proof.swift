import RNNModel

/// Numbers that every correct reader gets from a model (`docs/FORMAT.md`, section 8).
public struct Proof: Hashable, Sendable {
  /// Token ids fed one after another, from the zero state.
  public var inputs: [UInt32]
  /// The tokens whose log-probability is recorded, strictly rising.
  public var tokens: [UInt32]
  /// ln p(tokens[j] | inputs[0...i]) `[inputs, tokens]`, row-major.
  public var logProbabilities: [Double]
  /// What computed them.
  public var computedBy: String
  /// The largest difference, in nats, allowed to a reader that computes in float32.
  public var tolerance: Double
  /// The same for float64.
  public var toleranceFloat64: Double

  /// Takes the parts of a proof that was read.
  public init(
    inputs: [UInt32], tokens: [UInt32], logProbabilities: [Double], computedBy: String, tolerance: Double,
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
    let size = architecture.size
    inputs = (0..<16).map { step in
      let fraction = (Double(step + 1) * 0.6180339887498949).truncatingRemainder(dividingBy: 1)
      return UInt32(Double(size) * fraction)
    }
    tokens = size <= 256 ? (0..<UInt32(size)).map { $0 } : (0..<256).map { UInt32($0 * size / 256) }
    computedBy = "\(Generator.text), reference in float64"
    tolerance = 1e-3
    toleranceFloat64 = 1e-9
    logProbabilities = Self.compute(architecture, values, inputs: inputs, tokens: tokens)
  }

  /// A proof with more steps would take a reader too long.
  static let maximumSteps = 4096
  /// A proof that allows more proves nothing.
  static let largestTolerance = 1e-2
  /// The same for float64.
  static let largestToleranceFloat64 = 1e-4

  /// Why the proof does not fit a model of `size` tokens; nil if it does.
  func violation(size: Int) -> String? {
    let (count, overflow) = inputs.count.multipliedReportingOverflow(by: tokens.count)
    guard !overflow, count > 0, logProbabilities.count == count else {
      return "has arrays that do not fit together, or no step or column at all"
    }
    guard zip(tokens, tokens.dropFirst()).allSatisfy(<), (inputs + tokens).allSatisfy({ Int($0) < size }) else {
      return "names tokens that the model does not have, or out of order"
    }
    guard inputs.count <= Self.maximumSteps else { return "has more than \(Self.maximumSteps) steps" }
    guard (0...Self.largestTolerance).contains(tolerance),
      (0...Self.largestToleranceFloat64).contains(toleranceFloat64)
    else { return "has a tolerance that is not between 0 and what the format allows" }
    return nil
  }

  /// The largest absolute difference between the proof's numbers and those that the reference implementation gets, in nats.
  ///
  /// Infinite if a number is NaN or infinite on one side only.
  public func largestDifference(architecture: Architecture, values: [Double]) -> Double {
    let found = Self.compute(architecture, values, inputs: inputs, tokens: tokens)
    return zip(found, logProbabilities).reduce(0) { largest, pair in
      if pair.0 == pair.1 { return largest }
      let difference = abs(pair.0 - pair.1)
      return difference.isNaN ? .infinity : max(largest, difference)
    }
  }

  private static func compute(
    _ architecture: Architecture, _ values: [Double], inputs: [UInt32], tokens: [UInt32]
  ) -> [Double] {
    let reference = Reference<Double>(architecture, values: values)
    var state = reference.initialState
    // One step at a time: a row of a large vocabulary is not kept longer than needed.
    return inputs.flatMap { input in
      let row = reference.logProbabilities([Int32(input)], state: &state)[0]
      return tokens.map { row[Int($0)] }
    }
  }
}
