internal import CDMIOSystem
internal import Synchronization

/// The seat of a shared client: the thread that holds it is the client's thread for that moment.
///
/// Nobody waits for I/O in it, and nobody waits for it in order to submit: who finds it taken leaves mail.
/// docs/design/0006-leader-and-follower.md has the whole protocol.
extension ClientState {
  /// In the seat: nobody.
  static var noThread: UInt { .max }
}

extension Stable where Value == ClientState {
  /// Takes the seat of a shared client if it is free; then it has to be left. Never on a driven client, or twice.
  @inline(__always)
  func sitDown() -> Bool {
    guard pointee.kind == .shared, pointee.seat.load(ordering: .sequentiallyConsistent) == ClientState.noThread else {
      return false
    }
    return pointee.seat.compareExchange(
      expected: ClientState.noThread, desired: UInt(dmio_thread_id()), ordering: .sequentiallyConsistent
    ).exchanged
  }

  /// The same for a thread that has nothing else to do: who submits leaves the seat at once, and a turn is short, too.
  ///
  /// - Parameter isServed: Asked before each look; true: another's turn has brought what the thread waits for. Then it leaves
  ///   the seat to the other, whose processor has all that the next turn touches.
  @inline(__always)
  func sitDown(looks: Int, unless isServed: () -> Bool = { false }) -> Bool {
    // With one processor nobody can leave the seat while this thread looks.
    var pause = 1
    for _ in 0..<(pointee.hasOneProcessor ? 1 : looks) {
      if isServed() { return false }
      if sitDown() { return true }
      for _ in 0..<pause { dmio_spin() }
      pause = min(2 &* pause, Limits.pausesBetweenLooks)
    }
    return false
  }

  /// Takes the seat in order to submit. Mail that is there was left before, and is taken in before: it may be the
  /// same thread's.
  @inline(__always)
  func sitDownToSubmit() -> Bool {
    guard sitDown() else { return false }
    takeInMail()
    return true
  }

  /// Takes in mail that was left before what is going to be submitted.
  @inline(__always)
  func takeInMail() {
    guard pointee.signs.hasMail else { return }
    _ = takeMail()
    goOn()
  }

  /// Leaves the seat, and sees to it that somebody attends to what is left: whoever is on the lookout, or the
  /// client's own thread, unless this one `staysOn` and goes on the lookout next.
  func standUp(afterTurn: Bool = false, staysOn: Bool = false) {
    let (attendance, signs) = (pointee.attendance, pointee.signs)
    let work = remainingWork
    let hasTimers = !pointee.timers.isEmpty
    attendance.publish(work, due: hasTimers ? nextDue : .max)
    // What the one on the lookout may be waiting for, as followers do.
    let hasDelivered = afterTurn && attendance.publish(delivered: pointee.delivered)
    if !pointee.idleWaiters.isEmpty, !hasWork { wakeIdleWaiters() }
    pointee.seat.store(ClientState.noThread, ordering: .sequentiallyConsistent)
    // From here on others sit here. The caller keeps the client.
    if signs.pointee.isAsleep.load(ordering: .sequentiallyConsistent),
      work == .restless || hasDelivered || hasTimers || signs.hasMail
    {
      pointee.mailbox.ring()
    }
    let hasLookout = attendance.pointee.hasLookout.load(ordering: .sequentiallyConsistent)
    if afterTurn || !hasLookout { attendance.wakeFollowers() }
    if work != .none, !staysOn, !hasLookout { attendance.callService() }
  }

  /// What is left to do.
  private var remainingWork: Attendance.Work {
    let hasFilled = pointee.ring?.pointee.hasFilled == true
    if hasFilled || !pointee.prompt.with({ $0.isEmpty }) { return .restless }
    if !pointee.ready.isEmpty || !pointee.again.isEmpty || !pointee.jobs.isEmpty { return .restless }
    return hasWork ? .underWay : .none
  }

  /// Tells those who wait for the end of all requests that it has come.
  private func wakeIdleWaiters() {
    let waiters = pointee.idleWaiters
    pointee.idleWaiters = []
    for waiter in waiters { waiter.signal(waiters: 1) }
  }
}
