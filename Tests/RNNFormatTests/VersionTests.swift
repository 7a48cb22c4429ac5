import RNNFormat
import Testing

@Suite struct VersionTests {
  @Test func comparesNumberByNumber() {
    let versions = ["0.9", "1.0", "1.2", "1.10", "2.0", "10.0"].compactMap { Version($0) }
    #expect(versions.count == 6)
    #expect(versions == versions.sorted())
    #expect(Version("1.2") == .current)
  }

  @Test(arguments: [
    "", "1", "1.", ".1", "1.0.0", "a.b", "+1.0", "-1.0", "1.-0", " 1.0", "1.0\n", "١.٠", "1000000000.0",
  ])
  func refusesWhatIsNone(text: String) { #expect(Version(text) == nil) }

  @Test(arguments: [("version_newer_major.h5", "9.0"), ("version_newer_minor.h5", "1.10")])
  func namesTheVersionThatIsNeeded(name: String, version: String) throws {
    let report = try Validator.validate(Fixtures.path(hostile: name))
    let finding = try #require(report.findings.first)
    #expect(finding.rule == "version.newer")
    #expect(finding.message.contains("version \(version) of the format") && finding.message.contains("version 1.2"))
  }

  @Test func namesTheFeatureThatIsNeeded() throws {
    let report = try Validator.validate(Fixtures.path(hostile: "feature_unknown.h5"))
    let finding = try #require(report.findings.first)
    #expect(finding.rule == "version.feature")
  }
}
