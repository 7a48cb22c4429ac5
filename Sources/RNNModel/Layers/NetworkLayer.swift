import Kernels

/// The part of a text that a network works on at once: `steps` symbols of each of `batch` streams.
///
/// Rows are time-major: row t * batch + b belongs to step t of stream b.
struct Window {
  var steps: Int
  var batch: Int
  var rows: Int { steps * batch }
  /// Whether each stream has one or two symbols, as where text is written: it then gets the bits that it gets alone.
  var isOfOneStep: Bool { steps <= 2 }
}

/// A layer of a running network, with the memory that it works in.
///
/// Forward goes from the layer below to this one, backward the other way; the loss reaches a layer in
/// `outputGradients`, through ``receiveGradient(_:_:)`` from each of those that take its outputs. All memory is planned
/// by the initializers: running allocates nothing.
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
  /// Whether a layer above has written its part of `outputGradients` in this backward pass.
  private final var hasGradient = false

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

  /// Adds dL/dw to `gradient`, and gives the layers that it takes from their part of dL/d outputs.
  ///
  /// All who take this layer's outputs have given theirs; it may work in them, since nobody needs them afterwards.
  func backward(_ input: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float]) {}
}

extension NetworkLayer {
  /// Before a backward pass: nobody has given a part of dL/d outputs yet.
  final func forgetGradient() { hasGradient = false }

  /// Takes one part of dL/d outputs of a window: one from each layer that takes the outputs.
  ///
  /// The rows are lent as they are, so that a product can be added to them without another pass over memory.
  ///
  /// - Parameter write: called with the rows, and whether it has to add to what they hold; if not, it has to write over all of it.
  final func receiveGradient<Result>(
    _ window: Window, _ write: (_ rows: inout MutableSpan<Float>, _ adds: Bool) -> Result
  ) -> Result {
    var values = outputGradients.taken()
    defer {
      outputGradients = values
      hasGradient = true
    }
    var span = values.mutableSpan
    return span.withSlice(range(window)) { write(&$0, hasGradient) }
  }

  /// After the last part: what nobody takes has no influence on the loss.
  final func completeGradient(_ window: Window) {
    guard !hasGradient else { return }
    receiveGradient(window) { rows, _ in VectorOperations.clear(&rows) }
  }
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
///
/// States lie in slots: slot t + 1 holds the state after step t, slot 0 the state that a window begins with, also between
/// windows. A layer that runs backward needs it on the other side, after the last step: it has one more slot there.
class RecurrentNetworkLayer: NetworkLayer {
  /// The initial state h(0) `[width]` in the flat parameters, where it is learned; else empty.
  let initialHidden: Range<Int>
  /// Whether the last step of a window comes first.
  let runsBackward: Bool
  /// Whether the window begins at the initial state, which then gets a gradient if it is learned.
  final var beginsStream = false

  init(
    width: Int, initialHidden: Range<Int>, direction: Architecture.Direction, capacity: Window, trains: Bool
  ) {
    self.initialHidden = initialHidden
    runsBackward = direction == .backward
    super.init(width: width, leadingSlots: 1, capacity: capacity, trains: trains)
    outputs = [Float](repeating: 0, count: slots(capacity) * capacity.batch * width)
    if trains { outputGradients = outputs }
  }

  /// The number of slots of a window.
  final func slots(_ window: Window) -> Int { window.steps + (runsBackward ? 2 : 1) }

  /// The elements of the slot before the first step, of `[slots, batch, width]`.
  final func initialSlot(_ window: Window, width: Int) -> Range<Int> {
    let start = runsBackward ? window.steps + 1 : 0
    return (start * window.batch * width)..<((start + 1) * window.batch * width)
  }

  /// The elements of the states that the steps start from, in the order of the steps, of `[slots, batch, width]`.
  final func previousStates(_ window: Window, width: Int) -> Range<Int> {
    let start = runsBackward ? 2 * window.batch * width : 0
    return start..<(start + window.rows * width)
  }

  /// Puts the state of slot 0 where the window begins.
  final func placeInitialState(in values: inout MutableSpan<Float>, _ window: Window, width: Int) {
    guard runsBackward else { return }
    let start = initialSlot(window, width: width).lowerBound
    for index in 0..<(window.batch * width) { values[start + index] = values[index] }
  }

  /// What is carried from window to window, by name: `hidden` `[batch, width]`. Slot 0 holds it between windows.
  func state(batch: Int) -> [String: [Float]] { ["hidden": Array(outputs[..<(batch * width)])] }

  /// Puts a state before the first step; what it does not name stays.
  func setState(_ state: [String: [Float]]) {
    if let hidden = state["hidden"] { outputs.replaceSubrange(..<hidden.count, with: hidden) }
  }

  /// The gates of the last window: their names, and their values `[steps, batch, gates, units]`; none for layers without gates.
  func gateValues(_ window: Window) -> (names: [String], values: [Float]) { ([], []) }

  /// c(t) of the last window `[steps, batch, cells]`; empty for layers without cells.
  func cellValues(_ window: Window) -> [Float] { [] }

  /// What is carried of one stream: `hidden` `[width]`.
  func state(of stream: Int) -> [Float] { Array(outputs[(stream * width)..<((stream + 1) * width)]) }

  /// Puts the state of one stream before the first step, and takes it off the beginning of `values`.
  func takeState(of stream: Int, from values: inout ArraySlice<Float>) {
    outputs.replaceSubrange((stream * width)..<((stream + 1) * width), with: values.prefix(width))
    values.removeFirst(width)
  }

  /// Puts the initial state, zero or learned, before the first step of every stream.
  func loadInitialState(_ parameters: [Float], batch: Int) {
    Self.fill(&outputs, from: parameters, initialHidden, width: width, batch: batch)
  }

  /// Makes the state after the window's last step the state before the next window.
  func carryState(_ window: Window) { carry(in: &outputs, window, width: width) }

  /// Fills slot 0 of `values` with a row of the parameters, or with zeros if the range is empty.
  static func fill(_ values: inout [Float], from parameters: [Float], _ row: Range<Int>, width: Int, batch: Int) {
    var span = values.mutableSpan
    for index in 0..<(batch * width) {
      span[index] = row.isEmpty ? 0 : parameters[row.lowerBound + index % width]
    }
  }

  /// Adds `gradients` `[batch, width]`, summed over the streams, to the gradient of a learned initial state.
  final func accumulateInitialGradient(
    _ gradients: Span<Float>, of row: Range<Int>, batch: Int, gradient: inout [Float]
  ) {
    guard beginsStream, !row.isEmpty else { return }
    var span = gradient.mutableSpan
    span.withSlice(row) { VectorOperations.addRows(of: gradients, rows: batch, to: &$0) }
  }

  /// Copies the state after the step that came last to slot 0.
  final func carry(in values: inout [Float], _ window: Window, width: Int) {
    let size = window.batch * width
    let last = (runsBackward ? 1 : window.steps) * size
    var span = values.mutableSpan
    for index in 0..<size { span[index] = span[last + index] }
  }
}
