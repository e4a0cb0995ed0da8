internal import Glibc

/// A number of permits that threads wait for.
@safe
final class Semaphore {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private var permits = 0

  init() {
    unsafe mutex = .allocate(capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe pthread_mutex_init(mutex, nil)
    unsafe condition = .allocate(capacity: 1)
    unsafe condition.initialize(to: pthread_cond_t())
    var attributes = pthread_condattr_t()
    unsafe pthread_condattr_init(&attributes)
    // Nobody sets this clock, so no wait is longer than it should be.
    unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    unsafe pthread_cond_init(condition, &attributes)
    unsafe pthread_condattr_destroy(&attributes)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Adds a permit, and wakes a thread that waits for one.
  func signal() {
    unsafe pthread_mutex_lock(mutex)
    permits += 1
    unsafe pthread_cond_signal(condition)
    unsafe pthread_mutex_unlock(mutex)
  }

  /// Takes a permit when there is one.
  func wait() {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while permits == 0 { unsafe pthread_cond_wait(condition, mutex) }
    permits -= 1
  }

  /// Takes a permit if there is one by the time `end` of `Clock`; false when there is none.
  func wait(until end: UInt64) -> Bool {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    var time = timespec(tv_sec: Int(end / 1_000_000_000), tv_nsec: Int(end % 1_000_000_000))
    while permits == 0 { if unsafe pthread_cond_timedwait(condition, mutex, &time) != 0 { return false } }
    permits -= 1
    return true
  }
}

// Why unchecked: what changes is reached under the lock only.
extension Semaphore: @unchecked Sendable {}
