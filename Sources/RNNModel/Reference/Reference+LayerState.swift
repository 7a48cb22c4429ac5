extension Reference {
  /// What a recurrent layer hands from one step to the next.
  public struct LayerState: Hashable, Sendable {
    /// h(t) `[output]`; empty for layers without state.
    public var hidden: Vector
    /// c(t) `[hidden]` of an LSTM; empty for others.
    public var cell: Vector
    /// Whether this is the layer's trained state, from which every stream starts, so that the gradient reaches it.
    public internal(set) var isInitial: Bool

    /// Makes a state that is taken as given.
    public init(hidden: Vector, cell: Vector = []) {
      self.init(hidden: hidden, cell: cell, isInitial: false)
    }

    init(hidden: Vector, cell: Vector, isInitial: Bool) {
      (self.hidden, self.cell, self.isInitial) = (hidden, cell, isInitial)
    }

    /// Zeros of the same widths.
    var zeros: LayerState {
      LayerState(hidden: Vector(repeating: 0, count: hidden.count), cell: Vector(repeating: 0, count: cell.count))
    }
  }
}
