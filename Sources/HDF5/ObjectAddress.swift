internal import CHDF5

/// The identity of an object within its file.
struct ObjectAddress: Hashable, Sendable {
  let low: UInt64
  let high: UInt64

  /// - Parameter object: an open group or dataset
  init(of object: hid_t, at location: Location) throws(HDF5Error) {
    var address = chdf5_address()
    try location.check(chdf5_object_address(object, &address), "open")
    low = address.low
    high = address.high
  }
}
