/// Texts laid out side by side in the same number of bytes each, filled up with NUL.
struct FixedStrings {
  /// The bytes of one text: those of the longest, at least one, as HDF5 has no string of no bytes.
  let width: Int
  /// The bytes of all texts, `[text, width]`.
  let bytes: [UInt8]

  /// - Throws: `hdf5.text` for a text with NUL, which could not be told from the filling
  init(_ texts: [String], at location: Location) throws(HDF5Error) {
    let width = max(1, texts.map(\.utf8.count).max() ?? 0)
    guard !width.multipliedReportingOverflow(by: texts.count).overflow else {
      throw location.refusal(.tooLarge, "write", "the texts are too long")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(width * texts.count)
    for text in texts {
      if text.utf8.contains(0) { throw location.refusal(.text, "write", "the text contains NUL") }
      bytes += text.utf8
      bytes += repeatElement(0, count: width - text.utf8.count)
    }
    self.width = width
    self.bytes = bytes
  }

  /// Takes such texts apart again.
  static func decode(
    _ bytes: [UInt8], width: Int, padding: StringPadding, at location: Location
  ) throws(HDF5Error) -> [String] {
    var texts: [String] = []
    for start in stride(from: 0, to: bytes.count, by: width) {
      guard let text = padding.text(bytes[start..<min(start + width, bytes.count)]) else {
        throw location.refusal(.text, "read", "the text is not UTF-8")
      }
      texts.append(text)
    }
    return texts
  }
}
