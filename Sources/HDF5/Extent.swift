internal import CHDF5

/// Arithmetic of shapes that never overflows.
enum Extent {
  /// The highest rank that the library knows.
  static let maximumRank = 32

  /// The product of sizes, none negative, or nil where it does not fit.
  static func product(_ sizes: some Collection<Int>) -> Int? {
    if sizes.contains(0) { return 0 }
    var product = 1
    for size in sizes {
      let (value, overflow) = product.multipliedReportingOverflow(by: size)
      if overflow || size < 0 { return nil }
      product = value
    }
    return product
  }

  /// As in `[3, 4]`; `[]` is a scalar.
  static func description(_ shape: [Int]) -> String {
    "[" + shape.map(String.init).joined(separator: ", ") + "]"
  }

  /// The shape of a dataspace.
  ///
  /// - Throws: `hdf5.shape` for a null dataspace, `hdf5.too-large` for sizes beyond `Int`
  static func shape(of space: borrowing Handle, at location: Location) throws(HDF5Error) -> [Int] {
    switch H5Sget_simple_extent_type(space.id) {
    case H5S_SCALAR: return []
    case H5S_SIMPLE: break
    default: throw location.refusal(.shape, "open", "it has no elements at all (null dataspace)")
    }
    let rank = try location.number(Int(H5Sget_simple_extent_ndims(space.id)), "open")
    guard rank > 0 else { return [] }
    guard rank <= maximumRank else { throw location.refusal(.shape, "open", "it has more than 32 axes") }
    var sizes = [hsize_t](repeating: 0, count: rank)
    try location.check(H5Sget_simple_extent_dims(space.id, &sizes, nil), "open")
    var shape: [Int] = []
    for size in sizes {
      guard let count = Int(exactly: size) else {
        throw location.refusal(.tooLarge, "open", "an axis has \(size) elements")
      }
      shape.append(count)
    }
    return shape
  }

  /// A new dataspace: scalar for `[]`.
  ///
  /// - Throws: `hdf5.shape` for a negative size or too many axes
  static func space(_ shape: [Int], at location: Location) throws(HDF5Error) -> Handle {
    guard shape.count <= maximumRank, shape.allSatisfy({ $0 >= 0 }) else {
      throw location.refusal(.shape, "create", "\(description(shape)) is no shape")
    }
    if shape.isEmpty { return try location.owning(H5Screate(H5S_SCALAR), "create", .writeFailed) }
    let sizes = shape.map { hsize_t($0) }
    return try location.owning(H5Screate_simple(Int32(sizes.count), sizes, nil), "create", .writeFailed)
  }
}
