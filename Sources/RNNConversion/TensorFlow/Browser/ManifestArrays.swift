import Foundation
import RNNFormat

/// Variables as ml5 and deeplearn.js take them: `manifest.json` says the file and the shape of each, and each file holds float32 values alone.
final class ManifestArrays: ArraySource {
  let path: String
  let arrays: [String: ArrayDescription]
  private let files: [String: SharedFile]

  /// More than any manifest needs.
  static let largest = 64 << 20

  /// - Throws: ``ConversionError``.
  init(_ manifest: JSONValue, path: String) throws(ConversionError) {
    func malformed(_ name: String, _ reason: String) -> ConversionError {
      .malformed(file: path, place: "'\(name)'", reason: reason)
    }
    var arrays: [String: ArrayDescription] = [:]
    var files: [String: SharedFile] = [:]
    var taken: Set<String> = []
    for (name, entry) in manifest.object ?? [:] {
      guard let file = entry["filename"]?.string, let shape = entry["shape"]?.array?.map({ $0.integer ?? -1 }),
        shape.allSatisfy({ $0 >= 0 })
      else { throw malformed(name, "it has no 'filename' and 'shape'") }
      let array = ArrayDescription(name: name, type: .float32, shape: shape)
      // Two variables in one file would let a small file be a large model.
      guard taken.insert(file).inserted else { throw malformed(name, "another variable has the same file") }
      let values = try FileBeside.open(file, of: path, place: "'\(name)'")
      guard array.byteCount == values.size else {
        throw malformed(name, "its shape \(shape) does not fit the \(values.size) bytes of '\(file)'")
      }
      arrays[name] = array
      files[name] = values
    }
    self.path = path
    self.arrays = arrays
    self.files = files
  }

  func bytes(of array: ArrayDescription) throws -> [UInt8] {
    guard let file = files[array.name] else { return [] }
    return try file.bytes(0..<file.size)
  }
}

/// Opens files that a manifest names: only plain names of files in its own folder.
enum FileBeside {
  static func open(_ name: String, of manifest: String, place: String) throws(ConversionError) -> SharedFile {
    // TensorFlow.js itself writes `./model.weights.bin`.
    let plain = name.hasPrefix("./") ? String(name.dropFirst(2)) : name
    guard !plain.contains("/") else {
      throw .malformed(
        file: manifest, place: place,
        reason: "the file '\(name)' is refused: only files in the manifest's own folder are read")
    }
    return try ExternalFile.open(plain, besideModel: manifest, tensor: place)
  }
}
