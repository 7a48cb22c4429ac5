import RNNModel

extension Proof {
  /// A proof with more steps would take a reader too long.
  static let maximumSteps = 4096
  /// The same for a large model: how many steps times parameters there may be in a proof of more than 16 steps.
  static let largestWork = 1 << 34
  /// So many steps there may be with any model.
  static let usualSteps = 16
  /// A proof that allows more proves nothing.
  static let largestTolerance = 1e-2
  /// The same for float64.
  static let largestToleranceFloat64 = 1e-4

  /// Why the proof does not fit a model; nil if it does.
  func violation(of architecture: Architecture) -> String? {
    if let violation = shapeViolation(of: architecture) { return violation }
    guard (0...Self.largestTolerance).contains(tolerance),
      (0...Self.largestToleranceFloat64).contains(toleranceFloat64)
    else { return "has a tolerance that is not between 0 and what the format allows" }
    return nil
  }

  /// What is wrong with the arrays (`proof.shape`); nil if they fit together, and the model.
  ///
  /// - Parameter architecture: nil where it is not known.
  func shapeViolation(of architecture: Architecture?) -> String? {
    let (count, overflow) = inputs.count.multipliedReportingOverflow(by: tokens.count)
    guard !overflow, count > 0, logProbabilities.count == count else {
      return "has arrays that do not fit together, or no step or column at all"
    }
    guard inputs.count <= Self.maximumSteps else { return "has more than \(Self.maximumSteps) steps" }
    guard zip(tokens, tokens.dropFirst()).allSatisfy(<) else { return "names tokens that are out of order" }
    if case .features(let values, _) = inputs, !LittleEndian.areParameters(values) {
      return "has a feature that is infinite, not a number, or too large for float32"
    }
    guard let architecture else { return nil }
    guard Self.isQuick(inputs.count, architecture) else {
      let steps = architecture.proofSteps(inputs.count)
      return "has \(inputs.count) inputs: \(steps) steps, which take too long with so many parameters"
    }
    guard tokens.allSatisfy({ Int($0) < architecture.outputSize }) else {
      return "names tokens that the model does not have"
    }
    switch (inputs, architecture.input) {
    case (.tokens(let tokens), .tokens):
      return tokens.allSatisfy { Int($0) < architecture.size } ? nil : "is fed tokens that the model does not have"
    case (.features(let values, let width), .features):
      let isWhole = width == architecture.size && values.count == inputs.count * width
      return isWhole ? nil : "is fed \(width) features, but the model takes \(architecture.size)"
    case (.tokens, .features): return "is fed tokens, but the model takes features"
    case (.features, .tokens): return "is fed features, but the model takes tokens"
    }
  }

  /// Whether a reader computes a proof of so many inputs in reasonable time; one there may be with any model.
  ///
  /// - Precondition: there are at most ``maximumSteps``.
  static func isQuick(_ count: Int, _ architecture: Architecture) -> Bool {
    guard count > 1 else { return true }
    let parameters = ParameterTable(architecture).count
    return architecture.proofSteps(count)
      <= min(maximumSteps, max(usualSteps, largestWork / max(1, parameters)))
  }
}
