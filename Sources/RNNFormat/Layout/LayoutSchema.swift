import HDF5
import RNNModel

/// The tree of a model file, as `schemas/layout.json` states it.
struct LayoutSchema: Sendable {
  enum Kind: String {
    case group, dataset, string
    /// Any groups and datasets below a path.
    case tree
  }

  struct Attribute: Sendable {
    let name: String
    let type: String
    let rank: Int
    let required: Bool
    let allowed: [String]?
    let pattern: String?
  }

  struct Object: Sendable {
    /// Names, where `*` stands for any name, and `**` at the end for any names.
    let pattern: [String]
    let path: String
    var kind: Kind
    let required: Bool
    let types: [String]
    let rank: Int
    let schema: String?
    /// Whether it is a JSON text, with or without a schema.
    let isJSON: Bool
    var attributes: [Attribute]

    /// The statement about one object of the kind that was found: of a tree, that about a group or a dataset in it.
    func applied(to found: Kind) -> Object {
      guard kind == .tree, found != .string else { return self }
      var object = self
      object.kind = found
      if found == .group { object.attributes = [] }
      return object
    }
  }

  let version: Version
  /// What a file may need beyond version 1.0, and the version that brought it.
  let features: [String: Version]
  let objects: [Object]
  let documents: [String: JSONSchema]

  static let current: LayoutSchema = {
    do {
      return try LayoutSchema(texts: EmbeddedTexts.schemas)
    } catch {
      // The schemas are part of the program, and a test reads them: this cannot depend on input.
      preconditionFailure("the program's own schemas are broken: \(error)")
    }
  }()

  init(texts: [String: String]) throws {
    let layout = try JSONValue(parsing: texts["layout.json"] ?? "")
    version = Version(layout["version"]?.string ?? "") ?? Version(major: 0, minor: 0)
    features = Dictionary(
      (layout["features"]?.array ?? []).compactMap { feature in
        guard let name = feature["name"]?.string, let since = Version(feature["since"]?.string ?? "") else {
          return nil
        }
        return (name, since)
      }, uniquingKeysWith: { first, _ in first })
    objects = (layout["objects"]?.array ?? []).map { object in
      let path = object["path"]?.string ?? ""
      return Object(
        pattern: Self.components(path), path: path, kind: Kind(rawValue: object["kind"]?.string ?? "") ?? .group,
        required: object["required"]?.bool ?? false, types: (object["types"]?.array ?? []).compactMap(\.string),
        rank: object["rank"]?.integer ?? -1, schema: object["schema"]?.string,
        isJSON: object["schema"] != nil || object["json"] == true,
        attributes: (object["attributes"]?.array ?? []).map(Self.attribute))
    }
    var documents: [String: JSONSchema] = [:]
    for object in objects {
      if let name = object.schema { documents[name] = try JSONSchema(try JSONValue(parsing: texts[name] ?? "")) }
    }
    self.documents = documents
  }

  private static func attribute(_ value: JSONValue) -> Attribute {
    Attribute(
      name: value["name"]?.string ?? "", type: value["type"]?.string ?? "", rank: value["rank"]?.integer ?? 0,
      required: value["required"]?.bool ?? false,
      allowed: value["const"]?.string.map { [$0] } ?? value["enum"]?.array?.compactMap(\.string),
      pattern: value["pattern"]?.string)
  }

  static func components(_ path: String) -> [String] { path.split(separator: "/").map(String.init) }

  /// The statement about the object at `path`, if the format names it.
  func object(at path: String) -> Object? {
    let names = Self.components(path)
    return objects.first { object in
      let fixed = object.pattern.last == "**" ? object.pattern.dropLast() : object.pattern[...]
      return (fixed.count == object.pattern.count ? names.count == fixed.count : names.count > fixed.count)
        && zip(fixed, names).allSatisfy { $0 == "*" || $0 == $1 }
    }
  }
}
