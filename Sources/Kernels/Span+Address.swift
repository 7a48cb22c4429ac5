extension Span {
  /// Where the elements lie; nil if there are none. Valid as long as the span is: a span is an address and a count, and
  /// what it borrows cannot move.
  @inline(__always)
  var address: UnsafePointer<Element>? {
    isEmpty ? nil : unsafe withUnsafeBufferPointer { $0.baseAddress }
  }
}

extension MutableSpan {
  /// Where the elements lie; nil if there are none. Valid as long as the span is.
  @inline(__always)
  var address: UnsafeMutablePointer<Element>? {
    mutating get { isEmpty ? nil : unsafe withUnsafeMutableBufferPointer { $0.baseAddress } }
  }
}
