extension VectorOperations {
  /// Copies `source` to `destination`, both `[n]`.
  public static func copy(_ source: Span<Float>, to destination: inout MutableSpan<Float>) {
    let count = destination.count
    requireCount(source.count, count, "source")
    // Safe: both hold the same number of elements, and a span that is written shares no memory with another.
    unsafe destination.withUnsafeMutableBufferPointer { destination in
      unsafe source.withUnsafeBufferPointer { source in
        nonisolated(unsafe) let (source, destination) = unsafe (source, destination)
        ThreadTeam.forEachShare(of: count, minimum: 1 << 16) { range in
          guard let from = unsafe source.slot(1, range.lowerBound) else { return }
          unsafe destination.slot(1, range.lowerBound)?.update(from: from, count: range.count)
        }
      }
    }
  }

  /// Writes `source` to `destination`, both `[n]`, or adds it to what is there.
  public static func write(_ source: Span<Float>, to destination: inout MutableSpan<Float>, adds: Bool) {
    if adds { add(source, to: &destination) } else { copy(source, to: &destination) }
  }

  /// Makes every value zero, also one that is not a number.
  public static func clear(_ values: inout MutableSpan<Float>) {
    let count = values.count
    // Safe: the shares are ranges of the buffer's own elements.
    unsafe values.withUnsafeMutableBufferPointer { values in
      nonisolated(unsafe) let values = unsafe values
      ThreadTeam.forEachShare(of: count, minimum: 1 << 16) { range in
        unsafe values.slot(1, range.lowerBound)?.update(repeating: 0, count: range.count)
      }
    }
  }
}
