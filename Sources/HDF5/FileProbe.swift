#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Looks at a file before the library does, to say plainly why it is no HDF5 file.
enum FileProbe {
  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// The size in bytes of a regular file with the signature of HDF5, and where that stands.
  static func look(at location: Location) throws(HDF5Error) -> (size: Int, start: Int) {
    // Without O_NONBLOCK a named pipe would wait for a writer.
    let descriptor = open(location.file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure(errno, "open", at: location) }
    defer { _ = close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(errno, "open", at: location) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw location.refusal(.directory, "open", "it is a directory")
    default: throw location.refusal(.notRegularFile, "open", "it is not a regular file")
    }
    return try look(at: descriptor, location)
  }

  /// The same of a regular file that is open. It takes no system call that could be given a name.
  static func look(at descriptor: Int32, _ location: Location) throws(HDF5Error) -> (size: Int, start: Int) {
    let size = Int(lseek(descriptor, 0, SEEK_END))
    guard size >= 0 else { throw failure(errno, "open", at: location) }
    if size == 0 { throw location.refusal(.emptyFile, "open", "the file is empty") }
    guard let start = signature(descriptor, size: size) else {
      throw location.refusal(.notHDF5, "open", "it is not an HDF5 file (no signature)")
    }
    return (size, start)
  }

  /// The signature stands at byte 0, 512, 1024, 2048 and so on.
  private static func signature(_ descriptor: Int32, size: Int) -> Int? {
    var offset = 0
    while offset <= size - signature.count {
      var bytes = [UInt8](repeating: 0, count: signature.count)
      // Safe: reads no more than the array has.
      if pread(descriptor, &bytes, bytes.count, off_t(offset)) == bytes.count, bytes == signature { return offset }
      if offset > size / 2 { return nil }
      offset = offset == 0 ? 512 : offset * 2
    }
    return nil
  }

  /// The error for a number of the operating system.
  static func failure(_ number: Int32, _ operation: String, at location: Location) -> HDF5Error {
    switch number {
    case ENOENT, ENOTDIR: location.refusal(.fileMissing, operation, "there is no such file or folder")
    case EACCES, EPERM, EROFS: location.refusal(.permission, operation, "permission denied")
    case EEXIST: location.refusal(.fileExists, operation, "the file exists already")
    case EISDIR: location.refusal(.directory, operation, "it is a directory")
    case EAGAIN: location.refusal(.locked, operation, "another process uses the file")
    case ENOSPC, EDQUOT: location.refusal(.diskFull, operation, "no space is left on the device")
    default:
      location.refusal(operation == "create" ? .writeFailed : .readFailed, operation, String(cString: strerror(number)))
    }
  }
}
