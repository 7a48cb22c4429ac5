/// The header of a NumPy array file (`.npy`, versions 1 to 3).
struct NPYHeader: Hashable, Sendable {
  var type: NumericType
  var shape: [Int]
  /// The bytes before the values.
  var length: Int

  /// Why a header is refused.
  struct Malformed: Error, Hashable, Sendable {
    let reason: String
  }

  /// The header of a new array, as NumPy itself writes it.
  static func bytes(type: NumericType, shape: [Int]) -> [UInt8] {
    let lengths = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
    // bfloat16 goes as uint16; who needs to know is told elsewhere.
    let name = type.numpyName ?? "<u2"
    var text = "{'descr': '\(name)', 'fortran_order': False, 'shape': (\(lengths)), }"
    let length = (10 + text.utf8.count + 1 + 63) / 64 * 64 - 10
    text += String(repeating: " ", count: length - text.utf8.count - 1) + "\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
  }

  /// Reads the header at the beginning of a file.
  init(parsing bytes: [UInt8]) throws(Malformed) {
    guard bytes.count >= 10, bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else {
      throw Malformed(reason: "it is not a NumPy array")
    }
    let wide = bytes[6] >= 2
    guard (1...3).contains(bytes[6]), bytes.count >= (wide ? 12 : 10) else {
      throw Malformed(reason: "version \(bytes[6]) of the NumPy format is not known")
    }
    let start = wide ? 12 : 10
    var count = Int(bytes[8]) | Int(bytes[9]) << 8
    if wide { count |= Int(bytes[10]) << 16 | Int(bytes[11]) << 24 }
    guard count <= 65536, start + count <= bytes.count else { throw Malformed(reason: "the header ends too early") }
    let text = String(decoding: bytes[start..<(start + count)], as: UTF8.self)
    self.length = start + count
    (type, shape) = try Self.parse(text)
  }

  /// Reads the dictionary `{'descr': ..., 'fortran_order': ..., 'shape': (...)}`, keys in any order.
  private static func parse(_ text: String) throws(Malformed) -> (NumericType, [Int]) {
    func value(_ key: String) throws(Malformed) -> Substring {
      let parts = text.components(separated: "'\(key)':")
      guard parts.count == 2 else { throw Malformed(reason: "the header has no single '\(key)'") }
      return parts[1].drop { $0 == " " }
    }
    let descr = try value("descr")
    guard let type = NumericType.allCases.first(where: { descr.hasPrefix("'\($0.numpyName ?? "?")'") }) else {
      let name = descr.prefix { $0 != "," }
      throw Malformed(reason: "values of type \(name) are not read: only little-endian numbers")
    }
    guard try value("fortran_order").hasPrefix("False") else {
      throw Malformed(reason: "the array is in Fortran order: save numpy.ascontiguousarray(...) instead")
    }
    let shape = try value("shape")
    guard shape.hasPrefix("("), let end = shape.firstIndex(of: ")") else {
      throw Malformed(reason: "the shape is not understood")
    }
    var lengths: [Int] = []
    for part in shape[shape.index(after: shape.startIndex)..<end].split(separator: ",") {
      let digits = part.filter { $0 != " " }
      if digits.isEmpty { continue }
      guard let length = Int(digits), length >= 0 else { throw Malformed(reason: "the shape is not understood") }
      lengths.append(length)
    }
    guard lengths.count <= 32 else { throw Malformed(reason: "the array has more than 32 dimensions") }
    return (type, lengths)
  }
}

extension String {
  fileprivate func components(separated separator: String) -> [Substring] {
    self.split(separator: separator, omittingEmptySubsequences: false)
  }
}
