import HDF5

/// Holds the tree of a file against `schemas/layout.json`.
enum LayoutCheck {
  /// Reports every object and attribute that is missing, unknown, or of another kind, type, rank or value.
  ///
  /// - Throws: `HDF5Error` for what the HDF5 profile refuses.
  static func run(
    _ root: borrowing Group, objects: [ObjectDescription], _ findings: inout Findings
  ) throws(HDF5Error) {
    let schema = LayoutSchema.current
    for object in objects {
      guard let statement = schema.object(at: object.path) else {
        findings.add("layout.unknown", at: object.path, "the format does not name such an object")
        continue
      }
      let kind = kind(of: object)
      let expected = statement.applied(to: kind)
      if kind != expected.kind {
        findings.add("layout.kind", at: object.path, "is a \(kind.rawValue), but has to be a \(expected.kind.rawValue)")
        continue
      }
      if kind == .group {
        if object.path == "/" {
          try checkAttributes(of: root, object, expected, &findings)
        } else {
          try checkAttributes(of: try root.group(object.path), object, expected, &findings)
        }
      } else {
        let dataset = try root.dataset(object.path)
        checkType(of: object, expected, &findings)
        // Documents with a schema are judged as JSON.
        if kind == .string, object.shape.isEmpty, !expected.isJSON, try dataset.validText() == nil {
          findings.add("layout.value", at: object.path, "is not UTF-8 without NUL")
        }
        try checkAttributes(of: dataset, object, expected, &findings)
      }
    }
    checkMissing(objects, &findings)
  }

  static func kind(of object: ObjectDescription) -> LayoutSchema.Kind {
    if object.kind == .group { return .group }
    if case .fixedString = object.datatype { return .string }
    return .dataset
  }

  private static func checkMissing(_ objects: [ObjectDescription], _ findings: inout Findings) {
    let paths = Set(objects.map(\.path))
    for expected in LayoutSchema.current.objects where expected.required && !paths.contains(expected.path) {
      // What is required within an optional group is only missing if the group is there.
      let parent = "/" + expected.pattern.dropLast().joined(separator: "/")
      if paths.contains(parent) { findings.add("layout.missing", at: expected.path, "is missing") }
    }
  }

  private static func checkType(
    of object: ObjectDescription, _ expected: LayoutSchema.Object, _ findings: inout Findings
  ) {
    let type = object.datatype.map(ContentIdentity.name) ?? "nothing"
    if expected.kind == .string {
      if !object.shape.isEmpty { findings.add("layout.shape", at: object.path, "has to be a scalar") }
      return
    }
    if !expected.types.contains(type) {
      findings.add(
        "layout.type", at: object.path,
        "is \(type), but has to be \(expected.types.joined(separator: " or "))")
    }
    if expected.rank >= 0, object.shape.count != expected.rank {
      findings.add(
        "layout.shape", at: object.path, "has \(object.shape.count) dimensions, but has to have \(expected.rank)")
    }
  }

  private static func checkAttributes<Object: Attributed & ~Copyable>(
    of object: borrowing Object, _ description: ObjectDescription, _ expected: LayoutSchema.Object,
    _ findings: inout Findings
  ) throws(HDF5Error) {
    let names = Set(description.attributeNames)
    for name in description.attributeNames where !expected.attributes.contains(where: { $0.name == name }) {
      findings.add("layout.unknown", at: "\(description.path)@\(name)", "the format does not name such an attribute")
    }
    for attribute in expected.attributes {
      let place = "\(description.path)@\(attribute.name)"
      guard names.contains(attribute.name) else {
        if attribute.required { findings.add("layout.missing", at: place, "is missing") }
        continue
      }
      let (datatype, shape) = try object.attributeDescription(attribute.name)
      let type = ContentIdentity.name(of: datatype)
      guard type == attribute.type else {
        findings.add("layout.type", at: place, "is \(type), but has to be \(attribute.type)")
        continue
      }
      guard shape.count == attribute.rank else {
        findings.add("layout.shape", at: place, "has \(shape.count) dimensions, but has to have \(attribute.rank)")
        continue
      }
      if attribute.name == Dataset.labels {
        findings.add(
          "layout.labels", at: place, "no hash covers these texts, and programs that read them can be led astray")
        continue
      }
      guard type == "string" else { continue }
      guard let text = try object.validText(attribute.name, isScalar: shape.isEmpty) else {
        findings.add("layout.value", at: place, "is not UTF-8 without NUL")
        continue
      }
      if let allowed = attribute.allowed, !allowed.contains(text) {
        let choices = allowed.map { "'\($0)'" }.joined(separator: " or ")
        findings.add("layout.value", at: place, "is '\(text.prefix(60))', but has to be \(choices)")
      }
      if let pattern = attribute.pattern, !JSONSchema.matches(text, pattern) {
        findings.add("layout.value", at: place, "is '\(text.prefix(60))', which does not match \(pattern)")
      }
    }
  }
}
