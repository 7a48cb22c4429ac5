/// A number that a dataset or an attribute can hold.
///
/// Stored little-endian and, for floating point, in the layout of IEEE 754, whatever machine writes.
public protocol Element: BitwiseCopyable, Sendable {
  /// The type of one such number in a file: as wide as the Swift type, which must have the same bits in native order.
  static var datatype: Datatype { get }
}

extension UInt8: Element {
  /// An unsigned integer of 8 bits.
  public static var datatype: Datatype { .integer(bits: 8, signed: false) }
}

extension UInt16: Element {
  /// An unsigned integer of 16 bits.
  public static var datatype: Datatype { .integer(bits: 16, signed: false) }
}

extension UInt32: Element {
  /// An unsigned integer of 32 bits.
  public static var datatype: Datatype { .integer(bits: 32, signed: false) }
}

extension UInt64: Element {
  /// An unsigned integer of 64 bits.
  public static var datatype: Datatype { .integer(bits: 64, signed: false) }
}

extension Int8: Element {
  /// A signed integer of 8 bits.
  public static var datatype: Datatype { .integer(bits: 8, signed: true) }
}

extension Int16: Element {
  /// A signed integer of 16 bits.
  public static var datatype: Datatype { .integer(bits: 16, signed: true) }
}

extension Int32: Element {
  /// A signed integer of 32 bits.
  public static var datatype: Datatype { .integer(bits: 32, signed: true) }
}

extension Int64: Element {
  /// A signed integer of 64 bits.
  public static var datatype: Datatype { .integer(bits: 64, signed: true) }
}

#if !(os(macOS) && arch(x86_64))
  extension Float16: Element {
    /// IEEE 754 binary16.
    public static var datatype: Datatype { .float(bits: 16) }
  }
#endif

extension Float: Element {
  /// IEEE 754 binary32.
  public static var datatype: Datatype { .float(bits: 32) }
}

extension Double: Element {
  /// IEEE 754 binary64.
  public static var datatype: Datatype { .float(bits: 64) }
}
