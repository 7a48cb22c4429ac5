/// Writes plain values as a pickle of protocol 2.
enum PickleWriter {
  /// The pickle of a value.
  ///
  /// An object is written as the call of its type with its arguments, and with its pairs; states and elements are not written.
  static func bytes(of value: PickleValue) -> [UInt8] {
    var bytes: [UInt8] = [0x80, 2]
    write(value, to: &bytes)
    bytes.append(UInt8(ascii: "."))
    return bytes
  }

  private static func write(_ value: PickleValue, to bytes: inout [UInt8]) {
    switch value {
    case .none: bytes.append(UInt8(ascii: "N"))
    case .bool(let value): bytes.append(value ? 0x88 : 0x89)
    case .integer(let value): write(value, to: &bytes)
    case .longInteger(let value): bytes += [0x8A, UInt8(truncatingIfNeeded: value.count)] + value
    case .real(let value):
      bytes.append(UInt8(ascii: "G"))
      bytes += big(value.bitPattern)
    case .string(let value):
      let text = Array(value.utf8)
      bytes.append(UInt8(ascii: "X"))
      bytes += big(UInt32(truncatingIfNeeded: text.count)).reversed() + text
    case .bytes(let value):
      // Protocol 2 has no bytes of its own; this is what Python itself writes there.
      let text = String(String.UnicodeScalarView(value.map { Unicode.Scalar($0) }))
      write(
        .object(PickleObject(calling: "_codecs", "encode", [.string(text), .string("latin1")])), to: &bytes)
    case .list(let values):
      bytes += [UInt8(ascii: "]"), UInt8(ascii: "(")]
      for value in values { write(value, to: &bytes) }
      bytes.append(UInt8(ascii: "e"))
    case .tuple(let values):
      bytes.append(UInt8(ascii: "("))
      for value in values { write(value, to: &bytes) }
      bytes.append(UInt8(ascii: "t"))
    case .set(let values):
      write(.object(PickleObject(calling: "__builtin__", "set", [.list(values)])), to: &bytes)
    case .dictionary(let dictionary):
      bytes.append(UInt8(ascii: "}"))
      write(dictionary, to: &bytes)
    case .global(let name):
      bytes += [UInt8(ascii: "c")] + Array("\(name.module)\n\(name.name)\n".utf8)
    case .object(let object):
      write(.global(object.type), to: &bytes)
      write(.tuple(object.arguments), to: &bytes)
      bytes.append(UInt8(ascii: "R"))
      if !object.pairs.pairs.isEmpty { write(object.pairs, to: &bytes) }
    case .persistent(let identifier):
      write(identifier, to: &bytes)
      bytes.append(UInt8(ascii: "Q"))
    }
  }

  private static func write(_ dictionary: PickleDictionary, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "("))
    for pair in dictionary.pairs {
      write(pair.key, to: &bytes)
      write(pair.value, to: &bytes)
    }
    bytes.append(UInt8(ascii: "u"))
  }

  private static func write(_ value: Int, to bytes: inout [UInt8]) {
    if let small = UInt8(exactly: value) {
      bytes += [UInt8(ascii: "K"), small]
    } else if let medium = Int32(exactly: value) {
      bytes += [UInt8(ascii: "J")] + big(medium).reversed()
    } else {
      bytes += [0x8A, 8] + big(value).reversed()
    }
  }

  private static func big<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    (1...(Value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> (Value.bitWidth - $0 * 8)) }
  }
}

extension PickleObject {
  /// What a call stands for.
  init(calling module: String, _ name: String, _ arguments: [PickleValue], pairs: PickleDictionary = .empty) {
    self.init(
      type: PickleName(module: module, name: name), arguments: arguments, state: nil, elements: [], pairs: pairs)
  }
}
