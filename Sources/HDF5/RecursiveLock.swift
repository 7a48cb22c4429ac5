#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A lock that its holder may take again. `Mutex` traps on that, and a handle that goes away inside a locked call
/// must be able to close itself.
///
/// Safe to share: the pointer never changes, the mutex it points to is made for sharing and lives as long as the lock.
final class RecursiveLock: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>

  init() {
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    var attributes = pthread_mutexattr_t()
    pthread_mutexattr_init(&attributes)
    pthread_mutexattr_settype(&attributes, recursiveKind)
    pthread_mutex_init(mutex, &attributes)
    pthread_mutexattr_destroy(&attributes)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  func acquire() { pthread_mutex_lock(mutex) }

  func release() { pthread_mutex_unlock(mutex) }
}

/// Glibc imports the constant as an enumeration case, the others as a number.
private var recursiveKind: Int32 {
  #if canImport(Glibc)
    Int32(PTHREAD_MUTEX_RECURSIVE)
  #else
    PTHREAD_MUTEX_RECURSIVE
  #endif
}
