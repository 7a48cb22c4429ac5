internal import CHDF5

/// Owns one identifier of the library, of any kind, and gives it back once.
struct Handle: ~Copyable, Sendable {
  let id: hid_t

  /// - Parameter id: a valid identifier that nobody else owns
  init(owning id: hid_t) { self.id = id }

  deinit {
    Library.enter()
    defer { Library.leave() }
    H5Idec_ref(id)
  }

  /// Gives the identifier back.
  ///
  /// - Throws: what the library says went wrong; the identifier is given back all the same.
  consuming func close(at place: Location, _ rule: HDF5Error.Rule) throws(HDF5Error) {
    Library.enter()
    defer { Library.leave() }
    let status = H5Idec_ref(id)
    discard self
    try place.check(herr_t(status), "close", rule)
  }
}
