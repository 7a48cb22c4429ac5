import HDF5

extension Dataset {
  /// The one attribute that has texts of variable length, because HDF5 itself prescribes them. It is there for other
  /// programs and never read: libhdf5 before 1.14 trusts the lengths that a file states for such data.
  static let labels = "DIMENSION_LABELS"
}

/// Holds every object of a file against the HDF5 profile (`docs/FORMAT.md`, section 1), before any data is read.
enum ProfileCheck {
  /// Checks what the walk through the file, which found the objects, has left open: types, storage and attributes.
  ///
  /// - Throws: the first refusal.
  static func run(_ root: borrowing Group, objects: [ObjectDescription]) throws(HDF5Error) {
    for object in objects {
      if object.kind == .dataset {
        let dataset = try root.dataset(object.path)
        try dataset.checkReadable()
        try check(dataset.datatype, dataset.padding, dataset.location, object.path)
        try checkAttributes(object, of: dataset)
      } else if object.path == "/" {
        try checkAttributes(object, of: root)
      } else {
        try checkAttributes(object, of: try root.group(object.path))
      }
    }
  }

  private static func checkAttributes<Object: Attributed & ~Copyable>(
    _ description: ObjectDescription, of object: borrowing Object
  ) throws(HDF5Error) {
    if try object.hasComment() {
      throw refusal(.kind, object.location, description.path, "it has a comment, which no hash covers")
    }
    for name in description.attributeNames {
      let place = "\(description.path)@\(name)"
      guard name != ".", name != "..", !name.utf8.contains(UInt8(ascii: "/")) else {
        throw refusal(.name, object.location, place, "its name is reserved or contains '/'")
      }
      let padding = try object.checkReadableAttribute(name)
      let (datatype, _) = try object.attributeDescription(name)
      if name == Dataset.labels && datatype == .variableString { continue }
      try check(datatype, padding, object.location, place)
    }
  }

  private static func check(
    _ datatype: Datatype, _ padding: StringPadding, _ location: Location, _ place: String
  ) throws(HDF5Error) {
    switch datatype {
    case .variableString:
      throw refusal(.variableLength, location, place, "it stores strings of variable length")
    case .fixedString where padding != .zeros:
      throw refusal(.type, location, place, "its strings are not filled up with NUL")
    default: break
    }
  }

  private static func refusal(
    _ rule: HDF5Error.Rule, _ location: Location, _ place: String, _ cause: String
  ) -> HDF5Error {
    HDF5Error(rule: rule, operation: "read", object: place, file: location.file, cause: cause)
  }
}
