import CHDF5
import Foundation
import HDF5
import Testing

/// A folder of a test's own, gone with it.
final class Scratch: Sendable {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("hdf5-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// The path of a file in the folder.
  func path(_ name: String = "file.h5") -> String { folder.appendingPathComponent(name).path }

  /// A file with these bytes.
  func file(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    let path = path(name)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  /// The bytes of a file.
  func bytes(of path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

  /// A file made with the library itself, so that it may hold what this module never writes.
  func forge(_ name: String = "forged.h5", _ body: (hid_t) throws -> Void) throws -> String {
    let path = path(name)
    Library.enter()
    defer { Library.leave() }
    let access = H5Pcreate(chdf5_file_access())
    defer { H5Pclose(access) }
    // Tests beside this one start processes, which would inherit a lock.
    try #require(chdf5_do_not_lock(access) >= 0)
    let file = H5Fcreate(path, chdf5_truncate(), 0, access)
    try #require(file >= 0)
    try body(file)
    try #require(H5Fclose(file) >= 0)
    return path
  }
}

/// The rule of the error that `body` throws, or nil when it throws none.
func rule(_ body: () throws(HDF5Error) -> Void) -> HDF5Error.Rule? {
  do {
    try body()
    return nil
  } catch {
    return error.rule
  }
}

/// Calls of the library that forged files are made of.
enum Forge {
  /// A dataset of the given type; `bytes`, if any, are written in the very same type.
  static func dataset(
    _ file: hid_t, _ name: String, type: hid_t, shape: [hsize_t], bytes: [UInt8]? = nil, properties: hid_t = 0
  ) throws {
    let space = shape.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(shape.count), shape, nil)
    let dataset = H5Dcreate2(file, name, type, space, 0, properties, 0)
    try #require(dataset >= 0)
    if let bytes { try #require(H5Dwrite(dataset, type, 0, 0, 0, bytes) >= 0) }
    H5Dclose(dataset)
    H5Sclose(space)
  }

  /// Properties of a chunked dataset.
  static func chunked(_ sizes: [hsize_t]) -> hid_t {
    let properties = H5Pcreate(chdf5_dataset_create())
    H5Pset_chunk(properties, Int32(sizes.count), sizes)
    return properties
  }

  /// An empty group.
  static func group(_ file: hid_t, _ name: String) throws {
    let group = H5Gcreate2(file, name, 0, 0, 0)
    try #require(group >= 0)
    H5Gclose(group)
  }

  /// A link of a class that exists only while it is made: the library refuses links of unknown classes.
  static func userLink(_ file: hid_t, _ name: String, class number: Int32) throws {
    var link = H5L_class_t()
    link.version = H5L_LINK_CLASS_T_VERS
    link.id = H5L_type_t(rawValue: number)
    link.trav_func = { _, _, _, _, _, _ in -1 }
    try #require(H5Lregister(&link) >= 0)
    let target: [UInt8] = Array("\0other.h5\0/\0".utf8)
    try #require(H5Lcreate_ud(file, name, link.id, target, target.count, 0, 0) >= 0)
    H5Lunregister(link.id)
  }

  /// A type of text of variable length.
  static func variableString() -> hid_t {
    let type = H5Tcopy(chdf5_string())
    H5Tset_size(type, chdf5_variable())
    H5Tset_cset(type, H5T_CSET_UTF8)
    return type
  }

  /// Texts of variable length, as a dataset or, with `attribute`, as an attribute of the root.
  static func variableStrings(_ file: hid_t, _ name: String, _ texts: [String], scalar: Bool, attribute: Bool) throws {
    let type = variableString()
    var sizes = [hsize_t(texts.count)]
    let space = scalar ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &sizes, nil)
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    if attribute {
      let id = H5Acreate2(file, name, type, space, 0, 0)
      try #require(H5Awrite(id, type, copies) >= 0)
      H5Aclose(id)
    } else {
      let id = H5Dcreate2(file, name, type, space, 0, 0, 0)
      try #require(H5Dwrite(id, type, 0, 0, 0, copies) >= 0)
      H5Dclose(id)
    }
    H5Sclose(space)
    H5Tclose(type)
  }
}
