internal import CHDF5

/// Numbers that other programs store in types which this library does not write, and refuses where it expects its own.
public enum ForeignNumber: Equatable, Sendable {
  /// A number whose most significant byte comes first; the type is the one that it becomes when it is read.
  case bigEndian(Datatype)
  /// Bytes in which HDF5 sees no meaning: NumPy's types of other packages, bfloat16 among them, are stored so.
  case opaque(bytes: Int)
}

extension Dataset {
  /// What the elements are, if they are such numbers.
  ///
  /// - Throws: `hdf5.read-failed`
  public var foreignNumber: ForeignNumber? {
    get throws(HDF5Error) {
      Library.enter()
      defer { Library.leave() }
      guard stored.refusal == .type else { return nil }
      switch H5Tget_class(stored.handle.id) {
      case H5T_OPAQUE: return .opaque(bytes: Int(clamping: H5Tget_size(stored.handle.id)))
      case H5T_INTEGER, H5T_FLOAT: break
      default: return nil
      }
      for candidate in Datatype.numbers {
        let type = try candidate.stored(at: location)
        try location.check(H5Tset_order(type.id, H5T_ORDER_BE), "read the type of")
        if try location.truth(H5Tequal(stored.handle.id, type.id), "read the type of") { return .bigEndian(candidate) }
      }
      return nil
    }
  }

  /// Reads all elements of such a type: little-endian numbers, or the opaque bytes as they are stored.
  ///
  /// - Throws: `hdf5.type` for other types; refusals as `readBytes()`
  public func readForeignBytes() throws(HDF5Error) -> [UInt8] {
    Library.enter()
    defer { Library.leave() }
    guard let number = try foreignNumber else {
      throw location.refusal(stored.refusal ?? .type, "read", "it stores \(datatype), which is no foreign number")
    }
    switch number {
    case .bigEndian(let datatype):
      // The library turns the bytes round.
      return try read(as: try datatype.stored(at: location), elementSize: datatype.byteCount ?? 8)
    case .opaque(let bytes):
      return try read(as: stored.handle, elementSize: bytes)
    }
  }

  private func read(as memory: borrowing Handle, elementSize: Int) throws(HDF5Error) -> [UInt8] {
    try checkData(elementSize: elementSize)
    let points = try points("read")
    let type = memory.id
    // No overflow: the bytes have just been counted.
    return try array(of: points * elementSize) { (buffer) throws(HDF5Error) in
      guard points > 0, let base = buffer.baseAddress else { return }
      // Safe: the buffer has the bytes of all points in the type of `memory`.
      try location.check(H5Dread(location.id, type, hid_t(H5S_ALL), hid_t(H5S_ALL), 0, base), "read")
    }
  }
}
