extension Architecture {
  /// Checks that the layers fit together: names, widths from the inputs to the outputs, ranges.
  ///
  /// - Returns: everything that is wrong, in the order of the layers; empty for an architecture that can run.
  public func problems() -> [ArchitectureError] {
    guard let last = layers.last else { return [.outOfRange(layer: "", what: "there are no layers")] }
    var problems: [ArchitectureError] = []
    // The output widths of the layers so far, by name, and of the last of them.
    var widths: [String: Int] = [:]
    var width = size
    for (index, layer) in layers.enumerated() {
      if widths[layer.name] != nil { problems.append(.duplicateName(layer.name)) }
      if layer.takesTokens != (index == 0 && input == .tokens) { problems.append(.misplacedInput(layer: layer.name)) }
      if let sources = layer.sources {
        width = Self.width(of: layer, sources, widths, &problems)
      } else if let inputs = layer.inputs, inputs != width {
        problems.append(.widthMismatch(layer: layer.name, expected: width, found: inputs))
      }
      problems += layer.rangeProblems.map { .outOfRange(layer: layer.name, what: $0) }
      if layer.direction == .backward, context == .stream { problems.append(.backwardInStream(layer: layer.name)) }
      width = layer.outputs ?? width
      widths[layer.name] = width
    }
    problems += contextProblems + poolingProblems + tiedWeightProblems + outputProblems(last)
    if problems.isEmpty, let layer = ParameterTable.firstOverflow(in: self) {
      problems.append(.tooLarge(layer: layer))
    }
    return problems
  }

  /// Throws the first of ``problems()``.
  public func check() throws(ArchitectureError) {
    if let first = problems().first { throw first }
  }

  /// The width of each layer's output, in the order of the layers.
  ///
  /// - Precondition: ``check()`` has accepted the architecture.
  public var widths: [Int] {
    var byName: [String: Int] = [:]
    var widths: [Int] = []
    var problems: [ArchitectureError] = []
    for layer in layers {
      let before = widths.last ?? size
      let width =
        layer.sources.map { Self.width(of: layer, $0, byName, &problems) } ?? layer.outputs ?? before
      widths.append(width)
      byName[layer.name] = width
    }
    return widths
  }

  /// The width of a sum or a concatenation.
  private static func width(
    of layer: Layer, _ sources: [String], _ widths: [String: Int], _ problems: inout [ArchitectureError]
  ) -> Int {
    if sources.isEmpty { problems.append(.outOfRange(layer: layer.name, what: "it connects nothing")) }
    if Set(sources).count != sources.count {
      problems.append(.outOfRange(layer: layer.name, what: "it names a layer twice"))
    }
    var known: [Int] = []
    for source in sources {
      if let width = widths[source] {
        known.append(width)
      } else {
        problems.append(.unknownLayer(layer: layer.name, name: source))
      }
    }
    if case .concatenation = layer {
      let total = known.reduce(0) { $0.addingReportingOverflow($1).overflow ? .max : $0 + $1 }
      if total > Int(Int32.max) {
        problems.append(.outOfRange(layer: layer.name, what: "\(total) units are not possible"))
      }
      return total
    }
    if case .final = layer { return known.first ?? 0 }
    if let first = known.first, let other = known.first(where: { $0 != first }) {
      problems.append(.widthMismatch(layer: layer.name, expected: first, found: other))
    }
    return known.first ?? 0
  }

  private var tiedWeightProblems: [ArchitectureError] {
    layers.enumerated().compactMap { (index, layer) -> ArchitectureError? in
      guard case .linear(let linear) = layer, let name = linear.weightsOf else { return nil }
      guard index == layers.count - 1 else {
        return .outOfRange(layer: linear.name, what: "only the last layer can share the weights of an embedding")
      }
      let embeddings = layers.compactMap { layer -> Embedding? in
        if case .embedding(let embedding) = layer, embedding.name == name { return embedding }
        return nil
      }
      guard let embedding = embeddings.first else { return .unknownLayer(layer: linear.name, name: name) }
      guard embedding.inputs == linear.outputs else {
        return .wrongOutput(layer: linear.name, expected: embedding.inputs, found: linear.outputs)
      }
      guard embedding.outputs == linear.inputs else {
        return .widthMismatch(layer: linear.name, expected: embedding.outputs, found: linear.inputs)
      }
      return nil
    }
  }

  /// The most steps that a ``Layer/delay(_:)`` holds.
  public static let longestDelay = 4096

  /// The longest window: one that is longer would make a file that no reader can check in reasonable time.
  public static let longestWindow = 4096

