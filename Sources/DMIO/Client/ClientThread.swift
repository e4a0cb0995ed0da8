internal import Synchronization

/// A shared client's own thread.
extension Stable where Value == ClientState {
  /// Starts the thread and waits until it has made pools and ring, or could not.
  func startThread(pages: Int, _ choice: EngineChoice) throws(BlockError) -> EngineReport {
    let start = ThreadReply<Result<EngineReport, BlockError>>()
    try startOrEnd { [self] in
      do throws(BlockError) {
        start.give(.success(try begin(pages: pages, choice)))
      } catch {
        end()
        start.give(.failure(error))
        return
      }
      serve()
    }
    return try start.wait().get()
  }

  /// Starts the thread; where none can be had there is nobody to free the state but this one.
  private func startOrEnd(_ body: @escaping @Sendable () -> Void) throws(BlockError) {
    do throws(BlockError) {
      try DMIO.startThread(named: "dmio-client", body)
    } catch {
      end()
      throw error
    }
  }

  /// Sees to it that requests end, also where nobody polls, until the client is gone and nothing is in flight.
  ///
  /// As long as others poll it only looks, every now and then, whether they still do. That costs them nothing, and
  /// nothing at all is done for a client that is idle.
  private func serve() {
    let attendance = pointee.attendance
    var seen = attendance.pointee.polls.load(ordering: .relaxed)
    standUp(staysOn: true)
    while true {
      let polls = attendance.pointee.polls.load(ordering: .relaxed)
      guard polls == seen else {
        seen = polls
        // This one may just have left the lookout: one of them takes it over.
        attendance.wakeFollowers()
        attendance.doze()
        continue
      }
      let turns = attendance.pointee.turns.value
      guard sitDown(looks: Limits.looksAtSeat) else {
        follow(turns, atMost: -1, attendance.pointee.delivered.load(ordering: .relaxed))
        continue
      }
      turn(wait: false)
      if pointee.isEnding, !hasWork { break }
      standUp(afterTurn: true, staysOn: true)
      if !sleep(), goOnLookout() {
        lookOut(atMost: -1, attendance.pointee.delivered.load(ordering: .relaxed))
      }
    }
    end()
  }

  /// Sleeps until called, if somebody else is on the lookout or there is nothing to look out for; else returns false.
  private func sleep() -> Bool {
    let attendance = pointee.attendance
    let called = attendance.pointee.calls.value
    attendance.pointee.isServiceAsleep.store(true, ordering: .sequentiallyConsistent)
    let isAttended = attendance.pointee.hasLookout.load(ordering: .sequentiallyConsistent)
    let isIdle = attendance.pointee.work.load(ordering: .sequentiallyConsistent) == .none && !pointee.signs.hasMail
    if isAttended || isIdle { attendance.pointee.calls.wait(while: called) }
    attendance.pointee.isServiceAsleep.store(false, ordering: .sequentiallyConsistent)
    return isAttended || isIdle
  }
}

extension Stable where Value == Attendance {
  /// Sleeps for a moment.
  fileprivate func doze() { pointee.calls.wait(while: pointee.calls.value, atMost: Limits.dozeMilliseconds) }
}
