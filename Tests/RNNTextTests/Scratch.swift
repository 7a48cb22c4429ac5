import CZlib
import Foundation

/// A folder of its own for one test, gone with it.
final class Scratch {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("data-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Writes a file and gives its path.
  func file(_ bytes: [UInt8], _ name: String = UUID().uuidString) throws -> String {
    let url = folder.appendingPathComponent(name)
    try Data(bytes).write(to: url)
    return url.path
  }
}

/// One gzip member, by zlib's own compressor.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
  var stream = z_stream()
  guard rnn_deflate_gzip_init(&stream) == Z_OK else { return [] }
  defer { deflateEnd(&stream) }
  var input = bytes
  let room = Int(deflateBound(&stream, UInt(bytes.count)))
  return [UInt8](unsafeUninitializedCapacity: room) { output, count in
    input.withUnsafeMutableBufferPointer { input in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      stream.next_out = output.baseAddress
      stream.avail_out = UInt32(room)
      _ = deflate(&stream, Z_FINISH)
      count = room - Int(stream.avail_out)
    }
  }
}
