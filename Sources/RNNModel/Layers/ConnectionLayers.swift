import Kernels

/// A layer that takes the outputs of earlier ones, which it knows itself.
class ConnectionLayer: NetworkLayer {
  final let sources: [NetworkLayer]

  init(width: Int, of sources: [NetworkLayer], capacity: Window, trains: Bool) {
    self.sources = sources
    super.init(width: width, leadingSlots: 0, capacity: capacity, trains: trains)
  }
}

/// The sum of what earlier layers give: residual connections.
final class SumLayer: ConnectionLayer {
  init(of sources: [NetworkLayer], capacity: Window, trains: Bool) {
    super.init(width: sources.first?.width ?? 0, of: sources, capacity: capacity, trains: trains)
  }

  override func forward(_ input: LayerInput, _ window: Window, parameters: [Float]) {
    var values = outputs.taken()
    defer { outputs = values }
    var span = values.mutableSpan
    span.withSlice(range(window)) { rows in
      VectorOperations.clear(&rows)
      for source in sources {
        let added = source.outputs
        VectorOperations.add(added.span.extracting(source.range(window)), to: &rows)
      }
    }
  }

  override func backward(_ input: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float]) {
    let deltas = outputGradients
    for source in sources {
      source.receiveGradient(window) { rows, adds in
        VectorOperations.write(deltas.span.extracting(range(window)), to: &rows, adds: adds)
      }
    }
  }
}

/// What earlier layers give, side by side in the order of their names.
final class ConcatenationLayer: ConnectionLayer {
  init(of sources: [NetworkLayer], capacity: Window, trains: Bool) {
    super.init(width: sources.reduce(0) { $0 + $1.width }, of: sources, capacity: capacity, trains: trains)
  }

  override func forward(_ input: LayerInput, _ window: Window, parameters: [Float]) {
    var values = outputs.taken()
    defer { outputs = values }
    var span = values.mutableSpan
    var column = 0
    for source in sources {
      let part = source.outputs
      let from = source.start(window)
      for row in 0..<window.rows {
        let start = row * width + column
        span.withSlice(start..<(start + source.width)) {
          let first = from + row * source.width
          VectorOperations.copy(part.span.extracting(first..<(first + source.width)), to: &$0)
        }
      }
      column += source.width
    }
  }

  override func backward(_ input: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float]) {
    let deltas = outputGradients
    var column = 0
    for source in sources {
      source.receiveGradient(window) { rows, adds in
        for row in 0..<window.rows {
          let start = row * width + column
          rows.withSlice((row * source.width)..<((row + 1) * source.width)) {
            VectorOperations.write(deltas.span.extracting(start..<(start + source.width)), to: &$0, adds: adds)
          }
        }
      }
      column += source.width
    }
  }
}