  private var contextProblems: [ArchitectureError] {
    guard case .window(let length, let padding) = context else { return [] }
    var problems: [ArchitectureError] = []
    if !(1...Self.longestWindow).contains(length) {
      problems.append(.outOfRange(layer: "", what: "windows of \(length) symbols are not possible"))
    }
    if let padding, input != .tokens || !(0..<size).contains(padding) {
      problems.append(.outOfRange(layer: "", what: "windows cannot be padded with token \(padding)"))
    }
    return problems
  }

  /// Whether a window or a sequence has one output, and not one for each step.
  public var hasOneOutput: Bool {
    guard windowLength == nil else { return true }
    return zip(layers, pooledSources).map { $0.pools || $1.contains(true) }.last ?? false
  }

  /// Of each layer that a layer takes, whether it comes after one that has made one vector of all steps.
  private var pooledSources: [[Bool]] {
    var pooled: [String: Bool] = [:]
    var last = false
    return layers.map { layer in
      let sources = layer.sources.map { $0.map { pooled[$0] ?? false } } ?? [last]
      last = layer.pools || sources.contains(true)
      pooled[layer.name] = last
      return sources
    }
  }

  private var poolingProblems: [ArchitectureError] {
    zip(layers, pooledSources).compactMap { layer, sources in
      if layer.pools {
        return context == .stream || sources.contains(true) ? .misplacedPooling(layer: layer.name) : nil
      }
      let needsSteps = layer.carriesState || sources.contains(false)
      return sources.contains(true) && needsSteps ? .noSteps(layer: layer.name) : nil
    }
  }

  private func outputProblems(_ last: Layer) -> [ArchitectureError] {
    let misplaced = layers.filter { if case .ngram = $0 { true } else { false } }.map(\.name)
    if output == .logProbabilities || !misplaced.isEmpty {
      guard ngram == nil || context != .stream || input != .tokens || output != .logProbabilities else { return [] }
      return [.misplacedNGram(layer: misplaced.first ?? last.name)]
    }
    if output == .values { return [] }
    guard case .linear(let linear) = last else {
      return [.wrongOutput(layer: last.name, expected: isLanguageModel ? size : nil, found: nil)]
    }
    guard isLanguageModel, linear.outputs != size else { return [] }
    return [.wrongOutput(layer: last.name, expected: size, found: linear.outputs)]
  }
}

extension Architecture.Layer {
  /// Whether a number is one above zero in the precision that networks compute in.
  private static func isPositive(_ number: Double) -> Bool { number >= Double(Float.leastNonzeroMagnitude) }

  /// What is out of range within the layer itself.
  fileprivate var rangeProblems: [String] {
    var problems = [inputs, outputs].compactMap(\.self).filter { !(1...Int(Int32.max)).contains($0) }.map {
      "\($0) units are not possible"
    }
    func require(_ condition: Bool, _ problem: String) {
      if !condition { problems.append(problem) }
    }
    switch self {
    case .dropout(let layer):
      require(layer.rate >= 0 && layer.rate < 1, "the dropout rate has to be at least 0 and below 1")
    case .layerNorm(let layer):
      require(
        Self.isPositive(layer.epsilon) && layer.epsilon <= 1,
        "epsilon has to be at least the smallest float32 and at most 1")
    case .elman(let layer):
      require(
        Self.isPositive(layer.leak) && layer.leak <= 1, "the leak has to be at least the smallest float32 and at most 1"
      )
    case .lstm(let layer):
      if let projection = layer.projection {
        require((1...Int(Int32.max)).contains(projection.cells), "\(projection.cells) cells are not possible")
      }
      for clip in [layer.cellClip, layer.projection?.clip].compactMap(\.self) {
        require(
          Self.isPositive(clip) && Float(clip).isFinite,
          "a clip has to be at least the smallest float32 and at most the largest")
      }
      require(
        !layer.coupledGates || layer.forgetBias == 0, "coupled gates have no forget gate that a bias could be added to")
    case .scalar(let layer):
      require(
        Self.isPositive(abs(layer.scale)) && abs(layer.scale) <= Double(Float.greatestFiniteMagnitude),
        "the scale has to be a number other than zero that float32 holds")
    case .ngram(let layer): problems += layer.rangeProblems
    case .delay(let layer):
      require(
        (2...Architecture.longestDelay).contains(layer.steps),
        "a delay holds 2 to \(Architecture.longestDelay) steps, not \(layer.steps)")
    case .oneHot, .embedding, .gru, .sum, .concatenation, .final, .attention, .linear, .activation: break
    }
    return problems
  }
}
