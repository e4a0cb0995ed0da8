internal import CDMIOSystem
internal import Synchronization

/// How threads take turns at a shared client, and how they wait for one another, without the seat.
extension Stable where Value == ClientState {
  /// What `poll` does: takes a turn, and until a request has ended waits for completions, or for whoever does.
  ///
  /// Returns how many ended meanwhile. With `milliseconds` it waits for no longer, also when nothing is under way.
  func attend(wait: Bool, atMost milliseconds: Int64 = -1) -> Int {
    let attendance = pointee.attendance
    let before = attendance.pointee.delivered.load(ordering: .relaxed)
    let end = milliseconds < 0 ? Int64.max : dmio_now_ms() &+ min(milliseconds, 1 << 40)
    var isLast = !wait
    while true {
      let seen = attendance.pointee.turns.value
      let isSeated = sitDown(looks: wait ? Limits.looksAtSeat : Limits.looksWithoutWaiting) {
        wait && attendance.pointee.delivered.load(ordering: .acquiring) != before
      }
      if isSeated {
        turn(wait: false)
        attendance.pointee.polls.add(1, ordering: .relaxed)
        let delivered = pointee.delivered
        isLast = isLast || delivered != before || milliseconds < 0 && !hasWork && !pointee.signs.hasMail
        standUp(afterTurn: true, staysOn: !isLast)
        if isLast { return delivered &- before }
      } else {
        let delivered = attendance.pointee.delivered.load(ordering: .acquiring)
        if isLast || delivered != before {
          handOver()
          return delivered &- before
        }
      }
      let timeout = milliseconds < 0 ? -1 : max(0, end &- dmio_now_ms())
      if isSeated, goOnLookout() {
        lookOut(atMost: timeout, before)
      } else {
        follow(seen, atMost: timeout, before)
      }
      isLast = milliseconds >= 0 && dmio_now_ms() >= end
    }
  }

  /// For who goes away without a turn of its own: whoever left the seat last may have counted on this one, which was on the lookout.
  private func handOver() {
    let attendance = pointee.attendance
    guard attendance.pointee.work.load(ordering: .sequentiallyConsistent) != .none,
      !attendance.pointee.hasLookout.load(ordering: .sequentiallyConsistent)
    else { return }
    attendance.wakeFollowers()
    attendance.callService()
  }

  /// Goes on the lookout unless another thread is. For who left the seat with work left: while somebody holds it, completions
  /// that stand ready are his.
  func goOnLookout() -> Bool {
    pointee.attendance.pointee.hasLookout.compareExchange(
      expected: false, desired: true, ordering: .sequentiallyConsistent
    ).exchanged
  }

  /// Sleeps until there are completions or mail, a turn is wanted, or more than `delivered` answers have been given; the
  /// thread has gone on the lookout, and looks at the seat next.
  func lookOut(atMost milliseconds: Int64, _ delivered: Int) {
    let (attendance, signs) = (pointee.attendance, pointee.signs)
    signs.pointee.isAsleep.store(true, ordering: .sequentiallyConsistent)
    // Who holds the seat sees, when leaving it, that somebody sleeps.
    let isTaken = pointee.seat.load(ordering: .sequentiallyConsistent) != ClientState.noThread
    if isTaken || !isTurnWanted, attendance.hasDelivered(delivered) {
      let timeout = isTaken ? milliseconds : attendance.timeout(atMost: milliseconds)
      dmio_event_wait(pointee.mailbox.event, pointee.ring?.pointee.descriptor ?? -1, timeout)
    }
    signs.awake()
    attendance.pointee.hasLookout.store(false, ordering: .sequentiallyConsistent)
  }

  private var isTurnWanted: Bool {
    pointee.attendance.pointee.work.load(ordering: .sequentiallyConsistent) == .restless || pointee.signs.hasMail
  }

  /// Sleeps until somebody leaves the seat or ends a turn, unless that was before; `seen` is how many had when the seat was
  /// found taken, `delivered` how many answers had been given.
  func follow(_ seen: UInt32, atMost milliseconds: Int64, _ delivered: Int) {
    let attendance = pointee.attendance
    attendance.pointee.followers.add(1, ordering: .sequentiallyConsistent)
    let isAttended =
      pointee.seat.load(ordering: .sequentiallyConsistent) != ClientState.noThread
      || attendance.pointee.hasLookout.load(ordering: .sequentiallyConsistent)
    if isAttended, attendance.hasDelivered(delivered) {
      attendance.pointee.turns.wait(while: seen, atMost: milliseconds)
    }
    attendance.pointee.followers.subtract(1, ordering: .sequentiallyConsistent)
  }
}

extension Stable where Value == Attendance {
  /// True while so many answers have been given and no more.
  fileprivate func hasDelivered(_ count: Int) -> Bool {
    pointee.delivered.load(ordering: .sequentiallyConsistent) == count
  }

  /// Milliseconds until the first of the pieces goes on that were put off, and no more than `limit` unless that is below 0.
  fileprivate func timeout(atMost limit: Int64) -> Int64 {
    let due = pointee.dueMilliseconds.load(ordering: .sequentiallyConsistent)
    guard due != .max else { return limit }
    let left = max(0, due &- dmio_now_ms())
    return limit < 0 ? left : min(limit, left)
  }
}
