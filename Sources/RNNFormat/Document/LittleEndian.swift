import RNNModel

/// Numbers as little-endian bytes and back.
public enum LittleEndian {
  /// The bytes of integers.
  public static func bytes<Value: FixedWidthInteger>(_ values: some Sequence<Value>) -> [UInt8] {
    values.flatMap { value in (0..<(Value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
  }

  /// The bytes of float32 values.
  public static func bytes(_ values: ArraySlice<Float>) -> [UInt8] {
    #if _endian(little)
      // Safe: floats have no padding, and the bytes are copied before the closure ends.
      return values.withUnsafeBytes { Array($0) }
    #else
      return bytes(values.lazy.map(\.bitPattern))
    #endif
  }

  /// The bytes of float64 values.
  public static func bytes(_ values: [Double]) -> [UInt8] { bytes(values.lazy.map(\.bitPattern)) }

  /// The bytes of integers that lie in memory.
  public static func bytes<Value: FixedWidthInteger & BitwiseCopyable>(_ values: [Value]) -> [UInt8] {
    #if _endian(little)
      // Safe: integers have no padding, and the bytes are copied before the closure ends.
      return values.withUnsafeBytes { Array($0) }
    #else
      return bytes(values.lazy.map(\.self))
    #endif
  }

  /// The integers in bytes, whose number is a multiple of the integer's size.
  public static func integers<Value: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: [UInt8], as type: Value.Type
  ) -> [Value] {
    let size = Value.bitWidth / 8
    let count = bytes.count / size
    #if _endian(little)
      return [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
        // Safe: every bit pattern is an integer, and `count * size` bytes fit both buffers.
        bytes.withUnsafeBytes {
          UnsafeMutableRawBufferPointer(buffer).copyMemory(from: .init(rebasing: $0[..<(count * size)]))
        }
        initialized = count
      }
    #else
      return (0..<count).map { index in
        (0..<size).reduce(0) { $0 | Value(truncatingIfNeeded: bytes[index * size + $1]) << ($1 * 8) }
      }
    #endif
  }

  /// The values of a tensor in a chosen precision.
  public static func values<Scalar: ReferenceScalar>(_ bytes: [UInt8], type: TensorType, as: Scalar.Type) -> [Scalar] {
    switch type {
    case .float64: integers(bytes, as: UInt64.self).map { Scalar(Double(bitPattern: $0)) }
    case .float32: integers(bytes, as: UInt32.self).map { Scalar(Float(bitPattern: $0)) }
    case .float16: integers(bytes, as: UInt16.self).map { Scalar(half($0)) }
    case .bfloat16: integers(bytes, as: UInt16.self).map { Scalar(Float(bitPattern: UInt32($0) << 16)) }
    case .uint32: integers(bytes, as: UInt32.self).map { Scalar($0) }
    case .uint64: integers(bytes, as: UInt64.self).map { Scalar($0) }
    }
  }

  /// The values of a tensor as float64, which holds those of every type: compiled for that here, where other modules would call what is
  /// generic.
  public static func doubles(_ bytes: [UInt8], type: TensorType) -> [Double] {
    values(bytes, type: type, as: Double.self)
  }

  /// Appends the values of a tensor as float64.
  ///
  /// Not generic, as it is called from other modules with whole tensors: nothing is held but the bytes and the result.
  public static func append(_ bytes: [UInt8], type: TensorType, to values: inout [Double]) {
    append(bytes, type, to: &values, from32: { Double($0) }, from64: { $0 })
  }

  /// Appends the values of a tensor as float32.
  public static func append(_ bytes: [UInt8], type: TensorType, to values: inout [Float]) {
    append(bytes, type, to: &values, from32: { $0 }, from64: { Float($0) })
  }

  @inline(__always)
  private static func append<Scalar>(
    _ bytes: [UInt8], _ type: TensorType, to values: inout [Scalar], from32: (Float) -> Scalar,
    from64: (Double) -> Scalar
  ) {
    let count = bytes.count / type.size
    // Safe: each load lies within the bytes, and every bit pattern is a number.
    bytes.withUnsafeBytes { raw in
      for index in 0..<count {
        switch type {
        case .float64:
          values.append(
            from64(
              Double(bitPattern: UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)))))
        case .float32:
          values.append(
            from32(
              Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))))
        case .float16:
          values.append(
            from32(half(UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)))))
        case .bfloat16:
          let bits = UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
          values.append(from32(Float(bitPattern: UInt32(bits) << 16)))
        case .uint32:
          values.append(
            from64(Double(UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))))
        case .uint64:
          values.append(
            from64(Double(UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)))))
        }
      }
    }
  }

  /// Whether all values of a tensor can be parameters: numbers that float32 holds.
  ///
  /// Nothing but the bytes is held.
  public static func areParameters(_ bytes: [UInt8], type: TensorType) -> Bool {
    // Safe: each load lies within the bytes. An exponent of ones is an infinity or no number.
    bytes.withUnsafeBytes { raw in
      let places = stride(from: 0, through: raw.count - type.size, by: type.size)
      switch type {
      case .float64:
        return places.allSatisfy {
          let bits = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: UInt64.self))
          return abs(Double(bitPattern: bits)) <= Double(Float.greatestFiniteMagnitude)
        }
      case .float32:
        return places.allSatisfy {
          UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: UInt32.self)) & 0x7F80_0000 != 0x7F80_0000
        }
      case .float16:
        return places.allSatisfy {
          UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: UInt16.self)) & 0x7C00 != 0x7C00
        }
      case .bfloat16:
        return places.allSatisfy {
          UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: UInt16.self)) & 0x7F80 != 0x7F80
        }
      case .uint32, .uint64: return true
      }
    }
  }

  /// Whether all values can be parameters: numbers that float32 holds.
  static func areParameters<Scalar: ReferenceScalar>(_ values: [Scalar]) -> Bool {
    values.allSatisfy { abs($0) <= Scalar(Float.greatestFiniteMagnitude) }
  }

  /// An IEEE 754 half-precision number, computed from its fields: `Float16` does not exist on every platform.
  private static func half(_ bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10) & 0x1F
    let fraction = Float(bits & 0x3FF)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
    }
  }
}
