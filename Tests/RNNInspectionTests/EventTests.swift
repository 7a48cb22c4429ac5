import Foundation
import RNNFormat
import Testing

@testable import RNNInspection

/// The bytes that TensorBoard reads; that it does read them, `tools/python/tests/test_tensorboard.py` shows.
struct EventTests {
  @Test func recordsAreFramed() {
    let record = EventFile.record([1, 2, 3])
    #expect(record.count == 8 + 4 + 3 + 4)
    #expect(Array(record[..<8]) == [3, 0, 0, 0, 0, 0, 0, 0] && Array(record[12..<15]) == [1, 2, 3])
    // The CRC-32C of 1, 2, 3, by a program that goes bit by bit.
    let check: UInt32 = 0xF130_F21E
    let masked = (check >> 15 | check << 17) &+ 0xA282_EAD8
    #expect(Array(record[15...]) == LittleEndian.bytes([masked]))
  }

  /// Fields and wire types by hand: Event { wall_time = 1 (fixed64), step = 2 (varint), summary = 5 { value = 1 { tag = 1, simple_value = 2 } } }.
  @Test func aScalarIsAFieldInAFieldInAField() {
    let event = TrainingEvent(step: 300, time: 1.5, values: [("ab", .scalar(0.5))])
    #expect(
      event.message == [
        0x09, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0x10, 0xAC, 0x02, 0x2A, 0x0B, 0x0A, 0x09, 0x0A, 0x02, 97, 98,
      ]
        + [0x15, 0, 0, 0, 0x3F])
    let restart = TrainingEvent(restartingAfter: 6, time: 1.5)
    #expect(Array(restart.message.dropFirst(9)) == [0x10, 7, 0x3A, 2, 0x08, 1])
  }

  @Test func aFileCannotBeMadeWhereAFileIs() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "rnntool-\(UUID().uuidString)").path
    try Data().write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(throws: FormatError.self) { try EventFile(in: path, time: 0) }
  }
}
