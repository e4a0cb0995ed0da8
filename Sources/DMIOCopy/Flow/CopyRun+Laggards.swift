/// Targets that keep the others waiting: they are left behind, and catch up when the others are complete.
///
/// A pause is no reason: memory cards make some all the time. Nor is being somewhat slower: whoever is left behind has nothing to
/// do meanwhile, and has the source read once more. So it is left behind when others have waited for it for half of the time,
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
}
