internal import Synchronization

/// The runners of a thread that were answered on another one, until their own takes them back.
///
/// Handing one back is one compare-and-exchange. Nobody is woken for it: a thread that waits does so in the client's
/// `poll`, which returns when requests have ended, whoever took their answers.
struct Returns: ~Copyable {
  /// The runner that came last; 0 when there is none.
  private let last = Atomic<UInt>(0)

  /// Hands a runner back. On any thread.
  func give(_ runner: Stable<Runner>) {
    var seen = last.load(ordering: .relaxed)
    while true {
      runner.pointee.next = seen
      let (done, now) = last.weakCompareExchange(
        expected: seen, desired: runner.bits, successOrdering: .releasing, failureOrdering: .relaxed)
      if done { return }
      seen = now
    }
  }

  /// True when none is back yet.
  var isEmpty: Bool { last.load(ordering: .relaxed) == 0 }

  /// Hands out the runners that are back. On the thread that they belong to.
  func take(_ body: (Stable<Runner>) -> Void) {
    var bits = last.exchange(0, ordering: .acquiring)
    while bits != 0 {
      let runner = Stable<Runner>(bits: bits)
      bits = runner.pointee.next
      body(runner)
    }
  }
}
