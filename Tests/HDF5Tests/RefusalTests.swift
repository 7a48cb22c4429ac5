import CHDF5
import Foundation
import HDF5
import Testing

@Suite struct RefusalTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// The rule by which reading the numbers of `name` is refused.
  private func reading<T: Element>(_ name: String, _ type: T.Type, of path: String) throws -> HDF5Error.Rule? {
    let file = try File(opening: path)
    return rule { () throws(HDF5Error) in _ = try file.root.dataset(name).read(as: type) }
  }

  /// The rule by which a walk is refused.
  private func walking(_ path: String) throws -> HDF5Error.Rule? {
    let file = try File(opening: path)
    return rule { () throws(HDF5Error) in _ = try file.objects() }
  }

  @Test func refusesExternalStorage() throws {
    let secret = try scratch.file("secret", Array("secret!!".utf8))
    let path = try scratch.forge { file in
      let properties = H5Pcreate(chdf5_dataset_create())
      try #require(H5Pset_external(properties, secret, 0, 8) >= 0)
      try Forge.dataset(file, "x", type: chdf5_u8le(), shape: [8], properties: properties)
    }
    #expect(try reading("x", UInt8.self, of: path) == .externalStorage)
    #expect(try walking(path) == .externalStorage)
  }

  @Test(arguments: [false, true])
  func refusesVirtualDatasets(unlimited: Bool) throws {
    let path = try scratch.forge { file in
      let properties = H5Pcreate(chdf5_dataset_create())
      var (size, most): ([hsize_t], [hsize_t]) = ([4], [unlimited ? chdf5_unlimited() : 4])
      let space = H5Screate_simple(1, &size, &most)
      if unlimited {
        let (zero, one): ([hsize_t], [hsize_t]) = ([0], [1])
        H5Sselect_hyperslab(space, H5S_SELECT_SET, zero, one, [chdf5_unlimited()], one)
      }
      try #require(H5Pset_virtual(properties, space, "other.h5", "/x", space) >= 0)
      let dataset = H5Dcreate2(file, "x", chdf5_f32le(), space, 0, properties, 0)
      try #require(dataset >= 0)
      H5Dclose(dataset)
    }
    #expect(try reading("x", Float.self, of: path) == .virtualDataset)
    #expect(try walking(path) == .virtualDataset)
  }

  @Test func refusesEveryLinkThatIsNotHard() throws {
    let soft = try scratch.forge("soft.h5") { file in
      try Forge.group(file, "g")
      try #require(H5Lcreate_soft("/g", file, "link", 0, 0) >= 0)
    }
    let external = try scratch.forge("external.h5") { try Forge.userLink($0, "link", class: 64) }
    let user = try scratch.forge("user.h5") { try Forge.userLink($0, "link", class: 99) }
    let cases: [(String, HDF5Error.Rule, ObjectKind)] = [
      (soft, .softLink, .softLink), (external, .externalLink, .externalLink), (user, .userLink, .userLink(99)),
    ]
    for (path, expected, kind) in cases {
      let file = try File(opening: path)
      #expect(try file.root.kind(of: "link") == kind)
      #expect(try file.root.contains("link"))
      #expect(rule { () throws(HDF5Error) in _ = try file.root.group("link") } == expected)
      #expect(rule { () throws(HDF5Error) in _ = try file.root.dataset("link") } == expected)
      #expect(rule { () throws(HDF5Error) in _ = try file.root.dataset("link/x") } == expected)
      #expect(rule { () throws(HDF5Error) in _ = try file.root.contains("link/x") } == expected)
      do {
        _ = try file.objects()
        Issue.record("a link was walked through")
      } catch {
        #expect(error.rule == expected)
        #expect(error.object == "/link")
      }
    }
  }

  @Test func refusesCycles() throws {
    let path = try scratch.forge { file in
      try Forge.group(file, "a")
      try Forge.group(file, "a/b")
      try #require(H5Lcreate_hard(file, "/a", file, "/a/b/up", 0, 0) >= 0)
      try #require(H5Lcreate_hard(file, "/", file, "/a/root", 0, 0) >= 0)
    }
    let file = try File(opening: path)
    #expect(rule { () throws(HDF5Error) in _ = try file.root.group("a/b/up") } == .cycle)
    #expect(rule { () throws(HDF5Error) in _ = try file.root.group("a/b").group("up/b") } == .cycle)
    #expect(rule { () throws(HDF5Error) in _ = try file.root.kind(of: "a/root/a") } == .cycle)
    #expect(rule { () throws(HDF5Error) in _ = try file.objects() } == .cycle)
    #expect(rule { () throws(HDF5Error) in _ = try file.root.group("a").objects() } == .cycle)
  }

  @Test func refusesTwoNamesOfOneObject() throws {
    let path = try scratch.forge { file in
      try Forge.dataset(file, "a", type: chdf5_u8le(), shape: [1], bytes: [1])
      try #require(H5Lcreate_hard(file, "/a", file, "/b", 0, 0) >= 0)
    }
    #expect(try walking(path) == .cycle)
  }

  @Test func refusesCommittedTypes() throws {
    let path = try scratch.forge { file in
      let type = H5Tcopy(chdf5_f32le())
      try Forge.group(file, "g")
      try #require(H5Tcommit2(file, "g/type", type, 0, 0, 0) >= 0)
      try Forge.dataset(file, "x", type: type, shape: [1], bytes: [0, 0, 0, 0])
      let space = H5Screate(H5S_SCALAR)
      let attribute = H5Acreate2(file, "x", type, space, 0, 0)
      try #require(H5Awrite(attribute, type, [Float(1)]) >= 0)
      H5Aclose(attribute)
      H5Tclose(type)
    }
    #expect(try reading("x", Float.self, of: path) == .committedType)
    #expect(try walking(path) == .committedType)
    let file = try File(opening: path)
    #expect(rule { () throws(HDF5Error) in _ = try file.root.dataset("x").readBytes() } == .committedType)
    #expect(rule { () throws(HDF5Error) in _ = try file.root.attribute("x", as: Float.self) } == .committedType)
    #expect(rule { () throws(HDF5Error) in _ = try file.root.group("g/type") } == .committedType)
    #expect(try file.root.kind(of: "g/type") == .committedType)
    #expect(try file.root.dataset("x").datatype == .unsupported("committed datatype"))
  }

  @Test func refusesTypesThatItDoesNotWrite() throws {
    func make(_ type: hid_t, _ change: (hid_t) -> herr_t) -> hid_t {
      let copy = H5Tcopy(type)
      precondition(change(copy) >= 0)
      return copy
    }
    Library.enter()
    var eight: hsize_t = 8
    let enumeration = H5Tenum_create(chdf5_i8le())
    var zero: Int8 = 0
    H5Tenum_insert(enumeration, "FALSE", &zero)
    let compound = H5Tcreate(H5T_COMPOUND, 8)
    H5Tinsert(compound, "x", 0, chdf5_f64le())
    let types: [(String, hid_t, HDF5Error.Rule)] = [
      ("big-endian floating-point number of 64 bits", chdf5_f64be(), .type),
      ("unusual integer of 32 bits", make(chdf5_i32le()) { H5Tset_precision($0, 20) }, .type),
      ("unusual floating-point number of 32 bits", make(chdf5_f32le()) { H5Tset_ebias($0, 100) }, .type),
      ("reference", chdf5_object_reference(), .referenceType),
      ("variable-length sequence", H5Tvlen_create(chdf5_f32le()), .variableLength),
      ("compound", compound, .type),
      ("opaque bytes", H5Tcreate(H5T_OPAQUE, 8), .type),
      ("enumeration", enumeration, .type),
      ("array", H5Tarray_create2(chdf5_f32le(), 1, &eight), .type),
    ]
    Library.leave()
    for (index, (name, type, expected)) in types.enumerated() {
      let path = try scratch.forge("\(index).h5") { file in
        try Forge.dataset(file, "x", type: type, shape: [2])
        let space = H5Screate(H5S_SCALAR)
        let attribute = H5Acreate2(file, "x", type, space, 0, 0)
        try #require(attribute >= 0)
        H5Aclose(attribute)
      }
      let file = try File(opening: path)
      #expect(try file.objects().last?.datatype == .unsupported(name))
      #expect(try file.root.attributeDescription("x").datatype == .unsupported(name))
      #expect(rule { () throws(HDF5Error) in _ = try file.root.dataset("x").read(as: Float.self) } == expected)
      #expect(rule { () throws(HDF5Error) in _ = try file.root.dataset("x").readBytes() } == expected)
      #expect(rule { () throws(HDF5Error) in _ = try file.root.dataset("x").readStrings() } == expected)
      #expect(rule { () throws(HDF5Error) in _ = try file.root.attribute("x", as: Float.self) } == expected)
      #expect(rule { () throws(HDF5Error) in _ = try file.root.stringAttribute("x") } == expected)
    }
  }

  @Test func refusesOtherFilters() throws {
    let path = try scratch.forge { file in
      let scaled = Forge.chunked([4])
      try #require(H5Pset_scaleoffset(scaled, H5Z_SO_INT, 0) >= 0)
      let bits = Forge.chunked([4])
      try #require(H5Pset_nbit(bits) >= 0)
      let twice = Forge.chunked([4])
      H5Pset_deflate(twice, 1)
      H5Pset_deflate(twice, 1)
      for (name, properties) in [("scaled", scaled), ("bits", bits), ("twice", twice)] {
        try Forge.dataset(
          file, name, type: chdf5_i32le(), shape: [4], bytes: Array(repeating: 1, count: 16), properties: properties)
      }
    }
    for name in ["scaled", "bits", "twice"] { #expect(try reading(name, Int32.self, of: path) == .filter) }
    let file = try File(opening: path)
    #expect(try file.root.dataset("bits").filters == [.other(id: 5, name: "nbit")])
  }

  @Test func refusesDatasetsWithoutAShape() throws {
    let path = try scratch.forge { file in
      let space = H5Screate(H5S_NULL)
      H5Dclose(H5Dcreate2(file, "x", chdf5_f32le(), space, 0, 0, 0))
      H5Aclose(H5Acreate2(file, "x", chdf5_f32le(), space, 0, 0))
    }
    let file = try File(opening: path)
    #expect(rule { () throws(HDF5Error) in _ = try file.root.dataset("x") } == .shape)
    #expect(rule { () throws(HDF5Error) in _ = try file.root.attribute("x", as: Float.self) } == .shape)
  }

  @Test func refusesShapesBeyondTheirStorage() throws {
    let path = try scratch.forge { file in
      try Forge.dataset(file, "unwritten", type: chdf5_f32le(), shape: [1 << 20])
      try Forge.dataset(file, "empty", type: chdf5_f32le(), shape: [1 << 20], properties: Forge.chunked([1024]))
      try Forge.dataset(file, "huge", type: chdf5_f32le(), shape: [1 << 50], properties: Forge.chunked([1024]))
      try Forge.dataset(
        file, "overflowing", type: chdf5_f64le(), shape: [1 << 40, 1 << 40], properties: Forge.chunked([8, 8]))
      // One chunk of a million is there.
      let properties = Forge.chunked([16])
      var size: hsize_t = 1 << 24
      let space = H5Screate_simple(1, &size, nil)
      let sparse = H5Dcreate2(file, "sparse", chdf5_f32le(), space, 0, properties, 0)
      let (start, count): ([hsize_t], [hsize_t]) = ([0], [16])
      H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nil, count, nil)
      let memory = H5Screate_simple(1, count, nil)
      try #require(H5Dwrite(sparse, chdf5_f32le(), memory, space, 0, [Float](repeating: 1, count: 16)) >= 0)
      H5Dclose(sparse)
    }
    #expect(try reading("unwritten", Float.self, of: path) == .storageMismatch)
    #expect(try reading("empty", Float.self, of: path) == .storageMismatch)
    #expect(try reading("sparse", Float.self, of: path) == .storageMismatch)
    #expect(try reading("huge", Float.self, of: path) == .tooLarge)
    #expect(try reading("overflowing", Double.self, of: path) == .tooLarge)
    let file = try File(opening: path)
    let block = rule { () throws(HDF5Error) in
      _ = try file.root.dataset("huge").read(as: Float.self, start: [0], count: [1])
    }
    #expect(block == .tooLarge)
  }

  @Test func keepsToTheLimitOfBytes() throws {
    let path = scratch.path()
    let writing = try File(creating: path)
    try writing.root.createDataset("x", of: Double.self, shape: [100]).write([Double](repeating: 1, count: 100))
    try writing.root.setAttribute("x", to: [Double](repeating: 1, count: 100))
    try writing.close()
    let exact = try File(opening: path, limits: ReadLimits(maximumBytes: 800))
    #expect(try exact.root.dataset("x").read(as: Double.self).count == 100)
    #expect(try exact.root.arrayAttribute("x", as: Double.self).count == 100)
    let tight = try File(opening: path, limits: ReadLimits(maximumBytes: 799))
    #expect(rule { () throws(HDF5Error) in _ = try tight.root.dataset("x").read(as: Double.self) } == .tooLarge)
    #expect(rule { () throws(HDF5Error) in _ = try tight.root.arrayAttribute("x", as: Double.self) } == .tooLarge)
  }

  @Test func noticesAFlippedByteUnderAChecksum() throws {
    let path = scratch.path()
    let values = (0..<1000).map { UInt32($0) &* 2_654_435_761 }
    let writing = try File(creating: path)
    let options = DatasetOptions(fletcher32: true)
    try writing.root.createDataset("x", of: UInt32.self, shape: [1000], options: options).write(values)
    try writing.close()
    var bytes = try scratch.bytes(of: path)
    let needle = withUnsafeBytes(of: values[500].littleEndian) { Array($0) }
    let position = try #require(bytes.indices.dropLast(3).first { Array(bytes[$0..<$0 + 4]) == needle })
    bytes[position] ^= 1
    let damaged = try scratch.file("damaged.h5", bytes)
    let file = try File(opening: damaged)
    // The description of the tree needs no data.
    #expect(try file.objects().count == 2)
    do {
      _ = try file.root.dataset("x").read(as: UInt32.self)
      Issue.record("damage went unnoticed")
    } catch {
      #expect(error.rule == .readFailed)
      #expect(error.description.contains("Fletcher32"))
    }
  }

  @Test func refusesDataBeyondTheEndOfTheFile() throws {
    // Older files do not checksum their object headers, so the size in the layout can be forged.
    let path = try scratch.forge { file in
      try Forge.dataset(file, "x", type: chdf5_u8le(), shape: [4000], bytes: Array(repeating: 0xAB, count: 4000))
    }
    let offset: Int
    do {
      let file = try File(opening: path)
      let found = try file.root.dataset("x").offset
      offset = try #require(found)
    }
    var bytes = try scratch.bytes(of: path)
    // The layout has the address, then the size.
    let needle = [UInt64(offset).littleEndian, 4000].withUnsafeBytes { Array($0) }
    let position = try #require(bytes.indices.dropLast(15).first { Array(bytes[$0..<$0 + 16]) == needle })
    let forged = withUnsafeBytes(of: UInt64(bytes.count - 100).littleEndian) { Array($0) }
    bytes.replaceSubrange(position..<position + 8, with: forged)
    let found = try reading("x", UInt8.self, of: scratch.file("beyond.h5", bytes))
    #expect(found == .storageMismatch)
  }
}
