import HDF5
import RNNModel

extension StructureReader {
  /// The proof; nil if there is none, or one that cannot be used.
  ///
  /// - Parameter architecture: nil where it is broken; the proof is not held against it then.
  func proof(_ root: borrowing Group, _ architecture: Architecture?, _ findings: inout Findings) -> Proof? {
    guard let object = objects["/proof"] else {
      findings.add("proof.missing", at: "/proof", "the file carries no proof")
      return nil
    }
    // What is there instead of an array has been reported with the layout.
    guard object.kind == .group, objects["/proof/inputs"]?.kind == .dataset, isArray("/proof/tokens"),
      objects["/proof/log_probabilities"]?.shape.count == 2
    else { return nil }
    do {
      let group = try root.group("/proof")
      let numbers = try group.dataset("log_probabilities")
      guard let inputs = try proofInputs(try group.dataset("inputs"), &findings) else { return nil }
      let proof = Proof(
        inputs: inputs, tokens: try group.dataset("tokens").read(as: UInt32.self),
        logProbabilities: try numbers.read(as: Double.self), computedBy: try group.stringAttribute("computed_by"),
        tolerance: try group.attribute("tolerance", as: Double.self),
        toleranceFloat64: try group.attribute("tolerance_float64", as: Double.self))
      guard numbers.shape == [proof.inputs.count, proof.tokens.count] else {
        findings.add("proof.shape", at: "/proof", "has arrays that do not fit together")
        return nil
      }
      let tolerances = [
        ("tolerance", proof.tolerance, Proof.largestTolerance),
        ("tolerance_float64", proof.toleranceFloat64, Proof.largestToleranceFloat64),
      ]
      for (name, value, bound) in tolerances where !(0...bound).contains(value) {
        findings.add("layout.value", at: "/proof@\(name)", "is \(value), but has to be between 0 and \(bound)")
        return nil
      }
      if let violation = proof.shapeViolation(of: architecture) {
        findings.add("proof.shape", at: "/proof", violation)
        return nil
      }
      return proof
    } catch {
      if !error.isReportedWithLayout { findings.add(error) }
      return nil
    }
  }

  /// Tokens `[steps]` or features `[steps, size]`; nil for what is neither.
  private func proofInputs(
    _ dataset: borrowing Dataset, _ findings: inout Findings
  ) throws(HDF5Error) -> Proof.Inputs? {
    switch (dataset.datatype, dataset.shape.count) {
    case (UInt32.datatype, 1): return .tokens(try dataset.read(as: UInt32.self))
    case (Double.datatype, 2): return .features(try dataset.read(as: Double.self), width: dataset.shape[1])
    case (UInt32.datatype, _), (Double.datatype, _):
      findings.add("proof.shape", at: "/proof/inputs", "has \(dataset.shape.count) dimensions")
      return nil
    default: return nil
    }
  }
}
