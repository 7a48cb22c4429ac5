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
  /// The address, or null for an empty buffer, which stands for an absent one.
  @inline(__always)
  var slotAddress: UnsafeMutablePointer<Element>? { isEmpty ? nil : baseAddress }
}
