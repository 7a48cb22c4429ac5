internal import CHDF5

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The one door to libhdf5: every call happens between `enter` and `leave`.
///
/// Not every build of the library is thread-safe, so a lock of our own surrounds all calls.
package enum Library {
  /// Made, and the library prepared, on first use.
  private static let lock: RecursiveLock = {
    prepare()
    return RecursiveLock()
  }()

  /// Takes the lock and keeps the library from printing on this thread, which is a setting of each thread.
  package static func enter() {
    lock.acquire()
    H5Eset_auto2(hid_t(H5E_DEFAULT), nil, nil)
  }

  /// Leaves no error on this thread's stack, or the library would print when it closes, and gives the lock back.
  package static func leave() {
    H5Eclear2(hid_t(H5E_DEFAULT))
    lock.release()
  }

  /// Closes the doors through which a file or the environment could make the library run or read something else.
  private static func prepare() {
    // Read by the library when it starts, so they must go before its first call.
    for variable in ["HDF5_PLUGIN_PATH", "HDF5_PLUGIN_PRELOAD", "HDF5_DRIVER", "HDF5_VOL_CONNECTOR"] {
      unsetenv(variable)
    }
    // At exit the library would close what is open, and crash over a file that it could not write. Every handle closes
    // itself, and a file that nobody closed is unfinished in any case.
    H5dont_atexit()
    H5Eset_auto2(hid_t(H5E_DEFAULT), nil, nil)
    H5PLset_loading_state(0)
    H5Lunregister(H5L_TYPE_EXTERNAL)
    H5Eclear2(hid_t(H5E_DEFAULT))
  }
}
