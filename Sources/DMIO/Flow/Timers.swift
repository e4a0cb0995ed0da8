internal import CDMIOSystem

/// Pieces that are put off for a while. There are few, and only devices that test or throttle make them.
extension Stable where Value == ClientState {
  /// Has `resume` go on with a piece after `milliseconds`. The client's thread.
  func putOff(
    _ record: Stable<PieceRecord>, milliseconds: UInt64, _ resume: @escaping @Sendable (consuming Piece) -> Void
  ) {
    let due = dmio_now_ms() &+ Int64(clamping: min(milliseconds, 1 << 40))
    pointee.timers.append(PieceTimer(dueMilliseconds: due, record: record, resume: resume))
  }

  /// Milliseconds until the next timer, and no more than `limit` unless that is below 0; below 0 for no end.
  func nextTimeout(atMost limit: Int64) -> Int64 {
    guard let next = pointee.timers.map(\.dueMilliseconds).min() else { return limit }
    let timer = max(0, next - dmio_now_ms())
    return limit < 0 ? timer : min(timer, limit)
  }

  /// When the next timer is due; there is one.
  var nextDue: Int64 { pointee.timers.map(\.dueMilliseconds).min() ?? .max }

  /// Goes on with the pieces whose time has come, in the order in which they were put off.
  func fireTimers() {
    guard !pointee.timers.isEmpty else { return }
    let now = dmio_now_ms()
    let due = pointee.timers.filter { $0.dueMilliseconds <= now }
    pointee.timers.removeAll { $0.dueMilliseconds <= now }
    for timer in due { timer.resume(Piece(timer.record)) }
  }
}
