/// Targets that keep the others waiting: they are left behind, and catch up by themselves.
///
/// A pause is no reason: memory cards make some all the time. Nor is being somewhat slower: for whoever is left behind the source is
/// read once more. So it is left behind when others have waited for it for half of the time, of late or since the copy began: then
/// they are more than twice as fast.
extension CopyRun {
  /// What a target may keep others waiting in any case.
  private static let leastPatience = Duration.milliseconds(5)
  /// The time that counts as late: what was before counts half, and half of that, and so on.
  private static let lately = Duration.seconds(4)
  /// The longest time between two looks that counts as waited: one who looks seldom knows less.
  private static let longestLook = Duration.milliseconds(20)

  /// Those that are left behind now, one bit each.
  private var behind: UInt64 { bits { $0.isLeftBehind && !$0.isDropped } }

  private func bits(_ isWanted: (CopyTarget) -> Bool) -> UInt64 {
    targets.indices.reduce(0) { isWanted(targets[$1]) ? $0 | 1 << UInt64($1) : $0 }
  }

  /// How many chunks wait for these targets alone.
  private func chunks(only bits: UInt64) -> Int { bits == 0 ? 0 : busy.count { $0.open != 0 && $0.open & ~bits == 0 } }

  /// True when a chunk can be begun: one is there, and those that do not wait for laggards alone are fewer than the window.
  var canBegin: Bool { reserve.hasChunk && busy.count - chunks(only: behind) < reserve.window }

  /// Chunks are all taken, and some of them wait for a target alone: to be looked at again soon.
  package var mayBeKeptWaiting: Bool { policy.leavesLaggards && targets.count > 1 && !canBegin && !isStopped }

  /// Counts the time since the last look for those that others wait for, and leaves behind who has used up its own: true when
  /// somebody was, for then more can be begun, and nothing else may come to pass that says so.
  func leaveLaggards() -> Bool {
    guard mayBeKeptWaiting, let piece = nextPiece() else {
      lastLook = nil
      return false
    }
    let now = ContinuousClock.now
    defer { lastLook = now }
    guard let lastLook else { return false }
    let held = targets.indices.map { index in
      busy.count { $0.pending > 0 && $0.open & (1 << UInt64(index)) != 0 }
    }
    // Somebody has answered nearly all that it was asked, and wants what comes next: that is who waits.
    guard held.indices.contains(where: { piece.needs & (1 << UInt64($0)) != 0 && held[$0] <= reserve.window / 4 })
    else { return false }
    if now - watched > CopyRun.lately {
      watched = now - CopyRun.lately / 2
      for target in targets { target.keptWaiting /= 2 }
    }
    let patience = max(CopyRun.leastPatience, (now - watched) / 2)
    var hasLeft = false
    for (target, held) in zip(targets, held) where held >= max(1, reserve.window / 2) {
      guard !target.isDropped, !target.isLeftBehind else { continue }
      target.keptWaiting += min(now - lastLook, CopyRun.longestLook)
      guard target.keptWaiting > patience else { continue }
      leaveBehind(target)
      hasLeft = true
    }
    return hasLeft
  }

  private func leaveBehind(_ target: CopyTarget) {
    target.isLeftBehind = true
    target.nextMissed = 0
    // As many as it may have held; what was made for an earlier laggard is still there.
    let missing = behind.nonzeroBitCount * (reserve.window / 2) - reserve.beyondWindow
    for _ in 0..<max(0, missing) { reserve.replace() }
  }

  /// Hands those that were left behind what they missed, a chunk at a time, while the source has nothing else to do: then
  /// the others wait for their own writing. Who has it all takes part again.
  ///
  /// The chunks are those that were made in the place of the ones that laggards held, so that the others never lack one.
  func catchUp() {
    let behind = behind
    guard behind != 0, !isStopped, !hasEnded, nextPiece() != nil else { return }
    for (index, target) in targets.enumerated() {
      let bit: UInt64 = 1 << UInt64(index)
      guard behind & bit != 0, busy.allSatisfy({ $0.open & bit == 0 }) else { continue }
      guard let missed = firstWanted(target, from: target.nextMissed), missed.lowerBound < next else {
        target.takePartAgain()
        continue
      }
      guard isSourceIdle, chunks(only: behind) < reserve.beyondWindow, throttle?.mustWait() != true,
        var piece = piece(missed.clamped(to: 0..<next), [(index, missed)]), let chunk = reserve.take()
      else { continue }
      piece.wasMissed = true
      // Once: what is left open by then is for another pass.
      target.nextMissed = piece.range.upperBound
      begin(chunk, piece)
    }
  }

  private var isSourceIdle: Bool { busy.allSatisfy { $0.parts.allSatisfy { $0.target != nil } } }
}

extension CopyTarget {
  /// Ends the time of a laggard. What it kept others waiting is forgotten.
  func takePartAgain() {
    isLeftBehind = false
    keptWaiting = .zero
  }
}
