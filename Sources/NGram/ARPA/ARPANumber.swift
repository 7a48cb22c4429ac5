import RealModule

/// Decimal numbers in ARPA files.
enum ARPANumber {
  /// The number that stands in a field; nil if none does.
  static func parse(_ field: ArraySlice<UInt8>) -> Double? {
    if let number = parseShort(field) { return number }
    // Rare forms, such as many digits, NaN or infinity; a field is no longer than its line.
    let text = String(decoding: field, as: UTF8.self)
    return text.contains(where: { "xXpP".contains($0) }) ? nil : Double(text)
  }

  /// Numbers of at most 15 digits and a small exponent, which two exact numbers give by one rounding.
  private static func parseShort(_ field: ArraySlice<UInt8>) -> Double? {
    var (mantissa, digits, scale, position) = (0, 0, 0, field.startIndex)
    guard position < field.endIndex else { return nil }
    let isNegative = field[position] == 0x2D
    if isNegative || field[position] == 0x2B { position += 1 }
    var hasPoint = false
    while position < field.endIndex {
      switch field[position] {
      case let byte where 0x30...0x39 ~= byte:
        digits += 1
        guard digits <= 15 else { return nil }
        mantissa = mantissa * 10 + Int(byte - 0x30)
        if hasPoint { scale += 1 }
      case 0x2E where !hasPoint: hasPoint = true
      default: return nil
      }
      position += 1
    }
    guard digits > 0 else { return nil }
    let value = Double(mantissa) / powers[scale]
    return isNegative ? -value : value
  }

  private static let powers = (0...15).map { Double.pow(10, $0) }
}
