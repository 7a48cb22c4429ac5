import Foundation
import HDF5
import RNNFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Opens a `.keras` archive: a zip with the description of a model and an HDF5 file with its weights.
enum KerasArchive {
  static let metadata = "metadata.json"
  static let configuration = "config.json"
  static let weights = "model.weights.h5"

  static func open(_ path: String, through quarantine: Quarantine? = nil) throws -> KerasFile {
    #if NPZ
      let archive = try ZipReader(opening: path)
      func malformed(_ place: String, _ reason: String) -> ConversionError {
        .malformed(file: path, place: place, reason: reason)
      }
      func text(_ name: String) throws -> JSONValue? {
        guard let entry = archive.entry(named: name) else { return nil }
        guard entry.size <= KerasAttributes.maximumText else { throw malformed(name, "it is longer than 64 MiB") }
        guard let text = String(validating: try archive.bytes(of: entry), as: UTF8.self) else {
          throw malformed(name, "it is not UTF-8")
        }
        return try KerasStructure.configuration(text, file: path, place: name)
      }
      guard let description = try text(configuration) else {
        throw malformed("the archive", "it has no '\(configuration)': it is no model of Keras")
      }
      guard let entry = archive.entry(named: weights) else {
        throw malformed("the archive", "it has no '\(weights)'; weights in another form are not read")
      }
      // Keras stores the weights as they are; and no compression makes much of trained numbers.
      let size = try InputFile(opening: path).size
      guard entry.isStored || entry.size / 64 <= size else {
        throw malformed(weights, "it unpacks to \(entry.size) bytes, more than is taken from an archive of this size")
      }
      let version = try text(metadata)?["keras_version"]?.string
      let copy = try UnnamedFile(for: path)
      try archive.read(entry) { (piece) throws(ConversionError) in try copy.append(piece) }
      if let quarantine {
        let file = try quarantine.open(
          descriptor: copy.descriptor, size: entry.size, named: path, content: .foreign)
        return try KerasFile(file, configuration: description, version: version)
      }
      do {
        let file = try File(descriptor: copy.descriptor, named: path, limits: KerasFile.limits)
        return try KerasFile(file, holding: copy, configuration: description, version: version)
      } catch let error as HDF5Error {
        throw FormatError.hdf5(error)
      }
    #else
      throw ConversionError.cannotRead(file: path, reason: "this build of rnntool does not read zip archives")
    #endif
  }
}

/// A file without a name: gone when it is closed, whatever becomes of the process.
final class UnnamedFile {
  let descriptor: Int32
  private let path: String

  /// - Parameter path: the file that errors name.
  init(for path: String) throws(ConversionError) {
    self.path = path
    var template = Array("\(FileManager.default.temporaryDirectory.path)/rnntool-XXXXXX".utf8CString)
    // Safe: the call writes within the array, which ends with NUL. It makes a file that only its owner may read.
    let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.map { mkstemp($0) } ?? -1 }
    guard made >= 0 else { throw .cannotRead(file: path, reason: "no temporary file: \(SystemError.reason)") }
    _ = template.withUnsafeBufferPointer { $0.baseAddress.map { unlink($0) } }
    _ = fcntl(made, F_SETFD, FD_CLOEXEC)
    descriptor = made
  }

  deinit { close(descriptor) }

  func append(_ bytes: [UInt8]) throws(ConversionError) {
    var sent = 0
    while sent < bytes.count {
      // Safe: the pointer stays within the bytes and is used only during the call.
      let count = bytes[sent...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .cannotRead(file: path, reason: "its copy: \(SystemError.reason)") }
      sent += count
    }
  }
}
