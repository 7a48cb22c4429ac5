internal import CHDF5

/// Texts of variable length, each in a block that the library allocated; gives the blocks back at the end.
struct VariableStrings: ~Copyable {
  private var blocks: [UnsafeMutablePointer<CChar>?]

  init(count: Int) { blocks = Array(repeating: nil, count: count) }

  /// Reads with `body`, copies the texts and gives the blocks back.
  ///
  /// - Parameters:
  ///   - type: the type of the blocks in memory
  ///   - space: as many elements as there are texts
  ///   - transfer: the property list with the allocator of the blocks, or the default one
  ///   - body: the call that fills the blocks
  consuming func read(
    type: hid_t, space: hid_t, transfer: hid_t, at location: Location, _ body: (UnsafeMutableRawPointer) -> herr_t
  ) throws(HDF5Error) -> [String] {
    // Safe: the library writes one pointer for each element of `space`, and the array has as many.
    let status = blocks.withUnsafeMutableBytes { buffer in buffer.baseAddress.map(body) ?? 0 }
    let failure = status < 0 ? location.failure("read", .readFailed) : nil
    let texts = failure == nil ? blocks.map { $0.map { String(validatingCString: $0) } ?? "" } : []
    // Blocks that a failed call left behind are given back as well; those it never made are nil.
    blocks.withUnsafeMutableBytes { buffer in
      if let base = buffer.baseAddress { _ = chdf5_reclaim(type, space, transfer, base) }
    }
    if let failure { throw failure }
    var result: [String] = []
    for text in texts {
      guard let text else { throw location.refusal(.text, "read", "the text is not UTF-8") }
      result.append(text)
    }
    return result
  }
}
