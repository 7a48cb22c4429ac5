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

  /// Makes every value zero, also one that is not a number.
  public static func clear(_ values: inout MutableSpan<Float>) {
    // Safe: the buffer's own elements.
    unsafe values.withUnsafeMutableBufferPointer { unsafe $0.update(repeating: 0) }
  }
}
