import Kernels

/// The vectors that come in, as the output of a layer, so that every other layer takes them as it takes any other's.
final class FeatureLayer: NetworkLayer {
  init(width: Int, capacity: Window, trains: Bool) {
    super.init(width: width, leadingSlots: 0, capacity: capacity, trains: trains)
  }

  /// Takes the vectors of a window, `[steps, batch, width]`.
  func load(_ values: [Float], _ window: Window) {
    var target = outputs.taken()
    defer { outputs = target }
    var span = target.mutableSpan
    span.withSlice(range(window)) { VectorOperations.copy(values.span.extracting(0..<$0.count), to: &$0) }
  }
}
