import Foundation
import HDF5
import RNNConversion
import RNNFormat
import RNNText

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What comes from files and from standard input.
enum Input {
  /// A model file, open for reading.
  ///
  /// - Parameter quarantine: reads the file, if it is not trusted.
  static func model(_ path: String, through quarantine: Quarantine? = nil) throws -> ModelFile {
    do {
      return try ModelFile(opening: path, through: quarantine)
    } catch {
      if error.isRefusal, let format = try? ModelFormat(of: path), format != .rnnH5 {
        throw Failure(
          "'\(path)' is a file of the format \(format.rawValue): make a model file of it first, with 'rnntool convert'",
          code: Failure.refused)
      }
      if case .hdf5(let cause) = error, cause.rule == .notHDF5 {
        throw Failure("'\(path)' is not a model file: it is not an HDF5 file (no signature)", code: Failure.refused)
      }
      throw error
    }
  }

  /// A model of any format, open for reading.
  ///
  /// - Parameters:
  ///   - options: what the user says about a file that does not say everything itself.
  ///   - trust: how much the file is believed.
  static func anyModel(
    _ path: String, _ options: ImportOptions, through trust: TrustOptions
  ) throws -> OpenedModel {
    // What is no file of a known format is refused in the words for model files.
    guard let format = try? ModelFormat(of: path, through: trust.quarantine), format != .rnnH5 else {
      return OpenedModel(try model(path, through: trust.quarantine))
    }
    try trust.check(path, format)
    var choices = try options.choices()
    choices.quarantine = trust.quarantine
    return try OpenedModel(opening: path, as: format, choices: choices)
  }

  /// A text of a few lines, such as a key.
  static func smallText(_ path: String) throws -> String {
    let bytes = try TextSource.bytes(of: path, limit: 1 << 20)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure("'\(path)' is no text in UTF-8", code: Failure.refused)
    }
    return text
  }

  /// Refuses a target that is one of the files read: it would be lost.
  static func check(_ target: String, isNoneOf sources: [String]) throws(Failure) {
    var (old, new) = (stat(), stat())
    guard stat(target, &new) == 0 else { return }
    for source in sources where source != "-" {
      if stat(source, &old) == 0, old.st_dev == new.st_dev, old.st_ino == new.st_ino {
        throw Failure("'\(target)' is read and would be written over: name another file to write", code: 64)
      }
    }
  }

  /// Refuses to replace a file that exists already, unless that was asked for.
  static func check(_ target: String, mayReplace: Bool) throws(Failure) {
    var status = stat()
    if !mayReplace, lstat(target, &status) == 0, status.st_mode & S_IFMT != S_IFDIR {
      throw Failure(
        "'\(target)' exists already: name another file, or say --force to replace it", code: Failure.refused)
    }
  }

  /// The bytes of a text, decompressed if it is compressed by gzip; `-` is standard input.
  static func text(_ path: String) throws(TextError) -> [UInt8] {
    // A few kilobytes can decompress to more than there is memory.
    try TextSource.bytes(of: path, limit: Int(clamping: ProcessInfo.processInfo.physicalMemory / 2))
  }

  /// The bytes of several texts, one after another.
  static func texts(_ paths: [String]) throws(TextError) -> [UInt8] {
    var bytes: [UInt8] = []
    for path in paths { bytes += try text(path) }
    guard !bytes.isEmpty else { throw .empty(paths: paths) }
    return bytes
  }
}
