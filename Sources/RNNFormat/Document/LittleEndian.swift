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
