import RNNModel

/// The layers that have been found, which can still be changed: a bias comes after the product that it belongs to.
struct ONNXNetwork {
  /// The most layers: beyond, it is a loop that an exporter has unrolled.
  static let mostLayers = 4096

  struct Layer {
    var layer: Architecture.Layer
    var parameters: [String: TensorFormula]
    /// How many other layers take it.
    var uses = 0
    /// How often it has been changed: a bias comes after the product, and what was given before is something else.
    var revision = 0
    /// The layer that it was made to take; nil for those that name theirs.
    var source: String?
  }

  private(set) var layers: [Layer] = []
  private var index: [String: Int] = [:]
  private var counts: [String: Int] = [:]
  private var connections: [Architecture.Layer: String] = [:]
  /// What comes in: the number of tokens, or the width of vectors.
  var size: Int?
  /// The input of vectors, and the axis of their units; nil for tokens.
  var vectors: (name: String, units: [ONNXAtom], width: Int)?

  /// A name that no layer has.
  mutating func name(_ kind: String) -> String {
    counts[kind, default: 0] += 1
    return "\(kind)_\(counts[kind, default: 0])"
  }

  subscript(name: String) -> Layer? {
    get { index[name].map { layers[$0] } }
    set { if let place = index[name], let newValue { layers[place] = newValue } }
  }

  mutating func add(_ layer: Architecture.Layer, _ parameters: [String: TensorFormula] = [:]) {
    index[layer.name] = layers.count
    layers.append(Layer(layer: layer, parameters: parameters))
  }

  /// A layer that only passes on what others give; the same one for the same.
  mutating func connection(_ kind: String, _ make: (String) -> Architecture.Layer) -> String {
    let anonymous = make("")
    if let known = connections[anonymous] { return known }
    let name = name(kind)
    let layer = make(name)
    for source in layer.sources ?? [] { self[source]?.uses += 1 }
    connections[anonymous] = name
    add(layer)
    return name
  }

  /// Puts another layer in the place of the last one.
  mutating func replaceLast(_ layer: Architecture.Layer, _ parameters: [String: TensorFormula]) {
    guard let last = layers.popLast() else { return }
    index[last.layer.name] = nil
    add(layer, parameters)
  }

  mutating func removeFirst() {
    let name = layers.removeFirst().layer.name
    index[name] = nil
    index = index.mapValues { $0 - 1 }
  }

  /// The same layers under different names: connections take each layer once.
  mutating func distinct(_ names: [String]) -> [String] {
    var taken: Set<String> = []
    return names.map { source in
      guard !taken.insert(source).inserted else { return source }
      let copy = name("copy")
      self[source]?.uses += 1
      add(.concatenation(.init(name: copy, of: [source])))
      return copy
    }
  }

  /// Makes a layer the one that the next layer takes.
  mutating func connect(_ source: String) {
    if layers.last?.layer.name != source {
      // Not shared: each one stands right before the layer that takes it.
      let name = name("from")
      add(.concatenation(.init(name: name, of: [source])))
    }
    self[source]?.uses += 1
  }
}
