import RNNModel

/// Which layer of one network is which of another: those with the same name, and of the others those of the same kind in the order of computation.
public struct LayerAlignment: Sendable {
  /// Names in both networks, in the order of the first one.
  public let pairs: [(first: String, second: String)]
  /// The names of layers that only the first network has.
  public let onlyFirst: [String]
  /// The names of layers that only the second one has.
  public let onlySecond: [String]

  /// Aligns two networks.
  public init(_ first: Architecture, _ second: Architecture) {
    let (names, others) = (Set(first.layers.map(\.name)), Set(second.layers.map(\.name)))
    var free = Dictionary(grouping: second.layers.filter { !names.contains($0.name) }, by: \.kind)
      .mapValues { $0.map(\.name)[...] }
    var pairs: [(first: String, second: String)] = []
    var alone: [String] = []
    for layer in first.layers {
      if others.contains(layer.name) {
        pairs.append((layer.name, layer.name))
      } else if let other = free[layer.kind]?.popFirst() {
        pairs.append((layer.name, other))
      } else {
        alone.append(layer.name)
      }
    }
    self.pairs = pairs
    onlyFirst = alone
    let taken = Set(pairs.map(\.second))
    onlySecond = second.layers.map(\.name).filter { !taken.contains($0) }
  }

  /// What a layer of the first network is called in the second one; nil if that has none like it.
  public subscript(name: String) -> String? { pairs.first { $0.first == name }?.second }
}
