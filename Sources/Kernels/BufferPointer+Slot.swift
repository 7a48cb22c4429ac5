extension UnsafeBufferPointer {
  /// The address of slot `index` of `size` elements. The caller has checked that the slot lies in the buffer.
  @inline(__always)
  func slot(_ index: Int, _ size: Int) -> UnsafePointer<Element>? {
    unsafe baseAddress.map { unsafe $0 + index * size }
  }
}

extension UnsafeMutableBufferPointer {
  /// The address of slot `index` of `size` elements. The caller has checked that the slot lies in the buffer.
  @inline(__always)
  func slot(_ index: Int, _ size: Int) -> UnsafeMutablePointer<Element>? {
    unsafe baseAddress.map { unsafe $0 + index * size }
  }
}

extension UnsafeMutableBufferPointer {
  /// The address of an element, or null for an empty buffer, which stands for an absent one. The caller has checked that the
  /// element lies in a buffer that is not empty.
  @inline(__always)
  func optionalAddress(of index: Int) -> UnsafeMutablePointer<Element>? {
    isEmpty ? nil : unsafe slot(1, index)
  }
}
