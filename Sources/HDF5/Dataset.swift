internal import CHDF5

/// A dataset: an array of elements of one type, row-major, and attributes.
public struct Dataset: ~Copyable, Sendable, Attributed {
  let handle: Handle
  /// Where the dataset lies.
  public let location: Location
  /// The sizes of the axes; empty for a scalar.
  public let shape: [Int]
  /// The type of the elements.
  public let datatype: Datatype
  /// The sizes of a chunk, one per axis; nil unless the dataset is chunked.
  public let chunk: [Int]?
  /// The filters that chunks go through when they are written, in this order.
  public let filters: [Filter]

  /// How texts of fixed length end before their bytes do; of no meaning for other types.
  public var padding: StringPadding { stored.padding }

  let stored: StoredType
  let layout: Layout
  let verdict = Verdict()

  /// How the bytes lie in the file.
  enum Layout: Sendable { case compact, contiguous, chunked }

  /// - Parameters:
  ///   - handle: an open dataset
  ///   - place: where it lies, not opened yet
  init(owning handle: consuming Handle, at place: Location) throws(HDF5Error) {
    let id = handle.id
    let address = try ObjectAddress(of: id, at: place)
    let location = place.opened(as: id, at: address)
    let creation = try location.owning(H5Dget_create_plist(id), "open", .damaged)
    // Before anything else: asking a virtual dataset for its shape opens the files that it names.
    let layout = try Self.layout(creation, at: location)
    let stored = try StoredType(owning: location.owning(H5Dget_type(id), "open", .damaged), at: location)
    let shape = try Extent.shape(of: location.owning(H5Dget_space(id), "open", .damaged), at: location)
    let chunk = layout == .chunked ? try Self.chunk(creation, rank: shape.count, at: location) : nil
    let filters = try Filter.pipeline(of: creation, at: location)
    self.handle = handle
    self.location = location
    self.shape = shape
    self.chunk = chunk
    self.filters = filters
    self.layout = layout
    datatype = stored.datatype
    self.stored = stored
  }

  /// The bytes that the data takes in the file: after compression, and 0 while nothing is written.
  public var storageSize: Int {
    get throws(HDF5Error) {
      Library.enter()
      defer { Library.leave() }
      return Int(clamping: H5Dget_storage_size(location.id))
    }
  }

  /// The position in the file of the first byte of contiguous data; nil for other layouts and while nothing is written.
  public var offset: Int? {
    Library.enter()
    defer { Library.leave() }
    guard layout == .contiguous else { return nil }
    // An undefined address has all bits set, so it is no Int.
    return Int(exactly: H5Dget_offset(location.id))
  }

  private static func layout(_ creation: borrowing Handle, at location: Location) throws(HDF5Error) -> Layout {
    let external = try location.number(Int(H5Pget_external_count(creation.id)), "open")
    if external > 0 { throw location.refusal(.externalStorage, "open", "its data lies in other files") }
    switch H5Pget_layout(creation.id) {
    case H5D_COMPACT: return .compact
    case H5D_CONTIGUOUS: return .contiguous
    case H5D_CHUNKED: return .chunked
    case H5D_VIRTUAL: throw location.refusal(.virtualDataset, "open", "it is composed of other datasets")
    default: throw location.refusal(.damaged, "open", "its layout is unknown")
    }
  }

  private static func chunk(_ creation: borrowing Handle, rank: Int, at location: Location) throws(HDF5Error) -> [Int] {
    var sizes = [hsize_t](repeating: 0, count: Extent.maximumRank)
    let count = try location.number(Int(H5Pget_chunk(creation.id, Int32(sizes.count), &sizes)), "open", .damaged)
    guard count == rank, count <= sizes.count else {
      throw location.refusal(.damaged, "open", "its chunks have \(count) axes, its shape \(rank)")
    }
    return sizes.prefix(count).map { Int(clamping: $0) }
  }
}
