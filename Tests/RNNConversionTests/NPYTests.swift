import RNNFormat
import Testing

@testable import RNNConversion

@Suite struct NPYTests {
  private static func header(_ text: String, version: [UInt8] = [1, 0], length: Int? = nil) -> [UInt8] {
    let count = length ?? text.utf8.count
    return [0x93] + Array("NUMPY".utf8) + version + [UInt8(count & 0xFF), UInt8(count >> 8 & 0xFF)] + Array(text.utf8)
  }

  private static func text(_ descr: String, _ shape: String, order: String = "False") -> String {
    "{'descr': \(descr), 'fortran_order': \(order), 'shape': \(shape), }\n"
  }

  @Test(arguments: [NumericType.float32, .float64, .int64, .int8, .uint8, .uint16, .bool])
  func readsTheHeaderThatItWrites(type: NumericType) throws {
    for shape in [[], [3], [2, 0, 5]] {
      let bytes = NPYHeader.bytes(type: type, shape: shape)
      #expect(bytes.count % 64 == 0)
      #expect(bytes.last == 0x0A)
      let header = try NPYHeader(parsing: bytes)
      #expect(header.type == type && header.shape == shape && header.length == bytes.count)
    }
  }

  @Test func readsKeysInAnyOrder() throws {
    let text = "{'shape': (2,), 'fortran_order': False, 'descr': '<i4'}"
    let header = try NPYHeader(parsing: Self.header(text))
    #expect(header.type == .int32 && header.shape == [2])
  }

  private static let hostile: [(bytes: [UInt8], says: String)] = [
    ([], "not a NumPy array"), (Array("\u{93}NUMPY".utf8), "not a NumPy array"),
    (Array("PK".utf8) + [UInt8](repeating: 0, count: 30), "not a NumPy array"),
    (header(text("'<f4'", "(1,)"), version: [4, 0]), "version 4"),
    (header(text("'<f4'", "(1,)"), version: [0, 0]), "version 0"),
    (header(text("'<f4'", "(1,)"), length: 65535), "ends too early"),
    (header(text("'>f4'", "(1,)")), "little-endian"), (header(text("'|O'", "(1,)")), "little-endian"),
    (header(text("'O'", "(1,)")), "little-endian"), (header(text("'<c8'", "(1,)")), "little-endian"),
    (header(text("'<U5'", "(1,)")), "little-endian"), (header(text("[('a', '<f4')]", "(1,)")), "little-endian"),
    (header(text("'<f4'", "(1,)", order: "True")), "Fortran"), (header(text("'<f4'", "(-1,)")), "not understood"),
    (header(text("'<f4'", "(1.5,)")), "not understood"), (header(text("'<f4'", "7")), "not understood"),
    (header(text("'<f4'", "(1,")), "not understood"),
    (header(text("'<f4'", "(99999999999999999999,)")), "not understood"),
    (header(text("'<f4'", "(" + String(repeating: "1,", count: 33) + ")")), "32 dimensions"),
    (header("{}"), "no single"),
    (header("{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': ()}"), "no single"),
  ]

  @Test(arguments: hostile.indices)
  func refuses(index: Int) {
    let (bytes, says) = Self.hostile[index]
    do throws(NPYHeader.Malformed) {
      let header = try NPYHeader(parsing: bytes)
      Issue.record("it was read as \(header)")
    } catch {
      #expect(error.reason.contains(says), "\(error.reason)")
    }
  }

  @Test func refusesMoreOrFewerValuesThanTheShapeNeeds() throws {
    let scratch = try Scratch()
    let header = NPYHeader.bytes(type: .int32, shape: [2])
    let right = try NPYFile(reading: scratch.file("a.npy", header + [1, 0, 0, 0, 255, 255, 255, 255]))
    #expect(right.integers == [1, -1])
    for count in [0, 7, 9] {
      let path = try scratch.file("b.npy", header + [UInt8](repeating: 0, count: count))
      #expect(throws: ConversionError.self) { try NPYFile(reading: path) }
    }
    let wide = Self.header(Self.text("'<f8'", "(4294967296, 4294967296)"))
    #expect(throws: ConversionError.self) { try NPYFile(reading: scratch.file("c.npy", wide)) }
  }
}
