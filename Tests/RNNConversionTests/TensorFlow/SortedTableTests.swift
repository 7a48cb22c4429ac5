import Foundation
import RNNFormat
import Testing

@testable import RNNConversion

/// Writes tables as LevelDB lays them out, all in one block.
enum TableBuilder {
  static func varint(_ value: Int) -> [UInt8] {
    var (value, bytes): (UInt64, [UInt8]) = (UInt64(bitPattern: Int64(value)), [])
    repeat {
      bytes.append(UInt8(value & 0x7F) | (value > 0x7F ? 0x80 : 0))
      value >>= 7
    } while value > 0
    return bytes
  }

  /// A block with its restarts, type and check.
  private static func sealed(_ entries: [UInt8]) -> [UInt8] {
    let block = entries + LittleEndian.bytes([UInt32(0), 1]) + [0]
    return block + LittleEndian.bytes([CRC32C.masked(CRC32C.checksum(block))])
  }

  static func table(block entries: [UInt8]) -> [UInt8] {
    let block = sealed(entries)
    let handle = varint(0) + varint(block.count - 5)
    let index = sealed([0, 1] + varint(handle.count) + [0xFF] + handle)
    let tables = sealed([])
    var footer = varint(block.count) + varint(tables.count - 5)
    footer += varint(block.count + tables.count) + varint(index.count - 5)
    footer += [UInt8](repeating: 0, count: 40 - footer.count)
    return block + tables + index + footer + SortedTable.magic
  }

  static func table(_ entries: [(key: String, value: [UInt8])]) -> [UInt8] {
    var block: [UInt8] = []
    for (key, value) in entries {
      block.append(0)
      block += varint(key.utf8.count)
      block += varint(value.count)
      block += Array(key.utf8)
      block += value
    }
    return table(block: block)
  }
}

/// Fields in the wire format of protocol buffers.
enum Proto {
  static func integer(_ field: Int, _ value: Int) -> [UInt8] {
    TableBuilder.varint(field << 3) + TableBuilder.varint(value)
  }

  static func message(_ field: Int, _ bytes: [UInt8]) -> [UInt8] {
    TableBuilder.varint(field << 3 | 2) + TableBuilder.varint(bytes.count) + bytes
  }
}

@Suite struct SortedTableTests {
  /// The numbers of RFC 3720, B.4.
  @Test func checksAsTheStandardDoes() {
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.checksum(Array(0..<32)) == 0x46DD_794E)
    #expect(CRC32C.checksum(Array((0..<32).reversed())) == 0x113F_DB5C)
    #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
  }

  @Test func checksInPieces() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 7) }
    for cut in [0, 1, 7, 8, 9, 500, 1000] {
      var check = CRC32C()
      check.update(bytes[..<cut])
      check.update(bytes[cut...])
      #expect(check.value == CRC32C.checksum(bytes))
    }
  }

  @Test func readsKeysThatShare() throws {
    let scratch = try Scratch()
    let block: [UInt8] = [0, 3, 1] + Array("abc".utf8) + [7] + [2, 1, 0] + Array("d".utf8)
    let path = try scratch.file("a", TableBuilder.table(block: block))
    let table = try SortedTable(opening: path)
    #expect(table.entries.map(\.key) == [Array("abc".utf8), Array("abd".utf8)])
    #expect(try table.file.bytes(table.entries[0].value) == [7])
    #expect(table.entries[1].value.isEmpty)
  }

  private static let broken: [(says: String, block: [UInt8])] = [
    ("shares more", [1, 0, 0]), ("longer than its block", [0, 9, 0, 0x61]), ("longer than its block", [0, 1, 9, 0x61]),
    ("ends within an entry", [0, 0x80]), ("more than 32 bits", [0x80, 0x80, 0x80, 0x80, 0x80, 0x80]),
    ("not in order", [0, 1, 0, 0x62, 0, 1, 0, 0x61]), ("not in order", [0, 1, 0, 0x62, 1, 0, 0]),
  ]

  @Test(arguments: broken.indices)
  func brokenBlocksAreRefused(index: Int) throws {
    let scratch = try Scratch()
    let path = try scratch.file("a", TableBuilder.table(block: Self.broken[index].block))
    let error = #expect(throws: ConversionError.self) { try SortedTable(opening: path) }
    #expect("\(try #require(error))".contains(Self.broken[index].says))
  }

  /// The rule of `ordered_code.h` by hand, for what no small fixture has: all of an axis, and numbers of several bytes.
  @Test func codesNumbersInOrder() throws {
    #expect(OrderedCode.signed(0) == [0x80])
    #expect(OrderedCode.signed(-1) == [0x7F])
    #expect(OrderedCode.signed(63) == [0xBF])
    #expect(OrderedCode.signed(64) == [0xC0, 0x40])
    #expect(OrderedCode.signed(-65) == [0x3F, 0xBF])
    #expect(OrderedCode.signed(.max) == [0xFF, 0xC0, 0x7F] + [UInt8](repeating: 0xFF, count: 7))
    let numbers = [Int.min, -1_000_000, -8193, -8192, -65, -64, -1, 0, 1, 63, 64, 8191, 8192, 1 << 40, .max]
    let codes = numbers.map { OrderedCode.signed($0) }
    #expect(zip(codes, codes.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
  }

  /// The keys of the parts of two variables, as TensorFlow wrote them.
  @Test func codesPartsAsTensorFlowDoes() throws {
    let table = try SortedTable(opening: TensorFlowFixtures.path("options.index"))
    let keys = Set(table.entries.map(\.key).filter { $0.first == 0 })
    #expect(keys.count > 4)
    let rows = Proto.message(1, Proto.integer(1, 3) + Proto.integer(2, 2))
    let extents = rows + Proto.message(1, Proto.integer(1, 0) + Proto.integer(2, 4))
    let scratch = try Scratch()
    let file = try SharedFile(opening: try scratch.file("a", extents))
    let slice = try TensorSlice(ProtobufMessage(FileCursor(file, place: "a")))
    #expect(slice.extents == [3..<5, 0..<4])
    #expect(keys.contains(OrderedCode.key(of: slice, name: Array("embedding".utf8))))
  }
}
