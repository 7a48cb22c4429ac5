extension MutableSpan where Element: BitwiseCopyable {
  /// Lends the elements in `range` to `body` as a span of their own.
  ///
  /// This is how a kernel is given one part, for example one time step, of a larger buffer:
  ///
  ///     var gates = buffer.mutableSpan
  ///     gates.withSlice(size * t..<size * (t + 1)) { slice in Activation.tanh.apply(to: &slice) }
  ///
  /// - Precondition: `range` lies in `0..<count`.
  public mutating func withSlice<Result, Failure: Error>(
    _ range: Range<Int>, _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "slice \(range) of \(count) elements")
    // Safe: the range was checked, and the span made here cannot outlive the closure.
    return unsafe try withUnsafeMutableBufferPointer { buffer throws(Failure) in
      var slice = unsafe UnsafeMutableBufferPointer(rebasing: buffer[range]).mutableSpan
      return try body(&slice)
    }
  }
}
