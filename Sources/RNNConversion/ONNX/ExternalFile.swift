import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Finds the files that an ONNX model names for the values of its tensors.
///
/// A model chooses these names, so following them blindly would let it read any file of the user's: only plain relative names are
/// followed, and only where they end in the model's own folder once symbolic links are resolved.
enum ExternalFile {
  static func open(
    _ location: String, besideModel model: String, tensor: String
  ) throws(ConversionError) -> SharedFile {
    func refused(_ reason: String) -> ConversionError {
      .malformed(
        file: model, place: "tensor '\(tensor)'", reason: "the file '\(location)' of its values is refused: \(reason)")
    }
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.utf8.contains(0), !location.contains("\\"), !location.contains(":"),
      parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." })
    else { throw refused("it is not a plain name relative to the model's folder") }
    let folder = URL(filePath: model).deletingLastPathComponent().path
    guard let home = resolved(folder.isEmpty ? "." : folder), let file = resolved("\(home)/\(location)") else {
      throw refused("it does not exist")
    }
    guard file.hasPrefix(home.hasSuffix("/") ? home : home + "/") else { throw refused("it leads out of the folder") }
    return try SharedFile(opening: file)
  }

  private static func resolved(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }
}
