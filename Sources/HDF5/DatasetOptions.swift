internal import CHDF5

/// How a new dataset lies in the file. By default contiguous: plain bytes at one offset.
public struct DatasetOptions: Sendable, Equatable {
  /// The sizes of a chunk, one per axis; nil for contiguous data, or, where a filter asks for chunks, for chunks of about
  /// one mebibyte along the first axes.
  public var chunk: [Int]?
  /// The level of deflate from 0 to 9, or nil for no compression.
  public var deflate: Int?
  /// Whether bytes of equal significance are put side by side before compression.
  public var shuffle: Bool
  /// Whether each chunk carries a checksum.
  public var fletcher32: Bool

  /// Scalars and datasets without elements are contiguous whatever is asked for, as there is nothing to cut into chunks.
  ///
  /// - Parameters:
  ///   - chunk: the sizes of a chunk
  ///   - deflate: the level of compression from 0 to 9
  ///   - shuffle: whether to put bytes of equal significance side by side
  ///   - fletcher32: whether to add a checksum to each chunk
  public init(chunk: [Int]? = nil, deflate: Int? = nil, shuffle: Bool = false, fletcher32: Bool = false) {
    self.chunk = chunk
    self.deflate = deflate
    self.shuffle = shuffle
    self.fletcher32 = fletcher32
  }

  private static let chunkBytes = 1 << 20
  private static let maximumChunkBytes = Int(UInt32.max)

  /// The library's properties for a new dataset.
  func creation(shape: [Int], elementSize: Int, at place: Location) throws(HDF5Error) -> Handle {
    let creation = try place.owning(H5Pcreate(chdf5_dataset_create()), "create", .writeFailed)
    try place.check(H5Pset_obj_track_times(creation.id, false), "create", .writeFailed)
    guard let sizes = try chunkSizes(shape: shape, elementSize: elementSize, at: place) else { return creation }
    let dimensions = sizes.map { hsize_t($0) }
    try place.check(H5Pset_chunk(creation.id, Int32(dimensions.count), dimensions), "create", .writeFailed)
    if shuffle { try place.check(H5Pset_shuffle(creation.id), "create", .writeFailed) }
    if let deflate {
      guard (0...9).contains(deflate) else {
        throw place.refusal(.filter, "create", "deflate has levels 0 to 9, not \(deflate)")
      }
      try place.check(H5Pset_deflate(creation.id, UInt32(deflate)), "create", .writeFailed)
    }
    if fletcher32 { try place.check(H5Pset_fletcher32(creation.id), "create", .writeFailed) }
    return creation
  }

  /// The sizes of the chunks, or nil for contiguous data.
  private func chunkSizes(shape: [Int], elementSize: Int, at place: Location) throws(HDF5Error) -> [Int]? {
    guard !shape.isEmpty, !shape.contains(0) else { return nil }
    guard let chunk else {
      let filtered = deflate != nil || shuffle || fletcher32
      return filtered ? Self.automaticChunk(shape: shape, elementSize: elementSize) : nil
    }
    let fits = chunk.count == shape.count && zip(chunk, shape).allSatisfy { $0 >= 1 && $0 <= $1 }
    guard fits, let bytes = Extent.product(chunk + [elementSize]), bytes <= Self.maximumChunkBytes else {
      let cause = "chunks of \(Extent.description(chunk)) do not fit the shape \(Extent.description(shape))"
      throw place.refusal(.shape, "create", cause)
    }
    return chunk
  }

  /// Whole inner axes as far as they fit into one chunk, a part of the next axis, and one index of those before.
  private static func automaticChunk(shape: [Int], elementSize: Int) -> [Int] {
    var chunk = shape
    var room = max(1, chunkBytes / elementSize)
    for axis in shape.indices.reversed() {
      chunk[axis] = min(shape[axis], room)
      room = max(1, room / chunk[axis])
    }
    return chunk
  }
}
