import Kernels

/// The part of a text that a network works on at once: `steps` symbols of each of `batch` streams.
///
/// Rows are time-major: row t * batch + b belongs to step t of stream b.
struct Window {
  var steps: Int
  var batch: Int
  var rows: Int { steps * batch }
}

/// A layer of a running network, with the memory that it works in.
///
/// Forward goes from the layer below to this one, backward the other way; the loss reaches a layer in
/// `outputGradients`, which the layer above fills. All memory is planned by the initializers: running allocates nothing.
class NetworkLayer {
  /// The width of a row of the output.
  let width: Int
  /// `[slots, batch, width]`: what the layer computes. Recurrent layers have one more slot in front, for the state before
  /// the first step.
  final var outputs: [Float]
  /// `[slots, batch, width]`: dL/d outputs.
  final var outputGradients: [Float]
  /// How many slots lie before the first step: 1 for recurrent layers, else 0.
  let leadingSlots: Int

  init(width: Int, leadingSlots: Int, capacity: Window, trains: Bool) {
    self.width = width
    self.leadingSlots = leadingSlots
    let count = (capacity.steps + leadingSlots) * capacity.batch * width
    outputs = [Float](repeating: 0, count: count)
    outputGradients = [Float](repeating: 0, count: trains ? count : 0)
  }

  /// Where the first step's row lies in `outputs`.
  final func start(_ window: Window) -> Int { leadingSlots * window.batch * width }

  /// The elements of all steps.
  final func range(_ window: Window) -> Range<Int> {
    start(window)..<(start(window) + window.rows * width)
  }

  /// Called when the parameters have changed: the place to repack weights.
  func prepare(_ parameters: [Float]) {}

  /// Computes the outputs of a window.
  func forward(_ input: LayerInput, _ window: Window, parameters: [Float]) {}

  /// Adds dL/dw to `gradient`, and fills the gradients of the layer below.
  func backward(_ input: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float]) {}
}

extension Array {
  /// Moves the elements out, to be put back: a span can borrow a local array, but not a property of an object.
  mutating func taken() -> [Element] {
    let values = self
    self = []
    return values
  }
}

/// What a layer takes: the symbols themselves, or the outputs of the layer below.
enum LayerInput {
  case tokens([Int32])
  case layer(NetworkLayer)
}

/// A layer with a state that is carried from window to window.
class RecurrentNetworkLayer: NetworkLayer {
  let hidden: Int

  init(hidden: Int, capacity: Window, trains: Bool) {
    self.hidden = hidden
    super.init(width: hidden, leadingSlots: 1, capacity: capacity, trains: trains)
  }

  /// h and, for an LSTM, c after the last step: `[batch, hidden]` each. Slot 0 holds them between windows.
  func state(batch: Int) -> [[Float]] { [Array(outputs[..<(batch * hidden)])] }

  /// Puts a state before the first step.
  func setState(_ state: [[Float]]) { outputs.replaceSubrange(..<state[0].count, with: state[0]) }

  /// Makes the state after the window's last step the state before the next window.
  func carryState(_ window: Window) { Self.carry(in: &outputs, window, hidden) }

  static func carry(in values: inout [Float], _ window: Window, _ hidden: Int) {
    let size = window.batch * hidden
    let last = window.steps * size
    var span = values.mutableSpan
    for index in 0..<size { span[index] = span[last + index] }
  }
}
