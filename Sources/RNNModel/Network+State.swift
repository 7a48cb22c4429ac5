extension Network.State {
  /// All numbers in one array, layer after layer, to be stored.
  public var values: [Float] { layers.flatMap { $0.flatMap { $0 } } }

  /// The same state with other numbers.
  ///
  /// - Parameter values: as ``values`` of a network of the same architecture and number of streams gave them.
  /// - Returns: nil if there are more or fewer of them.
  public func replacing(values: [Float]) -> Network.State? {
    guard values.count == layers.reduce(0, { $0 + $1.reduce(0) { $0 + $1.count } }) else { return nil }
    var rest = values[...]
    var state = self
    for layer in layers.indices {
      for part in layers[layer].indices {
        let count = layers[layer][part].count
        state.layers[layer][part] = Array(rest.prefix(count))
        rest = rest.dropFirst(count)
      }
    }
    return state
  }
}
