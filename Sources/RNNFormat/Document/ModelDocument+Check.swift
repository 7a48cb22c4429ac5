import RNNModel

extension ModelDocument {
  /// The first rule of the format that the document would break in a file; nil for one that can be written.
  ///
  /// - Parameter tensors: the parameters that go with it.
  public func violation(tensors: [TensorDescription]) -> String? {
    let documents = [
      ("architecture.schema.json", "/architecture", architecture.json),
      ("metadata.schema.json", "/metadata", metadata),
      ("lineage.schema.json", "/lineage", .array(lineage)),
    ]
    for (schema, place, value) in documents {
      if let violation = LayoutSchema.current.documents[schema]?.violations(of: value).first {
        return "\(place)\(violation.pointer) \(violation.message)"
      }
      // What a reader would not take for JSON: integers beyond 2^53 - 1, nesting without end.
      do {
        _ = try JSONValue(parsing: value.canonical)
      } catch {
        return "\(place): \(error)"
      }
    }
    if let problem = architecture.problems().first { return "\(problem)" }
    let expected = ParameterTable(architecture).entries
    guard expected.map(\.path) == tensors.map(\.path), expected.map(\.shape) == tensors.map(\.shape) else {
      return "the tensors are not those of the architecture"
    }
    if let (tensor, entry) = zip(tensors, expected).first(where: { !$0.type.canHold($1.numbers) }) {
      return "\(tensor.path) is of \(tensor.type.rawValue), but has to be of "
        + (entry.numbers == .real ? "floats" : entry.numbers.rawValue)
    }
    if let violation = vocabulary.flatMap({ architecture.violation(of: $0) }) {
      return "/vocabulary \(violation)"
    }
    if let violation = labels.flatMap({ architecture.violation(of: $0) }) {
      return "/labels \(violation)"
    }
    if Set(history.columns.values.map(\.count)).count > 1 {
      return "the history's columns have different lengths"
    }
    if let violation = proof?.violation(of: architecture) {
      return "/proof \(violation)"
    }
    return nil
  }

  /// What is wrong with the numbers of a model; nil if every parameter is a number that float32 holds, and the model gives the numbers of its
  /// proof.
  ///
  /// - Parameter source: the parameters, complete for the architecture; all of them are read.
  public func violation<Source: TensorSource & ~Copyable>(numbers source: borrowing Source) throws -> String? {
    for tensor in source.tensors {
      var areParameters = true
      try source.forEachBlock(of: tensor) {
        areParameters = areParameters && LittleEndian.areParameters($0, type: tensor.type)
      }
      guard areParameters else {
        return "\(tensor.path) has a value that is infinite, not a number, or too large for float32"
      }
    }
    if let violation = try architecture.ngramViolation(of: source) { return violation }
    guard let proof else { return nil }
    let difference = try proof.largestDifference(architecture: architecture, tensors: source)
    return difference <= proof.toleranceFloat64
      ? nil : "the model's numbers differ from its proof by up to \(difference) nats"
  }
}
