import Kernels

/// A layer that makes one row for each stream of all steps of a window: the layers after it work on a window of one step.
class PoolingLayer: NetworkLayer {
  init(width: Int, capacity: Window, trains: Bool) {
    super.init(width: width, leadingSlots: 0, capacity: capacity.pooled, trains: trains)
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

  init(of source: NetworkLayer, takesFirst: Bool, capacity: Window, trains: Bool) {
    self.source = source
    self.takesFirst = takesFirst
    super.init(width: source.width, capacity: capacity, trains: trains)
  }

  /// Where the rows of the step that counts lie among those of all steps.
  private func place(_ window: Window) -> Range<Int> {
    let count = window.batch * width
    let start = takesFirst ? 0 : (window.steps - 1) * count
    return start..<(start + count)
  }

  override func forward(_ input: LayerInput, _ window: Window, parameters: [Float]) {
    let from = source.outputs
    var values = outputs.taken()
    defer { outputs = values }
    var span = values.mutableSpan
    span.withSlice(range(window.pooled)) {
      VectorOperations.copy(from.span.extracting(source.range(window)).extracting(place(window)), to: &$0)
    }
  }

  override func backward(_ input: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float]) {
    let deltas = outputGradients
    source.receiveGradient(window) { rows, adds in
      if !adds { VectorOperations.clear(&rows) }
      rows.withSlice(place(window)) {
        VectorOperations.add(deltas.span.extracting(range(window.pooled)), to: &$0)
      }
    }
  }
}

/// h = sum over t of a(t) x(t), where a = softmax over t of w · x(t): ``Architecture/Attention``.
final class AttentionLayer: PoolingLayer {
  private let weights: Range<Int>
  /// a `[batch, steps]` of the last window.
  private var shares: [Float]

  init(_ layer: Architecture.Attention, _ table: ParameterTable, capacity: Window, trains: Bool) {
    weights = table.range(layer.name, "weights")
    shares = [Float](repeating: 0, count: capacity.rows)
    super.init(width: layer.width, capacity: capacity, trains: trains)
  }

  override func forward(_ input: LayerInput, _ window: Window, parameters: [Float]) {
    guard case .layer(let below) = input else { return }
    let from = below.outputs
    let x = from.span.extracting(below.range(window))
    let w = parameters.span.extracting(weights)
    var (values, all) = (outputs.taken(), shares.taken())
    defer { (outputs, shares) = (values, all) }
    var h = values.mutableSpan
    var a = all.mutableSpan
    for stream in 0..<window.batch {
      let first = stream * window.steps
      for step in 0..<window.steps {
        let row = (step * window.batch + stream) * width
        var score: Float = 0
        for unit in 0..<width { score += w[unit] * x[row + unit] }
        a[first + step] = score
      }
      a.withSlice(first..<(first + window.steps)) { CrossEntropy.softmax(&$0, rows: 1, classes: window.steps) }
      let target = stream * width
      for unit in 0..<width { h[target + unit] = 0 }
      for step in 0..<window.steps {
        let row = (step * window.batch + stream) * width
        for unit in 0..<width { h[target + unit] += a[first + step] * x[row + unit] }
      }
    }
  }

  /// With s(t) = w · x(t): dL/ds(t) = a(t) (dL/dh · x(t) - dL/dh · h), dL/dx(t) = a(t) dL/dh + dL/ds(t) w.
  override func backward(_ input: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float]) {
    guard case .layer(let below) = input else { return }
    let (from, values, deltas, all) = (below.outputs, outputs, outputGradients, shares)
    let x = from.span.extracting(below.range(window))
    let (h, dh, a) = (values.span, deltas.span, all.span)
    let w = parameters.span.extracting(weights)
    var span = gradient.mutableSpan
    span.withSlice(weights) { dw in
      below.receiveGradient(window) { rows, adds in
        if !adds { VectorOperations.clear(&rows) }
        for stream in 0..<window.batch {
          let target = stream * width
          var mean: Float = 0
          for unit in 0..<width { mean += dh[target + unit] * h[target + unit] }
          for step in 0..<window.steps {
            let row = (step * window.batch + stream) * width
            let share = a[stream * window.steps + step]
            var slope: Float = -mean
            for unit in 0..<width { slope += dh[target + unit] * x[row + unit] }
            slope *= share
            for unit in 0..<width {
              rows[row + unit] += share * dh[target + unit] + slope * w[unit]
              dw[unit] += slope * x[row + unit]
            }
          }
        }
      }
    }
  }
}
