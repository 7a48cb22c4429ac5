internal import CHDF5

/// A type as a file has it: the library's handle, our description, and the rule that forbids reading it, if any.
struct StoredType: ~Copyable {
  let handle: Handle
  let datatype: Datatype
  let refusal: HDF5Error.Rule?
  /// How fixed-length strings fill their bytes.
  let padding: StringPadding

  /// - Parameter handle: the type of an open dataset or attribute
  init(owning handle: consuming Handle, at location: Location) throws(HDF5Error) {
    let id = handle.id
    var refusal: HDF5Error.Rule?
    var padding = StringPadding.zeros
    if try location.truth(H5Tcommitted(id), "read the type of") {
      datatype = .unsupported("committed datatype")
      refusal = .committedType
    } else if H5Tget_class(id) == H5T_STRING {
      datatype = try Self.string(id, at: location)
      padding = StringPadding(H5Tget_strpad(id))
    } else if let number = try Self.number(id, at: location) {
      datatype = number
    } else {
      let (name, rule) = Self.unsupported(id)
      datatype = .unsupported(name)
      refusal = rule
    }
    self.handle = handle
    self.refusal = refusal
    self.padding = padding
  }

  private static func string(_ id: hid_t, at location: Location) throws(HDF5Error) -> Datatype {
    if try location.truth(H5Tis_variable_str(id), "read the type of") { return .variableString }
    guard let bytes = Int(exactly: H5Tget_size(id)), bytes > 0 else {
      throw location.refusal(.type, "read the type of", "a string of no bytes")
    }
    return .fixedString(bytes: bytes, utf8: H5Tget_cset(id) == H5T_CSET_UTF8)
  }

  private static func number(_ id: hid_t, at location: Location) throws(HDF5Error) -> Datatype? {
    for candidate in Datatype.numbers {
      let type = try candidate.stored(at: location)
      if try location.truth(H5Tequal(id, type.id), "read the type of") { return candidate }
    }
    return nil
  }

  private static func unsupported(_ id: hid_t) -> (String, HDF5Error.Rule) {
    let bits = Int(clamping: H5Tget_size(id)).multipliedReportingOverflow(by: 8).partialValue
    let order = H5Tget_order(id) == H5T_ORDER_BE ? "big-endian" : "unusual"
    return switch H5Tget_class(id) {
    case H5T_INTEGER: ("\(order) integer of \(bits) bits", .type)
    case H5T_FLOAT: ("\(order) floating-point number of \(bits) bits", .type)
    case H5T_TIME: ("time", .type)
    case H5T_BITFIELD: ("bit field", .type)
    case H5T_OPAQUE: ("opaque bytes", .type)
    case H5T_COMPOUND: ("compound", .type)
    case H5T_REFERENCE: ("reference", .referenceType)
    case H5T_ENUM: ("enumeration", .type)
    case H5T_VLEN: ("variable-length sequence", .variableLength)
    case H5T_ARRAY: ("array", .type)
    default: ("unknown type", .type)
    }
  }
}

extension Datatype {
  /// The library's type with which this one is stored.
  func stored(at location: Location) throws(HDF5Error) -> Handle {
    try location.owning(make(), "make a type for", .type)
  }

  /// The library's type with which this one lies in memory: the same bits in the machine's own order.
  func inMemory(at location: Location) throws(HDF5Error) -> Handle {
    let type = try stored(at: location)
    switch self {
    case .integer, .float: try location.check(H5Tset_order(type.id, chdf5_native_order()), "make a type for", .type)
    case .fixedString, .variableString, .unsupported: break
    }
    return type
  }

  /// A new identifier, or a negative number for what cannot be stored.
  private func make() -> hid_t {
    switch self {
    case .integer(8, signed: false): H5Tcopy(chdf5_u8le())
    case .integer(16, signed: false): H5Tcopy(chdf5_u16le())
    case .integer(32, signed: false): H5Tcopy(chdf5_u32le())
    case .integer(64, signed: false): H5Tcopy(chdf5_u64le())
    case .integer(8, signed: true): H5Tcopy(chdf5_i8le())
    case .integer(16, signed: true): H5Tcopy(chdf5_i16le())
    case .integer(32, signed: true): H5Tcopy(chdf5_i32le())
    case .integer(64, signed: true): H5Tcopy(chdf5_i64le())
    case .float(16): chdf5_make_f16le()
    case .float(32): H5Tcopy(chdf5_f32le())
    case .float(64): H5Tcopy(chdf5_f64le())
    case .fixedString(let bytes, let utf8): Self.makeString(bytes, utf8: utf8)
    case .integer, .float, .variableString, .unsupported: -1
    }
  }

  private static func makeString(_ bytes: Int, utf8: Bool) -> hid_t {
    guard bytes > 0 else { return -1 }
    let type = H5Tcopy(chdf5_string())
    let set = utf8 ? H5T_CSET_UTF8 : H5T_CSET_ASCII
    if H5Tset_size(type, bytes) < 0 || H5Tset_cset(type, set) < 0 || H5Tset_strpad(type, H5T_STR_NULLPAD) < 0 {
      H5Tclose(type)
      return -1
    }
    return type
  }
}
