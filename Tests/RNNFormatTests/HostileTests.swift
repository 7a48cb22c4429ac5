import RNNFormat
import RNNModel
import Testing

/// The files of `fixtures/hostile`: each is a valid model with one thing wrong.
@Suite struct HostileTests {
  @Test func everyFileIsExpected() {
    #expect(Set(Fixtures.hostile) == Set(Fixtures.expected.keys))
    #expect(Fixtures.hostile.count > 100)
  }

  @Test func everyExpectedRuleIsAnErrorOfTheSchema() {
    for rule in Set(Fixtures.expected.values) { #expect(Rules.all[rule]?.severity == .error, "\(rule)") }
  }

  @Test(arguments: Fixtures.hostile)
  func breaksTheExpectedRule(name: String) throws {
    let report = try Validator.validate(Fixtures.path(hostile: name))
    #expect(!report.isValid)
    let rules = Set(report.findings.filter { $0.severity == .error }.map(\.rule))
    #expect(rules.contains(try #require(Fixtures.expected[name])), "\(report.findings)")
    for finding in report.findings {
      #expect(!finding.description.unicodeScalars.contains { $0.properties.generalCategory == .control })
    }
  }

  @Test(arguments: Fixtures.hostile + Fixtures.golden)
  func opensExactlyWhatHasAValidStructure(name: String) throws {
    let isGolden = Fixtures.golden.contains(name)
    let path = isGolden ? Fixtures.path(golden: name) : Fixtures.path(hostile: name)
    let isValid = try Validator.validate(path, level: .structure).isValid
    if isValid {
      let file = try ModelFile(opening: path)
      // A damaged tensor may still be refused, but nothing crashes.
      _ = try? file.loadModel()
    } else {
      #expect(throws: FormatError.self) {
        let file = try ModelFile(opening: path)
        _ = file.size
      }
    }
  }

  @Test(arguments: ["tensor_bit_flipped.h5", "parameter_nan.h5", "parameter_infinite.h5", "chunk_damaged.h5"])
  func refusesToLoadWhatOnlyItsBytesBetray(name: String) throws {
    let file = try ModelFile(opening: Fixtures.path(hostile: name))
    do {
      _ = try file.loadModel()
      Issue.record("it was loaded")
    } catch let error as FormatError {
      #expect(error.isRefusal)
    }
  }

  @Test func aMissingFileIsNoFinding() {
    #expect(throws: FormatError.self) { try Validator.validate("/nowhere/model.h5") }
  }
}
