import Kernels
import RNNModel

/// What the attributes of a recurrent operator say, for both directions.
struct ONNXRecurrentOptions: Sendable {
  var cell: Architecture.Stack.Cell
  var directions: [Architecture.Direction]
  var isBatchFirst: Bool
  var hidden: Int
  /// The activations, direction after direction.
  var activations: [Activation]
  var isCoupled: Bool
  var reset: Architecture.GRU.Reset

  var gates: Int { cell == .lstm ? 4 : cell == .gru ? 3 : 1 }
  func activations(_ direction: Int) -> ArraySlice<Activation> {
    let count = activations.count / directions.count
    return activations[(direction * count)..<((direction + 1) * count)]
  }
}
