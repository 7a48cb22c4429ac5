import Foundation
import NGram
import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

@Suite struct ARPATests {
  private static func fixture(_ name: String) -> String {
    Fixtures.repository.appending(path: "fixtures/ngram/\(name)").path
  }

  @Test(arguments: ["lmplz_small.arpa", "lmplz_large.arpa", "lmplz_pruned.arpa"])
  func theNumbersOfAnARPAFileComeBack(name: String) throws {
    let scratch = try Scratch()
    let (stored, text, packed) = (scratch.path("a.h5"), scratch.path("b.arpa"), scratch.path("c.arpa.gz"))
    let read = try Converter().convert(Self.fixture(name), to: stored)
    #expect(read.from == .arpa && read.difference == 0 && read.lost.isEmpty)
    #expect(try Validator.validate(stored).findings.isEmpty)
    let expected = try ARPAReader.read(Self.fixture(name))
    let found = try #require(try ModelFile(opening: stored).loadNGramModel())
    #expect(found.form.levels == expected.model.form.levels)
    for target in [text, packed] {
      let written = try Converter().convert(stored, to: target)
      #expect((written.difference ?? 1) < 1e-6)
      #expect(try ARPAReader.read(target).model.form.levels == expected.model.form.levels)
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: packed)).prefix(2) == Data([0x1F, 0x8B]))
  }

  #if NPZ
    @Test(arguments: ["n.safetensors", "n.npz"])
    func aTableKeepsItsIdentityInFormatsThatHoldWholeModels(name: String) throws {
      let scratch = try Scratch()
      let golden = Fixtures.path(golden: "ngram.h5")
      let identity = try ModelFile(opening: golden).header.modelID
      let there = try Converter().convert(golden, to: scratch.path(name))
      let back = try Converter().convert(scratch.path(name), to: scratch.path("back.h5"))
      #expect(there.modelID == identity && back.modelID == identity && back.difference == 0)
    }
  #endif

  @Test(arguments: ["n.onnx", "n.weights.h5"])
  func noOtherFrameworkHasTables(name: String) throws {
    let scratch = try Scratch()
    #expect(throws: (any Error).self) {
      try Converter().convert(Fixtures.path(golden: "ngram.h5"), to: scratch.path(name))
    }
    #expect(!FileManager.default.fileExists(atPath: scratch.path(name)))
  }

  @Test func aNetworkIsNoTable() throws {
    let scratch = try Scratch()
    #expect(throws: ConversionError.inexpressible(.arpa, reasons: ["the model is a network, not a table of n-grams"])) {
      try Converter().convert(Fixtures.path(golden: "lstm.h5"), to: scratch.path("n.arpa"))
    }
  }

  @Test func aBrokenFileIsRefusedWithItsLine() throws {
    let scratch = try Scratch()
    let broken = scratch.path("broken.arpa")
    try Data("\\data\\\nngram 1=2\n\n\\1-grams:\n-1\t<unk>\nword\t-1\n\n\\end\\\n".utf8).write(
      to: URL(fileURLWithPath: broken))
    do {
      try Converter().convert(broken, to: scratch.path("n.h5"))
      Issue.record("it was read")
    } catch {
      #expect("\(error)".contains("line 6"))
    }
  }
}
