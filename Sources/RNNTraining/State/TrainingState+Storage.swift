import Kernels

/// The state in the form that a file stores, beside a model: named arrays, named words, and a ``TrainingState/Record``.
extension TrainingState {
  /// The small part of what a file stores: the progress, and that of the state to go back to.
  public struct Record: Hashable, Sendable, Codable {
    /// That of the state itself.
    public var progress: Progress
    /// That of the state to go back to after a divergence; at most one.
    var fallback: [Progress] = []

    fileprivate init(_ state: TrainingState) {
      progress = state.progress
      fallback = state.fallback.map(\.progress)
    }

    private enum CodingKeys: String, CodingKey { case fallback }

    /// Reads the keys of a progress, and beside them the other one.
    ///
    /// - Throws: `DecodingError`.
    public init(from decoder: any Decoder) throws {
      progress = try Progress(from: decoder)
      fallback = try decoder.container(keyedBy: CodingKeys.self).decode(.fallback, else: fallback)
    }

    /// Writes the keys of the progress, and beside them the other one.
    ///
    /// - Throws: `EncodingError`.
    public func encode(to encoder: any Encoder) throws {
      try progress.encode(to: encoder)
      guard !fallback.isEmpty else { return }
      var values = encoder.container(keyedBy: CodingKeys.self)
      try values.encode(fallback, forKey: .fallback)
    }
  }

  /// What a file stores of the counters and histories.
  public var record: Record { Record(self) }

  /// All arrays of numbers by name: `parameters`, `best_parameters`, `slots/<name>`, `carried/window_<index>`, and with the
  /// prefix `fallback/` those of the state to go back to. The parts of a name have lower-case letters, digits, underscores.
  ///
  /// - Parameter model: the parameters of the model that the file holds: those that have the same bits are left out.
  public func arrays(beside model: [Float] = []) -> [String: [Float]] {
    var arrays: [String: [Float]] = [:]
    if !Self.areSame(parameters, model) { arrays["parameters"] = parameters }
    if !bestParameters.isEmpty, !Self.areSame(bestParameters, model) { arrays["best_parameters"] = bestParameters }
    for (name, slot) in slots { arrays["slots/\(name)"] = slot }
    for (index, state) in carried.enumerated() where !state.isEmpty { arrays["carried/window_\(index)"] = state }
    for state in fallback {
      for (name, values) in state.arrays(beside: model) { arrays["fallback/\(name)"] = values }
    }
    return arrays
  }

  /// Whether all bits are the same: zeros have two signs.
  private static func areSame(_ first: [Float], _ second: [Float]) -> Bool {
    first.count == second.count && zip(first, second).allSatisfy { $0.bitPattern == $1.bitPattern }
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
  ///   - arrays: as ``arrays(beside:)`` gave them.
  ///   - words: as ``words`` gave them.
  ///   - record: as ``record`` was.
  ///   - model: the parameters of the model that the file holds.
  /// - Throws: ``TrainingError/invalidState(_:)`` if parts are missing or superfluous.
  public init(
    arrays: [String: [Float]], words: [String: [UInt64]], record: Record, beside model: [Float] = []
  ) throws(TrainingError) {
    guard record.fallback.count <= 1 else { throw .invalidState("it has more than one state to go back to") }
    let parts = Parts(arrays: arrays, words: words, model: model)
    try self.init(parts, record.progress, prefix: "")
    for progress in record.fallback { fallback = [try TrainingState(parts, progress, prefix: "fallback/")] }
    let names = Set(self.arrays().keys).union(self.words.keys)
    if let name = Set(arrays.keys).union(words.keys).subtracting(names).min() {
      throw .invalidState("'\(name)' is no part of it")
    }
  }

  /// What a file holds.
  private struct Parts {
    var arrays: [String: [Float]]
    var words: [String: [UInt64]]
    var model: [Float]

    /// An array that is left out where it is the model's.
    func parameters(_ name: String) throws(TrainingError) -> [Float] {
      if let values = arrays[name] { return values }
      guard !model.isEmpty else { throw missing(name) }
      return model
    }

    func missing(_ name: String) -> TrainingError { .invalidState("it has no '\(name)'") }
  }

  private init(_ parts: Parts, _ progress: Progress, prefix: String) throws(TrainingError) {
    guard progress.isInRange else { throw .invalidState("its counters are out of range") }
    parameters = try parts.parameters(prefix + "parameters")
    let random = prefix + "random_state/training"
    guard let state = parts.words[random] else { throw parts.missing(random) }
    guard let generator = try? RandomGenerator(state: state) else {
      throw .invalidState("'\(random)' is no state of a generator")
    }
    // An initial state is an empty array, which a file need not store.
    carried = progress.carriedPositions.indices.map { parts.arrays["\(prefix)carried/window_\($0)"] ?? [] }
    slots = [:]
    let start = prefix + "slots/"
    for (name, values) in parts.arrays where name.hasPrefix(start) {
      slots[String(name.dropFirst(start.count))] = values
    }
    bestParameters = progress.bestLoss == nil ? [] : try parts.parameters(prefix + "best_parameters")
    self.progress = progress
    self.generator = generator
    fallback = []
  }
}
