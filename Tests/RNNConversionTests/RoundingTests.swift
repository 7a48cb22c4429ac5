import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

/// Models whose parameters are stored as another type.
@Suite struct RoundingTests {
  @Test(arguments: [TensorType.float16, .bfloat16])
  func roundsEveryParameterAndProvesItAnew(type: TensorType) throws {
    let scratch = try Scratch()
    let source = Fixtures.path(golden: "lstm.h5")
    let report = try Converter(type: type).convert(source, to: scratch.path("a.h5"))
    let original = try ModelFile(opening: source)
    let rounded = try ModelFile(opening: scratch.path("a.h5"))
    #expect(rounded.tensors.allSatisfy { $0.type == type })
    #expect(report.modelID == rounded.header.modelID && report.modelID != original.header.modelID)
    let bits = type == .float16 ? 11.0 : 8.0
    for (a, b) in zip(try original.values(as: Double.self), try rounded.values(as: Double.self)) {
      #expect(abs(a - b) <= abs(a) * 0.5.scaled(by: 1 - bits) + 0x1p-25)
    }
    // The proof is of the rounded model, and says the same as its own reference.
    #expect(try Validator.validate(scratch.path("a.h5")).isValid)
    let change = try #require(report.rounding?.proofDifference)
    #expect(change > 0 && change < 0.1)
    let events = rounded.document.lineage.suffix(2)
    #expect(events.map { $0["event"] } == ["quantised", "converted"])
    let event = try #require(events.first)
    #expect(event["type"]?.string == type.rawValue)
    #expect(event["effect"]?["proof_difference"]?.number == change)
    #expect(event["model_id"]?.string == report.modelID)
  }

  @Test func scoresBothModels() throws {
    let scratch = try Scratch()
    let converter = Converter(type: .float16) { model in
      Score(corpusSHA256: String(repeating: "0", count: 64), tokens: 10, nats: Double(abs(model.parameters.values[0])))
    }
    let report = try converter.convert(Fixtures.path(golden: "lstm.h5"), to: scratch.path("a.h5"))
    let original = try ModelFile(opening: Fixtures.path(golden: "lstm.h5")).values(as: Float.self)[0]
    #expect(report.rounding?.before?.nats == Double(abs(original)))
    let after = try ModelFile(opening: scratch.path("a.h5")).values(as: Float.self)[0]
    #expect(report.rounding?.after?.nats == Double(abs(after)))
    let effect = try ModelFile(opening: scratch.path("a.h5")).document.lineage.suffix(2).first?["effect"]
    #expect(effect?["nats_before"]?.number == Double(abs(original)))
    #expect(effect?["nats_after"]?.number == Double(abs(after)))
  }

  @Test func losesNothingInAWiderType() throws {
    let scratch = try Scratch()
    let source = Fixtures.path(golden: "lstm_bfloat16.h5")
    let report = try Converter(type: .float64).convert(source, to: scratch.path("a.h5"))
    #expect(report.rounding == nil)
    let back = try Converter(type: .bfloat16).convert(scratch.path("a.h5"), to: scratch.path("b.h5"))
    // Backward it might lose something, so it is measured: and nothing was lost.
    #expect(back.rounding?.proofDifference.map { $0 < 1e-6 } == true)
    #expect(
      try ModelFile(opening: source).values(as: Double.self)
        == ModelFile(opening: scratch.path("a.h5")).values(as: Double.self))
    #expect(
      try ModelFile(opening: source).values(as: Double.self)
        == ModelFile(opening: scratch.path("b.h5")).values(as: Double.self))
  }

  @Test func changesNothingThatHasTheTypeAlready() throws {
    let scratch = try Scratch()
    let source = Fixtures.path(golden: "lstm.h5")
    let original = try ModelFile(opening: source)
    let report = try Converter(type: original.tensors[0].type).convert(source, to: scratch.path("a.h5"))
    #expect(report.rounding == nil)
    #expect(report.modelID == original.header.modelID)
  }

  @Test func refusesNumbersBeyondTheRange() throws {
    let scratch = try Scratch()
    let file = try ModelFile(opening: Fixtures.path(golden: "elman_tanh.h5"))
    var model = try file.loadModel()
    model.parameters.values[3] = 70_000
    var document = file.document
    document.proof = nil
    try ModelWriter().write(document, parameters: model.parameters, to: scratch.path("a.h5"))
    #expect {
      try Converter(type: .float16).convert(scratch.path("a.h5"), to: scratch.path("b.h5"))
    } throws: {
      guard case ConversionError.outOfRange(_, 70_000, .float16)? = $0 as? ConversionError else { return false }
      return true
    }
    #expect(!scratch.names.contains("b.h5"))
  }

  @Test func migratesAFileOfTheFirstVersion() throws {
    let scratch = try Scratch()
    for name in ["lstm.h5", "lstm_compressed.h5"] {
      let source = Fixtures.path(golden: name)
      let original = try ModelFile(opening: source)
      try #require(original.header.formatVersion == "1.0")
      let report = try Migration.run(source, to: scratch.path(name))
      #expect(report.from == "1.0" && report.to == "1.2")
      let migrated = try ModelFile(opening: scratch.path(name))
      #expect(migrated.header.formatVersion == "1.2")
      #expect(migrated.header.modelID == original.header.modelID)
      #expect(migrated.document.lineage.last?["event"] == "migrated")
      #expect(migrated.isChunked(migrated.tensors[0]) == original.isChunked(original.tensors[0]))
      #expect(try Validator.validate(scratch.path(name)).isValid)
      let bytes = try scratch.bytes(name)
      #expect(try Migration.run(scratch.path(name), to: scratch.path(name)).from == "1.2")
      #expect(try scratch.bytes(name) == bytes)
    }
  }

  @Test func migrationKeepsTheStateOfATraining() throws {
    let source = Fixtures.path(golden: "training_state.h5")
    let original = try ModelFile(opening: source)
    guard original.header.formatVersion == "1.0" else { return }
    let scratch = try Scratch()
    _ = try Migration.run(source, to: scratch.path("a.h5"))
    #expect(try ModelFile(opening: scratch.path("a.h5")).trainingState() == original.trainingState())
  }
}

extension Double {
  /// This number times two to a power.
  fileprivate func scaled(by power: Double) -> Double {
    Double(sign: .plus, exponent: Int(power), significand: self)
  }
}
