/// Memory of an operation that is called again and again: taken when first needed, kept, and replaced when more is asked
/// for. Its elements are not initialised, and do not survive a replacement.
@unsafe struct ReusedBuffer<Element: BitwiseCopyable>: ~Copyable {
  private var memory = unsafe UnsafeMutableBufferPointer<Element>(start: nil, count: 0)

  init() {}

  /// The address of at least `count` elements, at least one; valid until the next call.
  mutating func reserve(_ count: Int) -> UnsafeMutablePointer<Element> {
    if let address = unsafe memory.baseAddress, unsafe memory.count >= count { return unsafe address }
    unsafe memory.deallocate()
    // Vectors are loaded fastest from whole cache lines.
    let raw = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(1, count) * MemoryLayout<Element>.stride, alignment: 64)
    unsafe memory = raw.bindMemory(to: Element.self)
    // Safe: the allocation is not empty, and so has an address.
    return unsafe memory.baseAddress.unsafelyUnwrapped
  }

  deinit { unsafe memory.deallocate() }
}
