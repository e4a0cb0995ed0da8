/// Targets that keep the others waiting: they are left behind, and catch up by themselves.
///
/// A pause is no reason: memory cards make some all the time. Nor is being somewhat slower: for whoever is left behind the source is
/// read once more. So it is left behind when others have waited for it for half of the time,
/// of late or since the copy began: then they are more than twice as fast.
extension CopyRun {
  /// What a target may keep others waiting in any case.
  private static let leastPatience = Duration.milliseconds(5)
  /// The time that counts as late: what was before counts half, and half of that, and so on.
  private static let lately = Duration.seconds(4)
  /// The longest time between two looks that counts as waited: one who looks seldom knows less.
  private static let longestLook = Duration.milliseconds(20)

  /// Chunks are all taken, and some of them wait for a target alone: to be looked at again soon.
  package var mayBeKeptWaiting: Bool { policy.leavesLaggards && targets.count > 1 && !reserve.hasChunk && !isStopped }

  /// Counts the time since the last look for those that others wait for, and leaves behind who has used up its own.
  func leaveLaggards() {
    guard mayBeKeptWaiting, nextPiece() != nil else { return lastLook = nil }
    let now = ContinuousClock.now
    defer { lastLook = now }
    guard let lastLook else { return }
    let live = targets.filter { !$0.isDropped && !$0.isLeftBehind }
    // Somebody has answered nearly all that it was asked: that is who waits.
    guard live.contains(where: { $0.inFlight <= reserve.window / 4 }) else { return }
    if now - watched > CopyRun.lately {
      watched = now - CopyRun.lately / 2
      for target in targets { target.keptWaiting /= 2 }
    }
    let patience = max(CopyRun.leastPatience, (now - watched) / 2)
    for target in live where target.inFlight >= reserve.window / 2 {
      target.keptWaiting += min(now - lastLook, CopyRun.longestLook)
      guard target.keptWaiting > patience else { continue }
      target.isLeftBehind = true
      for _ in 0..<reserve.window / 2 { reserve.replace() }
    }
  }

  /// Hands those that were left behind what they missed, a chunk at a time, while the source has nothing else to do: then
  /// the others wait for their own writing. Who has it all takes part again.
  ///
  /// The chunks are those that were made in the place of the ones that laggards held, so that the others never lack one.
  func catchUp() {
    let behind = targets.indices.filter { targets[$0].isLeftBehind && !targets[$0].isDropped }
    guard !behind.isEmpty, !isStopped, !hasEnded, nextPiece() != nil else { return }
    for index in behind where busy.allSatisfy({ $0.open & (1 << UInt64(index)) == 0 }) {
      let target = targets[index]
      guard let missed = target.map.first(from: 0, where: \.isOpen), missed.lowerBound < next else {
        target.isLeftBehind = false
        continue
      }
      guard isSourceIdle, chunks(of: behind) < reserve.beyondWindow, throttle?.mustWait() != true,
        var piece = piece(missed.clamped(to: 0..<next), [(index, missed)]), let chunk = reserve.take()
      else { return }
      piece.wasMissed = true
      begin(chunk, piece)
    }
  }

  private var isSourceIdle: Bool { busy.allSatisfy { $0.parts.allSatisfy { $0.target != nil } } }

  /// How many chunks these targets have that nobody else waits for.
  private func chunks(of targets: [Int]) -> Int {
    let bits = targets.reduce(UInt64(0)) { $0 | 1 << UInt64($1) }
    return busy.count { $0.open & ~bits == 0 }
  }
}
