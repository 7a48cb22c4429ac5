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

  /// Gives the identifier back and says whether that worked.
  consuming func close() -> Bool {
    Library.enter()
    defer { Library.leave() }
    let closed = H5Idec_ref(id) >= 0
    discard self
    return closed
  }
}
