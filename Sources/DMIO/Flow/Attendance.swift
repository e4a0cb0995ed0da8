internal import Synchronization

/// Who attends to a shared client and what there is to attend to: what its threads tell one another outside of the seat.
struct Attendance: ~Copyable {
  /// What whoever left the seat last has left to do.
  enum Work: UInt8, AtomicRepresentable {
    /// Nothing.
    case none
    /// Requests are under way, and answers will come.
    case underWay
    /// A turn has to be taken.
    case restless
  }

  let work = Atomic<Work>(.none)
  /// True while a thread waits, or is about to wait, for completions and mail: the one on the lookout.
  let hasLookout = Atomic<Bool>(false)
  /// How many threads wait until somebody leaves the seat or ends a turn.
  let followers = Atomic<Int>(0)
  /// True while the client's own thread sleeps until it is called.
  let isServiceAsleep = Atomic<Bool>(false)
  /// How many turns threads that poll have taken.
  let polls = Atomic<Int>(0)
  /// How many answers were given up to the end of the last turn.
  let delivered = Atomic<Int>(0)
  /// When the first of the pieces goes on that were put off; `.max` when there are none.
  let dueMilliseconds = Atomic<Int64>(.max)
  /// What followers sleep on.
  let turns = Futex()
  /// What the client's own thread sleeps on.
  let calls = Futex()

  deinit {
    turns.destroy()
    calls.destroy()
  }
}

extension Stable where Value == Attendance {
  /// Says what is left to do, and when the first of the pieces goes on that were put off. In the seat.
  @inline(__always)
  func publish(_ work: Attendance.Work, due: Int64) {
    if pointee.work.load(ordering: .relaxed) != work { pointee.work.store(work, ordering: .sequentiallyConsistent) }
    if pointee.dueMilliseconds.load(ordering: .relaxed) != due {
      pointee.dueMilliseconds.store(due, ordering: .sequentiallyConsistent)
    }
  }

  /// Says how many answers have been given; true if there were any since the last time. In the seat.
  @inline(__always)
  func publish(delivered: Int) -> Bool {
    guard pointee.delivered.load(ordering: .relaxed) != delivered else { return false }
    pointee.delivered.store(delivered, ordering: .sequentiallyConsistent)
    return true
  }

  /// Wakes the client's own thread if it sleeps. Any thread.
  @inline(__always)
  func callService() {
    guard pointee.isServiceAsleep.load(ordering: .sequentiallyConsistent),
      pointee.isServiceAsleep.exchange(false, ordering: .sequentiallyConsistent)
    else { return }
    pointee.calls.signal(waiters: 1)
  }

  /// Has those who wait for a turn look again.
  @inline(__always)
  func wakeFollowers() {
    if pointee.followers.load(ordering: .sequentiallyConsistent) > 0 { pointee.turns.signal(waiters: Int(Int32.max)) }
  }
}
