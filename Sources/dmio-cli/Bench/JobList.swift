internal import Glibc

/// Jobs in the order in which they came, under a lock.
///
/// A POSIX mutex, because ThreadSanitizer takes everything that `Synchronization.Mutex` guards for a race.
@safe
final class JobList {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private var jobs: [UnownedJob] = []
  /// How many of them were taken.
  private var taken = 0

  init() {
    unsafe mutex = .allocate(capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe pthread_mutex_init(mutex, nil)
  }

  deinit {
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
  }

  func append(_ job: UnownedJob) {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    jobs.append(job)
  }

  func popFirst() -> UnownedJob? {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    guard taken < jobs.count else {
      jobs.removeAll(keepingCapacity: true)
      taken = 0
      return nil
    }
    taken += 1
    return jobs[taken - 1]
  }
}

// Why unchecked: everything that changes is reached under the lock only.
extension JobList: @unchecked Sendable {}
