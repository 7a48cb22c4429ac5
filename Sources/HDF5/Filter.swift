internal import CHDF5

/// A step of the pipeline between memory and the chunks of a dataset.
public enum Filter: Equatable, Sendable, CustomStringConvertible {
  /// The compression of zlib, from 0 (none) to 9 (smallest).
  case deflate(level: Int)
  /// Bytes of equal significance side by side, which deflate likes.
  case shuffle
  /// A checksum: damage is an error instead of wrong numbers.
  case fletcher32
  /// Any other filter, by its registered number; data behind it is not read.
  case other(id: Int, name: String)

  /// As in `deflate (level 4)`.
  public var description: String {
    switch self {
    case .deflate(let level): "deflate (level \(level))"
    case .shuffle: "shuffle"
    case .fletcher32: "fletcher32"
    case .other(let id, let name): name.isEmpty ? "filter \(id)" : "filter \(id) (\(name))"
    }
  }

  /// The number under which the filter is registered.
  var id: Int {
    switch self {
    case .deflate: Int(H5Z_FILTER_DEFLATE)
    case .shuffle: Int(H5Z_FILTER_SHUFFLE)
    case .fletcher32: Int(H5Z_FILTER_FLETCHER32)
    case .other(let id, _): id
    }
  }

  /// The pipeline of a dataset's creation properties.
  static func pipeline(of creation: borrowing Handle, at location: Location) throws(HDF5Error) -> [Filter] {
    let count = try location.number(Int(H5Pget_nfilters(creation.id)), "open")
    var filters: [Filter] = []
    for index in 0..<count {
      var flags: UInt32 = 0
      var values = [UInt32](repeating: 0, count: 1)
      var valueCount = values.count
      var name = [CChar](repeating: 0, count: 64)
      var configuration: UInt32 = 0
      let id = H5Pget_filter2(
        creation.id, UInt32(index), &flags, &valueCount, &values, name.count, &name, &configuration)
      guard id >= 0 else { throw location.failure("open", .damaged) }
      switch id {
      case H5Z_FILTER_DEFLATE: filters.append(.deflate(level: valueCount > 0 ? Int(values[0]) : 0))
      case H5Z_FILTER_SHUFFLE: filters.append(.shuffle)
      case H5Z_FILTER_FLETCHER32: filters.append(.fletcher32)
      default:
        let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        filters.append(.other(id: Int(id), name: String(decoding: bytes, as: UTF8.self)))
      }
    }
    return filters
  }
}
