internal import Synchronization

/// The runners of a thread that were answered on another one, until their own takes them back.
///
/// Handing one back is one compare-and-exchange; the bell rings only for a thread that sleeps. The thread says that it
/// sleeps before it looks a last time, and whoever hands back looks at that afterwards: one of the two always sees the other.
struct Returns: ~Copyable {
  /// The runner that came last; 0 when there is none.
  private let last = Atomic<UInt>(0)
  private let isAsleep = Atomic<Bool>(false)
  private let bell = Semaphore()

  /// Hands a runner back. On any thread.
  func give(_ runner: Stable<Runner>) {
    var seen = last.load(ordering: .relaxed)
    while true {
      runner.pointee.next = seen
      let (done, now) = last.weakCompareExchange(
        expected: seen, desired: runner.bits, successOrdering: .sequentiallyConsistent, failureOrdering: .relaxed)
      if done { break }
      seen = now
    }
    guard isAsleep.load(ordering: .sequentiallyConsistent),
      isAsleep.exchange(false, ordering: .sequentiallyConsistent)
    else { return }
    bell.signal()
  }

  /// Waits until runners are back and hands them out. On the thread that they belong to.
  func take(_ body: (Stable<Runner>) -> Void) {
    var bits = last.exchange(0, ordering: .acquiring)
    if bits == 0 {
      isAsleep.store(true, ordering: .sequentiallyConsistent)
      // A ring that comes for nothing only makes the next sleep short.
      if last.load(ordering: .sequentiallyConsistent) == 0 { bell.wait() }
      isAsleep.store(false, ordering: .relaxed)
      bits = last.exchange(0, ordering: .acquiring)
    }
    while bits != 0 {
      let runner = Stable<Runner>(bits: bits)
      bits = runner.pointee.next
      body(runner)
    }
  }
}
