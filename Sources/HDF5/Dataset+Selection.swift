internal import CHDF5

extension Dataset {
  /// The number of elements of the block that begins at `start` with `count` elements along each axis.
  ///
  /// - Throws: `hdf5.shape` for a block that does not lie within the dataset, `hdf5.too-large` for more elements than `Int`
  func points(_ start: [Int], _ count: [Int], _ operation: String) throws(HDF5Error) -> Int {
    let axes = start.count == shape.count && count.count == shape.count
    let inside =
      axes
      && shape.indices.allSatisfy { axis in
        start[axis] >= 0 && count[axis] >= 0 && start[axis] <= shape[axis] && count[axis] <= shape[axis] - start[axis]
      }
    guard inside else {
      let block = "\(Extent.description(count)) elements from \(Extent.description(start)) on"
      throw location.refusal(.shape, operation, "\(block) do not lie within the shape \(Extent.description(shape))")
    }
    guard let points = Extent.product(count) else {
      throw location.refusal(.tooLarge, operation, "\(Extent.description(count)) elements cannot be counted")
    }
    return points
  }

  /// The number of all elements.
  func points(_ operation: String) throws(HDF5Error) -> Int {
    try points(shape.map { _ in 0 }, shape, operation)
  }

  /// Calls the library with the dataspaces of a block: memory, then file.
  func transfer(
    start: [Int], count: [Int], points: Int, _ operation: String, _ rule: HDF5Error.Rule,
    _ body: (_ memory: hid_t, _ file: hid_t) -> herr_t
  ) throws(HDF5Error) {
    if points == 0 { return }
    if count == shape { return try location.check(body(hid_t(H5S_ALL), hid_t(H5S_ALL)), operation, rule) }
    let file = try location.owning(H5Dget_space(location.id), operation, rule)
    let first = start.map { hsize_t($0) }
    let sizes = count.map { hsize_t($0) }
    let selected = H5Sselect_hyperslab(file.id, H5S_SELECT_SET, first, nil, sizes, nil)
    try location.check(selected, operation, rule)
    let memory = try Extent.space([points], at: location)
    try location.check(body(memory.id, file.id), operation, rule)
  }
}
