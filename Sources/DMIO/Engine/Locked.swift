internal import Glibc

/// A value that one thread at a time can reach.
///
/// For the modules of this package: it is no part of the service. A POSIX mutex rather than `Synchronization.Mutex`:
/// ThreadSanitizer knows the former, and takes everything that the latter guards for a race, because that one is compiled into the
/// runtime without it.
@safe
package struct Locked<Value: ~Copyable>: ~Copyable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let value: UnsafeMutablePointer<Value>

  /// Guards `value`.
  ///
  /// It stands behind its mutex, in cache lines that nothing else has: a thread that takes the one has the other, and nobody
  /// who works beside them loses anything.
  package init(_ value: consuming Value) {
    let offset = unsafe MemoryLayout<pthread_mutex_t>.size.rounded(up: MemoryLayout<Value>.alignment)
    let line = max(64, MemoryLayout<Value>.alignment)
    let block = UnsafeMutableRawPointer.allocate(
      byteCount: (offset + MemoryLayout<Value>.size).rounded(up: line), alignment: line)
    unsafe mutex = block.initializeMemory(as: pthread_mutex_t.self, to: pthread_mutex_t())
    unsafe Locked.makeMutex(mutex)
    unsafe self.value = (block + offset).bindMemory(to: Value.self, capacity: 1)
    unsafe self.value.initialize(to: value)
  }

  /// A mutex for which a thread spins a little before it sleeps: what is done under a lock here takes less than to be woken.
  private static func makeMutex(_ mutex: UnsafeMutablePointer<pthread_mutex_t>) {
    var attributes = pthread_mutexattr_t()
    unsafe pthread_mutexattr_init(&attributes)
    unsafe pthread_mutexattr_settype(&attributes, Int32(PTHREAD_MUTEX_ADAPTIVE_NP))
    unsafe pthread_mutex_init(mutex, &attributes)
    unsafe pthread_mutexattr_destroy(&attributes)
  }

  deinit {
    unsafe value.deinitialize(count: 1)
    unsafe pthread_mutex_destroy(mutex)
    unsafe UnsafeMutableRawPointer(mutex).deallocate()
  }

  /// Hands the value to `body`, alone.
  package borrowing func withLock<Result: ~Copyable, Failure>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return unsafe try body(&value.pointee)
  }
}

// Why unchecked: the value is reached under the lock only; what `body` takes out of it is as in `Synchronization.Mutex`.
extension Locked: @unchecked Sendable where Value: ~Copyable {}

extension Int {
  /// The least multiple of `unit` that is not less.
  fileprivate func rounded(up unit: Int) -> Int { (self + unit - 1) / unit * unit }
}
