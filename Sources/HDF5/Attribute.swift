internal import CHDF5

/// An open attribute.
struct Attribute: ~Copyable {
  let handle: Handle
  let location: Location
  let stored: StoredType
  let shape: [Int]

  /// - Parameters:
  ///   - name: the name of the attribute
  ///   - owner: the open object that carries it
  init(opening name: String, of owner: Location) throws(HDF5Error) {
    try Name.checkAttribute(name, in: owner)
    let place = owner.attribute(name)
    guard try place.truth(H5Aexists(owner.id, name), "find") else {
      throw place.refusal(.missing, "find", "there is no such attribute")
    }
    let handle = try place.owning(H5Aopen(owner.id, name, 0), "open", .damaged)
    let stored = try StoredType(owning: place.owning(H5Aget_type(handle.id), "open", .damaged), at: place)
    let shape = try Extent.shape(of: place.owning(H5Aget_space(handle.id), "open", .damaged), at: place)
    self.handle = handle
    self.stored = stored
    self.shape = shape
    location = place
  }

  /// Refuses types that are never read, and more elements than the file can hold.
  func checkReadable() throws(HDF5Error) {
    if let rule = stored.refusal {
      throw location.refusal(rule, "read", "it stores a type never read: \(stored.datatype)")
    }
    _ = try count(elementSize: stored.datatype.byteCount ?? 8)
  }

  /// Reads numbers of exactly this type.
  func read<T: Element>(as type: T.Type) throws(HDF5Error) -> [T] {
    guard stored.datatype == T.datatype else {
      throw location.refusal(stored.refusal ?? .type, "read", "it stores \(stored.datatype), not \(T.datatype)")
    }
    let memory = try stored.datatype.inMemory(at: location)
    return try read(as: type, count: count(elementSize: MemoryLayout<T>.size), memory: memory)
  }

  /// Reads numbers of any type as they are stored: little-endian bytes.
  func readBytes() throws(HDF5Error) -> [UInt8] {
    guard let size = stored.datatype.byteCount else {
      throw location.refusal(stored.refusal ?? .type, "read", "it stores \(stored.datatype), not numbers")
    }
    return try read(as: UInt8.self, count: try count(elementSize: size) * size, memory: stored.handle)
  }

  /// Reads texts of fixed or variable length.
  func readTexts() throws(HDF5Error) -> [String] {
    switch stored.datatype {
    case .fixedString(let width, _):
      let points = try count(elementSize: width)
      let bytes = try read(as: UInt8.self, count: points * width, memory: stored.handle)
      return try FixedStrings.decode(bytes, width: width, padding: stored.padding, at: location)
    case .variableString: return try readVariable()
    default: throw location.refusal(stored.refusal ?? .type, "read", "it stores \(stored.datatype), not text")
    }
  }

  private func readVariable() throws(HDF5Error) -> [String] {
    let points = try count(elementSize: 8)
    if points == 0 { return [] }
    guard points <= ReadLimits.maximumVariableStrings else {
      let cause = "\(points) texts of variable length are more than \(ReadLimits.maximumVariableStrings)"
      throw location.refusal(.tooLarge, "read", cause)
    }
    let space = try location.owning(H5Aget_space(handle.id), "read")
    let (attribute, type) = (handle.id, stored.handle.id)
    return try VariableStrings(count: points).read(type: type, space: space.id, transfer: 0, at: location) {
      H5Aread(attribute, type, $0)
    }
  }

  /// The number of elements, once their bytes are known to keep within the limit and within the file.
  private func count(elementSize: Int) throws(HDF5Error) -> Int {
    let limit = min(location.limits.maximumBytes, location.fileSize ?? .max)
    guard let bytes = Extent.product(shape + [elementSize]), bytes <= limit else {
      let elements = "\(Extent.description(shape)) elements of \(elementSize) bytes"
      throw location.refusal(.tooLarge, "read", "\(elements) are more than the limit of \(limit) bytes")
    }
    return bytes / elementSize
  }

  /// Reads the whole attribute into `count` values, which have as many bytes as its elements of type `memory`.
  private func read<T: Element>(as type: T.Type, count: Int, memory: borrowing Handle) throws(HDF5Error) -> [T] {
    if count == 0 { return [] }
    let (attribute, memory) = (handle.id, memory.id)
    let location = location
    return try [T](capacity: count) { (output) throws(HDF5Error) in
      try output.withUnsafeMutableBufferPointer { (buffer, initialized) throws(HDF5Error) in
        // Safe: the library writes the whole attribute, which has just these bytes; any bits are a valid element.
        guard let base = buffer.baseAddress else { return }
        try location.check(H5Aread(attribute, memory, base), "read")
        initialized = count
      }
    }
  }
}
