/// Names of links and attributes.
enum Name {
  private static let maximumBytes = 1024

  /// The components of a path such as `a/b/c`, each checked. From the root, the path may also be absolute: `/a/b/c`.
  static func components(of path: String, in location: Location) throws(HDF5Error) -> [String] {
    let isAbsolute = location.path == "/" && path.hasPrefix("/")
    let components = path.dropFirst(isAbsolute ? 1 : 0).split(separator: "/", omittingEmptySubsequences: false).map(
      String.init)
    // In the deepest group there may be a dataset.
    guard components.count <= location.limits.maximumDepth + 1 else {
      let cause = "the path has more than \(location.limits.maximumDepth + 1) components"
      throw location.refusal(.tooLarge, "look into", cause)
    }
    for component in components { try check(component, in: location) }
    return components
  }

  /// Refuses what cannot be the name of a link.
  static func check(_ name: String, in location: Location) throws(HDF5Error) {
    try checkAttribute(name, in: location)
    if name.utf8.contains(UInt8(ascii: "/")) || name == "." || name == ".." {
      throw location.refusal(.name, "look into", "\"\(name)\" is no name of a group or dataset")
    }
  }

  /// Refuses what cannot be the name of an attribute; unlike a link's, it may contain "/".
  static func checkAttribute(_ name: String, in location: Location) throws(HDF5Error) {
    if name.isEmpty { throw location.refusal(.name, "look into", "a name is empty") }
    if name.utf8.contains(0) { throw location.refusal(.name, "look into", "a name contains NUL") }
    if name.utf8.count > maximumBytes {
      throw location.refusal(.name, "look into", "a name is longer than \(maximumBytes) bytes")
    }
  }

  /// The order of names everywhere: that of their UTF-8 bytes, which no locale changes.
  static func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }
}
