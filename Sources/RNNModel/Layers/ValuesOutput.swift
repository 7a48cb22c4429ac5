import Kernels

/// The last layer's values as they are: ``Architecture/Output/values``.
final class ValuesOutput {
  /// The number of values of a row.
  let width: Int

  init(width: Int) { self.width = width }

  /// Copies what the layer below gives, `[rows, width]`.
  func values(_ input: LayerInput, _ window: Window, into results: inout [Float]) {
    guard case .layer(let layer) = input else { return }
    let source = layer.outputs
    var span = results.mutableSpan
    span.withSlice(0..<(window.rows * width)) {
      VectorOperations.copy(source.span.extracting(layer.range(window)), to: &$0)
    }
  }
}
