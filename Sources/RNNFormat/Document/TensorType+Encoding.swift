extension TensorType {
  /// Why numbers cannot be stored as a type.
  public struct OutOfRange: Error, Hashable, Sendable, CustomStringConvertible {
    /// The type.
    public let type: TensorType
    /// The number.
    public let value: Double

    /// One sentence.
    public var description: String { "\(value) is beyond the range of \(type.rawValue)" }
  }

  /// The little-endian bytes of numbers, each rounded once to the nearest that the type has, ties to even.
  ///
  /// - Throws: ``OutOfRange`` for the first number that would become infinite, or is not finite.
  public func bytes(of values: [Double]) throws(OutOfRange) -> [UInt8] {
    let isReal = Self.reals.contains(self)
    let outlier = values.first { !(abs($0) <= largest) || !isReal && ($0 < 0 || $0.rounded() != $0) }
    if let outlier { throw OutOfRange(type: self, value: outlier) }
    return switch self {
    case .float64: LittleEndian.bytes(values)
    case .float32: LittleEndian.bytes(values.map { Float($0) }[...])
    case .float16: LittleEndian.bytes(values.lazy.map { Self.half(rounded($0)) })
    case .uint32: LittleEndian.bytes(values.lazy.map { UInt32($0) })
    case .uint64: LittleEndian.bytes(values.lazy.map { UInt64($0) })
    // The rounded number has no bits below the upper half.
    case .bfloat16: LittleEndian.bytes(values.lazy.map { UInt16(Float(rounded($0)).bitPattern >> 16) })
    }
  }

  /// Whether every number of another type is one of this type too.
  public func holds(_ other: TensorType) -> Bool {
    self == other
      || Self.reals.contains(self) && Self.reals.contains(other) && significandBits >= other.significandBits
        && largest >= other.largest && leastExponent <= other.leastExponent
  }

  /// The bits of the significand behind the point.
  private var significandBits: Int {
    switch self {
    case .float64: 52
    case .float32: 23
    case .float16: 10
    case .bfloat16: 7
    case .uint32: 31
    case .uint64: 63
    }
  }

  /// The exponent of the smallest number that is not subnormal.
  private var leastExponent: Int {
    switch self {
    case .float64: -1022
    case .float32, .bfloat16: -126
    case .float16: -14
    case .uint32, .uint64: 0
    }
  }

  /// The largest float64 that does not become infinite: half a step above the largest number is a tie, and goes to infinity.
  private var largest: Double {
    switch self {
    case .float64: .greatestFiniteMagnitude
    case .float32: (Double(Float.greatestFiniteMagnitude) + 0x1p103).nextDown
    case .float16: (65520 as Double).nextDown
    case .bfloat16: (0x1.FFp127 as Double).nextDown
    case .uint32: 0x1p32 - 1
    // The largest integer below 2^53: beyond it float64 skips some.
    case .uint64: 0x1p53 - 1
    }
  }

  /// The nearest number that the type has.
  private func rounded(_ value: Double) -> Double {
    guard self != .float64, value != 0, value.isFinite else { return value }
    let exponent = max(Int(value.exponent), leastExponent)
    let step = Double(sign: .plus, exponent: exponent - significandBits, significand: 1)
    // Exact: a step is a power of two, and far from the limits of float64.
    return (value / step).rounded(.toNearestOrEven) * step
  }

  /// The bits of a number that half precision has.
  private static func half(_ value: Double) -> UInt16 {
    let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
    let magnitude = value.magnitude
    guard magnitude >= 0x1p-14 else { return sign | UInt16(magnitude / 0x1p-24) }
    let exponent = UInt16(Int(magnitude.exponent) + 15)
    return sign | exponent << 10 | UInt16((magnitude.significand - 1) * 1024)
  }
}
