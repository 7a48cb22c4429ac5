import Kernels

/// The state in the form that a file stores: named arrays, named words, and the ``TrainingState/Progress``.
extension TrainingState {
  /// Why stored parts are no state.
  private static func missing(_ what: String) -> TrainingError { .invalidState("it has no '\(what)'") }

  /// All arrays of numbers by name: `parameters`, `best_parameters`, `slots/<name>`, `carried/window_<index>`, and with the
  /// prefix `fallback/` those of the state to go back to. The parts of a name have lower-case letters, digits, underscores.
  public var arrays: [String: [Float]] {
    var arrays = ["parameters": parameters]
    if !bestParameters.isEmpty { arrays["best_parameters"] = bestParameters }
    for (name, slot) in slots { arrays["slots/\(name)"] = slot }
    for (index, state) in carried.enumerated() where !state.isEmpty { arrays["carried/window_\(index)"] = state }
    for state in fallback {
      for (name, values) in state.arrays { arrays["fallback/\(name)"] = values }
    }
    return arrays
  }

  /// All words by name: `random_state/training`, and with the prefix `fallback/` that of the state to go back to.
  public var words: [String: [UInt64]] {
    var words = ["random_state/training": generator.state]
    for state in fallback { words["fallback/random_state/training"] = state.generator.state }
    return words
  }

  /// Puts stored parts together again.
  ///
  /// Whether they fit a model is checked by the trainer that takes the state up.
  ///
  /// - Parameters:
  ///   - arrays: as ``arrays`` gave them.
  ///   - words: as ``words`` gave them.
  ///   - progress: as ``progress`` was.
  /// - Throws: ``TrainingError/invalidState(_:)`` if parts are missing or superfluous.
  public init(
    arrays: [String: [Float]], words: [String: [UInt64]], progress: Progress
  ) throws(TrainingError) {
    try self.init(arrays, words, progress, prefix: "", depth: 0)
    let unknown = Set(arrays.keys).subtracting(self.arrays.keys).union(Set(words.keys).subtracting(self.words.keys))
    if let name = unknown.min() { throw .invalidState("'\(name)' is no part of it") }
  }

  private init(
    _ arrays: [String: [Float]], _ words: [String: [UInt64]], _ progress: Progress, prefix: String, depth: Int
  ) throws(TrainingError) {
    guard depth <= 1, progress.fallback.count <= 1 - depth else {
      throw .invalidState("it has more than one state to go back to")
    }
    guard progress.isInRange else { throw .invalidState("its counters are out of range") }
    guard let parameters = arrays[prefix + "parameters"] else { throw Self.missing(prefix + "parameters") }
    let random = prefix + "random_state/training"
    guard let state = words[random] else { throw Self.missing(random) }
    guard let generator = try? RandomGenerator(state: state) else {
      throw .invalidState("'\(random)' is no state of a generator")
    }
    var carried: [[Float]] = []
    for index in progress.carriedPositions.indices {
      // An initial state is an empty array, which a file need not store.
      carried.append(arrays["\(prefix)carried/window_\(index)"] ?? [])
    }
    var slots: [String: [Float]] = [:]
    let start = prefix + "slots/"
    for (name, values) in arrays where name.hasPrefix(start) {
      slots[String(name.dropFirst(start.count))] = values
    }
    self.progress = progress
    self.parameters = parameters
    self.slots = slots
    self.carried = carried
    self.generator = generator
    bestParameters = arrays[prefix + "best_parameters"] ?? []
    fallback = []
    for record in progress.fallback {
      fallback = [try TrainingState(arrays, words, record, prefix: "fallback/", depth: depth + 1)]
    }
  }
}
