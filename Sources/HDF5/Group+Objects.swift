extension Group {
  /// Describes this group and everything below it, parents first, names in the order of their UTF-8 bytes. No data is
  /// read.
  ///
  /// - Throws: a refusal, with the path, for any link that is not a hard one, for committed datatypes, external storage and
  ///   virtual datasets; `hdf5.cycle` for an object reached twice; `hdf5.too-large` beyond the limits of depth and number
  public func objects() throws(HDF5Error) -> [ObjectDescription] {
    Library.enter()
    defer { Library.leave() }
    var walk = Walk(limits: location.limits, visited: Set(location.lineage))
    try walk.visit(self, depth: 0)
    return walk.objects
  }
}

extension File {
  /// Describes every object of the file, the root first: see `Group.objects()`.
  public func objects() throws(HDF5Error) -> [ObjectDescription] {
    Library.enter()
    defer { Library.leave() }
    return try root.objects()
  }
}

/// The state of a walk.
private struct Walk {
  let limits: ReadLimits
  var visited: Set<ObjectAddress>
  var objects: [ObjectDescription] = []

  mutating func visit(_ group: borrowing Group, depth: Int) throws(HDF5Error) {
    try add(kind: .group, at: group.location, shape: [], datatype: nil, attributes: group.attributeNames())
    for name in try group.childNames() {
      let place = group.location.child(name)
      try Name.check(name, in: group.location)
      let kind = try ObjectKind(of: name, in: group.location)
      switch kind {
      case .group:
        guard depth < limits.maximumDepth else {
          throw place.refusal(.tooLarge, "walk through", "it lies more than \(limits.maximumDepth) levels deep")
        }
        let child = try group.childGroup(name)
        try enter(child.location)
        try visit(child, depth: depth + 1)
      case .dataset:
        let child = try group.childDataset(name)
        try enter(child.location)
        let attributes = try child.attributeNames()
        try add(kind: kind, at: place, shape: child.shape, datatype: child.datatype, attributes: attributes)
      default: try ObjectKind.dataset.require(kind, at: place)
      }
    }
  }

  private mutating func enter(_ place: Location) throws(HDF5Error) {
    guard let address = place.lineage.last, visited.insert(address).inserted else {
      throw place.refusal(.cycle, "walk through", "the object is reached a second time")
    }
  }

  private mutating func add(
    kind: ObjectKind, at place: Location, shape: [Int], datatype: Datatype?, attributes: [String]
  ) throws(HDF5Error) {
    guard objects.count < limits.maximumObjects else {
      throw place.refusal(.tooLarge, "walk through", "the file has more than \(limits.maximumObjects) objects")
    }
    let description = ObjectDescription(
      path: place.path ?? "/", kind: kind, shape: shape, datatype: datatype, attributeNames: attributes)
    objects.append(description)
  }
}
