import Foundation
import RNNFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file open for reading at any place.
struct InputFile: ~Copyable, Sendable {
  private let descriptor: Int32
  let path: String
  let size: Int

  init(opening path: String) throws(ConversionError) {
    // Without O_NONBLOCK a named pipe would wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .cannotRead(file: path, reason: SystemError.reason) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw .cannotRead(file: path, reason: "it is not a regular file")
    }
    self.descriptor = descriptor
    self.path = path
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Reads `count` bytes.
  ///
  /// - Parameter orFewer: whether the end of the file may come before.
  func read(at offset: Int, count: Int, orFewer: Bool = false) throws(ConversionError) -> [UInt8] {
    let available = max(0, min(count, size - offset))
    guard orFewer || available == count else { throw .cannotRead(file: path, reason: "it ends too early") }
    var (result, failure): ([UInt8], Int32) = ([], 0)
    result = [UInt8](unsafeUninitializedCapacity: available) { buffer, initialized in
      while initialized < available {
        // Safe: what is left of the buffer holds the bytes asked for.
        let got = pread(
          descriptor, buffer.baseAddress.map { $0 + initialized }, available - initialized, off_t(offset + initialized))
        if got < 0 && errno == EINTR { continue }
        if got <= 0 {
          failure = got < 0 ? errno : EIO
          break
        }
        initialized += got
      }
    }
    if failure != 0 { throw .cannotRead(file: path, reason: SystemError.reason(failure)) }
    return result
  }

}
