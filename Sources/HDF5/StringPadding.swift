internal import CHDF5

/// How a text of fixed length ends before its bytes do.
public enum StringPadding: Sendable {
  /// At the first NUL.
  case terminated
  /// Filled up with NUL.
  case zeros
  /// Filled up with spaces, as Fortran does.
  case spaces

  init(_ padding: H5T_str_t) {
    switch padding {
    case H5T_STR_NULLTERM: self = .terminated
    case H5T_STR_SPACEPAD: self = .spaces
    default: self = .zeros
    }
  }

  /// The text in `bytes`, or nil where it is not UTF-8.
  func text(_ bytes: some BidirectionalCollection<UInt8>) -> String? {
    switch self {
    case .terminated: String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
    case .zeros: String(validating: bytes.droppingLast(0), as: UTF8.self)
    case .spaces: String(validating: bytes.droppingLast(UInt8(ascii: " ")), as: UTF8.self)
    }
  }
}

extension BidirectionalCollection<UInt8> {
  /// Without the bytes equal to `padding` at the end.
  fileprivate func droppingLast(_ padding: UInt8) -> SubSequence {
    var end = endIndex
    while end > startIndex {
      let previous = index(before: end)
      if self[previous] != padding { break }
      end = previous
    }
    return self[..<end]
  }
}
