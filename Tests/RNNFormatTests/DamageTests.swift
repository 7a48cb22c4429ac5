import RNNFormat
import Testing

@Suite struct DamageTests {
  private func write(_ scratch: Scratch, compresses: Bool) throws -> ModelHeader {
    let architecture = Drawn.architecture(10)
    let parameters = Drawn.parameters(of: architecture, 10)
    let document = try Drawn.document(of: architecture, parameters)
    let writer = ModelWriter(compresses: compresses, embedsSpecification: false)
    try writer.write(document, parameters: parameters, to: scratch.path("model.h5"))
    return try ModelFile(opening: scratch.path("model.h5")).header
  }

  /// A flip is found, or changes nothing that a reader sees.
  @Test(arguments: [false, true])
  func everyFlippedBitIsFoundOrOfNoMeaning(compresses: Bool) throws {
    let scratch = try Scratch()
    let header = try write(scratch, compresses: compresses)
    let bytes = try scratch.bytes("model.h5")
    var chance = Chance(11)
    var found = 0
    let positions = stride(from: 0, to: bytes.count, by: max(1, bytes.count / 500))
    for position in positions {
      var damaged = bytes
      damaged[position] ^= 1 << UInt8(chance.count(0...7))
      let path = try scratch.file("damaged.h5", damaged)
      if try Validator.validate(path).isValid {
        #expect(try ModelFile(opening: path).header == header, "byte \(position)")
      } else {
        found += 1
      }
    }
    #expect(found > 50)
  }

  @Test(arguments: [false, true])
  func everyCutIsFound(compresses: Bool) throws {
    let scratch = try Scratch()
    _ = try write(scratch, compresses: compresses)
    let bytes = try scratch.bytes("model.h5")
    for end in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 100)) {
      let path = try scratch.file("cut.h5", Array(bytes[..<end]))
      #expect(try !Validator.validate(path, level: .structure).isValid)
    }
  }
}
