#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the operating system says went wrong, in words that continue a sentence.
public enum SystemError {
  /// The reason of the last failed call of this thread.
  public static var reason: String { reason(errno) }

  /// The reason behind an error number.
  public static func reason(_ number: Int32) -> String {
    switch number {
    case ENOENT: "there is no such file or folder"
    case ENOSPC: "no space is left on the device"
    default: String(cString: strerror(number)).lowercased()
    }
  }
}
