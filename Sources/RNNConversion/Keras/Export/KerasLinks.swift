import RNNModel

/// How the layers of an architecture hang together, as far as Keras has to be told otherwise.
struct KerasLinks {
  /// Two layers like each other that read the same in both directions, and the layer that joins them.
  struct Pair {
    let forward: String
    let backward: String
    /// Whether only the step that each reads last is joined.
    let isFinal: Bool
  }

  /// The pairs, by the name of the layer that joins them.
  private(set) var pairs: [String: Pair] = [:]
  /// Recurrent layers of which only the step that they read last is used.
  private(set) var givesLastOnly: Set<String> = []
  /// Why the last step of a layer cannot be taken, by the layer that takes it.
  private(set) var finalProblems: [String: String] = [:]
  /// Why the windows' last step cannot be taken.
  private(set) var windowProblem: String?

  private let layers: [Architecture.Layer]
  private let indices: [String: Int]
  private var within: Set<String> = []

  init(_ architecture: Architecture) {
    layers = architecture.layers
    indices = Dictionary(
      architecture.layers.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    findPairs()
    findFinals()
    if architecture.windowLength != nil, !layers.contains(where: \.pools) { findLast() }
  }

  func index(of name: String) -> Int? { indices[name] }
  func layer(_ name: String) -> Architecture.Layer? { indices[name].map { layers[$0] } }

  /// Whether a layer has become a part of another one.
  func isWithinPair(_ name: String) -> Bool { within.contains(name) }

  /// The name of the layer whose output comes into this one; nil for what comes into the model, and for layers that name theirs.
  func source(_ index: Int) -> String? {
    index > 0 && layers[index].sources == nil ? resolved(layers[index - 1].name) : nil
  }

  /// The layer that a name stands for: one that joins a single layer is that layer.
  private func resolved(_ name: String) -> String {
    var name = name
    // Layers name only earlier ones, so this ends.
    while let layer = layer(name), let sources = layer.sources, sources.count == 1, !layer.pools { name = sources[0] }
    return name
  }

  /// The names of all layers that take a layer's output, but for those that only stand for it.
  private func takers(of name: String) -> [String] {
    layers.indices.filter { index in
      let layer = layers[index]
      if let sources = layer.sources {
        return (sources.count > 1 || layer.pools) && sources.contains { resolved($0) == name }
      }
      return source(index) == name
    }.map { layers[$0].name }
  }

  private mutating func findPairs() {
    for layer in layers {
      let isJoint = if case .sum = layer { true } else if case .concatenation = layer { true } else { false }
      guard isJoint, let sources = layer.sources, sources.count == 2 else { continue }
      let ends = sources.map { resolved($0) }
      let finals = ends.map { name -> String? in
        if case .final(let final)? = self.layer(name) { return resolved(final.of) }
        return nil
      }
      let isFinal = finals.allSatisfy { $0 != nil }
      let names = isFinal ? finals.compactMap(\.self) : ends
      guard isFinal || finals.allSatisfy({ $0 == nil }), let first = self.layer(names[0]),
        let second = self.layer(names[1]),
        first.direction == .forward, second.direction == .backward, first.isLike(second),
        let one = index(of: names[0]), let other = index(of: names[1]), source(one) == source(other),
        takers(of: names[0]) == [isFinal ? ends[0] : layer.name],
        takers(of: names[1]) == [isFinal ? ends[1] : layer.name],
        !isFinal || (takers(of: ends[0]) == [layer.name] && takers(of: ends[1]) == [layer.name])
      else { continue }
      pairs[layer.name] = Pair(forward: names[0], backward: names[1], isFinal: isFinal)
      within.formUnion(names)
      if isFinal { within.formUnion(ends) }
    }
  }

  private mutating func findFinals() {
    for layer in layers {
      guard case .final(let final) = layer, !within.contains(layer.name) else { continue }
      let name = resolved(final.of)
      guard self.layer(name)?.direction != nil else {
        finalProblems[layer.name] = "Keras takes the last step of recurrent layers only, not that of '\(name)'"
        continue
      }
      guard takers(of: name) == [layer.name] else {
        finalProblems[layer.name] = "the other steps of '\(name)' are used too, of which Keras gives only the last one"
        continue
      }
      givesLastOnly.insert(name)
    }
  }

  /// In windows, only the last step of everything counts: Keras drops the others at the last recurrent layer.
  private mutating func findLast() {
    guard let last = layers.lastIndex(where: { $0.direction != nil }) else {
      windowProblem = "windows without a recurrent layer have no last step in Keras"
      return
    }
    let isChain = layers[(last + 1)...].allSatisfy { ($0.sources?.count ?? 1) == 1 }
    guard isChain, layers[last].direction == .forward else {
      windowProblem = "the last step of a window is that of several layers together, which Keras does not take"
      return
    }
    givesLastOnly.insert(layers[last].name)
  }
}

extension Architecture.Layer {
  /// Whether two recurrent layers differ in nothing but their names and directions.
  fileprivate func isLike(_ other: Architecture.Layer) -> Bool {
    switch (self, other) {
    case (.elman(var first), .elman(let second)):
      first.name = second.name
      first.direction = second.direction
      return first == second
    case (.lstm(var first), .lstm(let second)):
      first.name = second.name
      first.direction = second.direction
      return first == second
    case (.gru(var first), .gru(let second)):
      first.name = second.name
      first.direction = second.direction
      return first == second
    default: return false
    }
  }
}
