import Kernels

/// A layer that makes one row for each stream of all steps of a window: the layers after it work on a window of one step.
///
/// Such networks are read, not trained.
class PoolingLayer: NetworkLayer {
  init(width: Int, capacity: Window) {
    super.init(width: width, leadingSlots: 0, capacity: capacity.pooled, trains: false)
  }
}

extension Window {
  /// What is left of a window after pooling.
  var pooled: Window { Window(steps: 1, batch: batch) }
}

/// What a layer gives at the step that it reads last.
final class FinalLayer: PoolingLayer {
  private let source: NetworkLayer
  /// Whether the layer reads backward, so that its last step is the window's first.
  private let takesFirst: Bool

  init(of source: NetworkLayer, takesFirst: Bool, capacity: Window) {
    self.source = source
    self.takesFirst = takesFirst
    super.init(width: source.width, capacity: capacity)
  }

  override func forward(_ input: LayerInput, _ window: Window, parameters: [Float]) {
    let from = source.outputs
    let count = window.batch * width
    let start = source.start(window) + (takesFirst ? 0 : (window.steps - 1) * count)
    var values = outputs.taken()
    defer { outputs = values }
    var span = values.mutableSpan
    span.withSlice(0..<count) { VectorOperations.copy(from.span.extracting(start..<(start + count)), to: &$0) }
  }
}

/// h = sum over t of a(t) x(t), where a = softmax over t of w · x(t): ``Architecture/Attention``.
final class AttentionLayer: PoolingLayer {
  private let weights: Range<Int>

  init(_ layer: Architecture.Attention, _ table: ParameterTable, capacity: Window) {
    weights = table.range(layer.name, "weights")
    super.init(width: layer.width, capacity: capacity)
  }

  override func forward(_ input: LayerInput, _ window: Window, parameters: [Float]) {
    guard case .layer(let below) = input else { return }
    let from = below.outputs
    let x = from.span.extracting(below.range(window))
    let w = parameters.span.extracting(weights)
    var values = outputs.taken()
    defer { outputs = values }
    var h = values.mutableSpan
    var scores = [Float](repeating: 0, count: window.steps)
    for stream in 0..<window.batch {
      for step in 0..<window.steps {
        let row = (step * window.batch + stream) * width
        var score: Float = 0
        for unit in 0..<width { score += w[unit] * x[row + unit] }
        scores[step] = score
      }
      var shares = scores.mutableSpan
      CrossEntropy.softmax(&shares, rows: 1, classes: window.steps)
      let target = stream * width
      for unit in 0..<width { h[target + unit] = 0 }
      for step in 0..<window.steps {
        let row = (step * window.batch + stream) * width
        for unit in 0..<width { h[target + unit] += scores[step] * x[row + unit] }
      }
    }
  }
}
