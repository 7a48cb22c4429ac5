extension VectorOperations {
  /// Copies `source` to `destination`, both `[n]`.
  public static func copy(_ source: Span<Float>, to destination: inout MutableSpan<Float>) {
    requireCount(source.count, destination.count, "source")
    // Safe: both hold the same number of elements, and a span that is written shares no memory with another.
    unsafe destination.withUnsafeMutableBufferPointer { destination in
      unsafe source.withUnsafeBufferPointer { source in
        _ = unsafe destination.update(fromContentsOf: source)
      }
    }
  }
}
