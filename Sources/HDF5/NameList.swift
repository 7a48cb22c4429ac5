internal import CHDF5

/// Gathers the names that the library iterates over.
struct NameList {
  private var names: [String] = []
  private var invalid = false
  private var limit: Int

  /// A function of the shim that calls back with each name.
  typealias Iteration = (hid_t, chdf5_name_visitor, UnsafeMutableRawPointer) -> herr_t

  /// The names of an object's links or attributes, in the order of their UTF-8 bytes.
  static func gather(_ iterate: Iteration, at location: Location) throws(HDF5Error) -> [String] {
    var list = NameList(limit: location.limits.maximumObjects)
    // Safe: the callback runs only within this call, while `list` is borrowed for it.
    let status = withUnsafeMutablePointer(to: &list) { pointer in
      iterate(
        location.id,
        { name, context in
          guard let name, let context else { return 1 }
          return context.assumingMemoryBound(to: NameList.self).pointee.add(name) ? 0 : 1
        }, pointer)
    }
    try location.check(status, "list the names of")
    if list.invalid { throw location.refusal(.name, "list the names of", "a name is not UTF-8") }
    guard status == 0 else {
      throw location.refusal(.tooLarge, "list the names of", "it has more than \(list.limit) names")
    }
    return try list.sorted(at: location)
  }

  private init(limit: Int) { self.limit = limit }

  /// Returns false to end the iteration.
  private mutating func add(_ name: UnsafePointer<CChar>) -> Bool {
    guard let text = String(validatingCString: name) else {
      invalid = true
      return false
    }
    guard names.count < limit else { return false }
    names.append(text)
    return true
  }

  /// The library cuts a name at NUL, so a forged file can show one name twice.
  private func sorted(at location: Location) throws(HDF5Error) -> [String] {
    let sorted = names.sorted(by: Name.precedes)
    for (left, right) in zip(sorted, sorted.dropFirst()) where left.utf8.elementsEqual(right.utf8) {
      throw location.refusal(.name, "list the names of", "the name \"\(left)\" occurs twice")
    }
    // Programs that compare texts as Unicode does, as Swift's strings do, would take one for the other.
    if Set(names).count < names.count {
      throw location.refusal(.name, "list the names of", "two names are the same but for their spelling in Unicode")
    }
    return sorted
  }
}
