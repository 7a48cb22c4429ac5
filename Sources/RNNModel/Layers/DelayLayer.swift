import Kernels

/// h(t) = x(t - n + 1), ..., x(t), one after another: ``Architecture/Delay``.
///
/// The state is h itself, so that it is carried as that of a recurrent layer is; its oldest part is never used.
final class DelayLayer: RecurrentNetworkLayer {
  /// The width of x(t).
  private let inputs: Int
  /// The number of steps that h(t) holds, n.
  private let steps: Int

  init(_ layer: Architecture.Delay, capacity: Window, trains: Bool) {
    (inputs, steps) = (layer.inputs, layer.steps)
    super.init(
      width: layer.outputs, initialHidden: 0..<0, direction: .forward, capacity: capacity, trains: trains)
  }

  override func forward(_ input: LayerInput, _ window: Window, parameters: [Float]) {
    guard case .layer(let below) = input else { return }
    let source = below.outputs
    let first = below.start(window)
    var values = outputs.taken()
    defer { outputs = values }
    var span = values.mutableSpan
    for step in 0..<window.steps {
      for stream in 0..<window.batch {
        let target = start(window) + (step * window.batch + stream) * width
        for tap in 0..<steps {
          let place = target + tap * inputs
          let past = step - (steps - 1 - tap)
          if past >= 0 {
            let from = first + (past * window.batch + stream) * inputs
            span.withSlice(place..<(place + inputs)) {
              VectorOperations.copy(source.span.extracting(from..<(from + inputs)), to: &$0)
            }
          } else {
            // The state before the window holds x(-n), ..., x(-1).
            let from = stream * width + (steps + past) * inputs
            for unit in 0..<inputs { span[place + unit] = span[from + unit] }
          }
        }
      }
    }
  }

  /// dL/dx(t) is the sum of what h(t), ..., h(t + n - 1) got for it, as far as the window goes.
  override func backward(_ input: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float]) {
    guard case .layer(let below) = input else { return }
    let deltas = outputGradients
    below.receiveGradient(window) { rows, adds in
      for step in 0..<window.steps {
        for stream in 0..<window.batch {
          let target = (step * window.batch + stream) * inputs
          rows.withSlice(target..<(target + inputs)) { row in
            for later in step..<min(window.steps, step + steps) {
              let tap = steps - 1 - (later - step)
              let from = start(window) + (later * window.batch + stream) * width + tap * inputs
              VectorOperations.write(
                deltas.span.extracting(from..<(from + inputs)), to: &row, adds: adds || later > step)
            }
          }
        }
      }
    }
  }
}
