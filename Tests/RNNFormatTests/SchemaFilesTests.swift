import Foundation
import RNNModel
import Testing

@testable import RNNFormat

/// The files of `schemas/`, and that the program says the same.
@Suite struct SchemaFilesTests {
  @Test func theProgramCarriesTheFiles() throws {
    #expect(EmbeddedTexts.schemas.count == 5)
    for (name, text) in EmbeddedTexts.schemas {
      #expect(try String(contentsOf: Fixtures.repository.appending(path: "schemas/\(name)"), encoding: .utf8) == text)
    }
    let specification = Fixtures.repository.appending(path: "docs/FORMAT.md")
    #expect(try String(contentsOf: specification, encoding: .utf8) == EmbeddedTexts.specification)
  }

  @Test func theLayoutNamesItsDocuments() throws {
    let layout = try LayoutSchema(texts: EmbeddedTexts.schemas)
    #expect(
      Set(layout.documents.keys) == ["architecture.schema.json", "metadata.schema.json", "lineage.schema.json"])
    #expect(layout.version == Version(major: 1, minor: 2))
    #expect(
      layout.object(at: "/parameters/a/b")?.types == ["float64", "float32", "float16", "uint16", "uint32", "uint64"])
    #expect(layout.object(at: "/parameters/a/b/c") == nil)
    #expect(layout.object(at: "/training_state/slots/a/b")?.path == "/training_state/**")
    #expect(layout.object(at: "/training_state")?.kind == .group)
    #expect(layout.object(at: "/training_state/progress")?.isJSON == true)
  }

  @Test func everyRuleOfTheValidatorIsStated() {
    #expect(Rules.all.count >= 32)
    #expect(Rules.all.values.allSatisfy { !$0.says.isEmpty })
  }

  @Test func theLayoutNamesEveryFeatureThatArchitecturesUse() {
    let used = Set((0..<200).flatMap { Drawn.architecture($0).features })
    #expect(used.union(["bpe", "labels", "ngram", "special-tokens"]) == Set(LayoutSchema.current.features.keys))
  }

  @Test(arguments: 0..<100)
  func theLayoutHasTheParametersOfTheTable(seed: Int) throws {
    let architecture = Drawn.architecture(seed)
    let layout = try JSONValue(parsing: EmbeddedTexts.schemas["layout.json"] ?? "")
    var expected: [[JSONValue]] = []
    for layer in architecture.json["layers"]?.array ?? [] {
      for tensor in layout["parameters"]?[layer["kind"]?.string ?? ""]?.array ?? [] {
        let isWanted = (tensor["when"]?.object ?? [:]).allSatisfy { (layer[$0] ?? .null) == $1 }
        let isUnwanted = (tensor["unless"]?.object ?? [:]).contains { (layer[$0] ?? .null) == $1 }
        if isUnwanted || !isWanted { continue }
        let axes = (tensor["axes"]?.array ?? []).compactMap(\.string)
        let allGates = axes.contains("gate") ? layer["gates"]?.array ?? [] : []
        let gates = JSONValue.array(allGates.filter { tensor["gates"]?.array?.contains($0) ?? true })
        let shape: [JSONValue] = axes.map { axis in
          if axis == "gate" { return .integer(gates.array?.count ?? 0) }
          let values = (layout["axes"]?[axis]?.array ?? []).compactMap(\.string).lazy.compactMap { key in
            key.split(separator: "/").reduce(layer) { $0?[String($1)] }?.integer
          }
          return .integer(values.first ?? -1)
        }
        expected.append([
          layer["name"] ?? .null, tensor["name"] ?? .null, tensor["axes"] ?? .null, .array(shape), gates,
        ])
      }
    }
    let found: [[JSONValue]] = ParameterTable(architecture).entries.map { entry in
      [
        .string(entry.layer), .string(entry.name), .array(entry.axes.map { .string($0.rawValue) }),
        .array(entry.shape.map { .integer($0) }), .array(entry.gates.map { .string($0) }),
      ]
    }
    #expect(found == expected)
  }

  @Test(arguments: 0..<200)
  func everyArchitectureSatisfiesItsSchema(seed: Int) throws {
    let architecture = Drawn.architecture(seed)
    let schema = try #require(LayoutSchema.current.documents["architecture.schema.json"])
    #expect(architecture.problems().isEmpty)
    #expect(schema.violations(of: architecture.json).isEmpty)
    #expect(try Architecture(json: architecture.json) == architecture)
  }

  @Test(arguments: 0..<20)
  func everyKeyOfALayerIsNeededAndNoOtherIsAllowed(seed: Int) throws {
    let schema = try #require(LayoutSchema.current.documents["architecture.schema.json"])
    let json = Drawn.architecture(seed).json
    let layers = json["layers"]?.array ?? []
    for (index, layer) in layers.enumerated() {
      for key in (layer.object ?? [:]).keys where !["leak", "locked", "weights_of"].contains(key) {
        var (members, root, list) = (layer.object ?? [:], json.object ?? [:], layers)
        members[key] = nil
        list[index] = .object(members)
        root["layers"] = .array(list)
        #expect(!schema.violations(of: .object(root)).isEmpty, "\(key)")
      }
      var (members, root, list) = (layer.object ?? [:], json.object ?? [:], layers)
      members["zoneout"] = 0.1
      list[index] = .object(members)
      root["layers"] = .array(list)
      #expect(!schema.violations(of: .object(root)).isEmpty)
    }
  }
}
