internal import DMIO
internal import Glibc
internal import Synchronization

/// What a thread of a bench works with; no other thread reaches it before this one is done.
@safe
struct BenchThread: ~Copyable {
  // What every request needs.
  /// Requests that may be sent before the next look at the clock.
  var budget = 0
  var places: Places
  let signals: Stable<BenchSignals>

  // What a look at the clock needs.
  let takesLatencies: Bool
  private var pace: Pace
  var series: Series
  /// Requests that the last look granted, and those that may be granted after them.
  private(set) var granted = 0
  private var remaining: Int

  // How it ends.
  /// False when it has to see for itself that it is time to end.
  private let isWatched: Bool
  /// How long it is to take, where that is given.
  private let nanoseconds: UInt64?
  /// When it is time to end.
  private var deadline = UInt64.max
  /// Runners that are done.
  var parked = 0
  /// Requests that were answered.
  private(set) var requests = 0
  /// Of those, the ones that failed.
  private(set) var errors = 0
  private(set) var firstFailure: RegionFailure?
  /// Why the thread could not go on, if it could not.
  var trouble: BlockError?
  /// What its client said about itself.
  var engines: Engines?
  /// When it began, and when its last request was answered.
  private(set) var began: UInt64 = 0
  var ended: UInt64 = 0

  // How it works with a client that it shares.
  /// The thread.
  var id: pthread_t = 0
  /// The runners that were answered on another thread.
  let returns: Stable<Returns>
  /// Where its tasks run.
  let executor = ThreadExecutor()

  /// A thread that has not begun.
  init(_ plan: BenchPlan, _ places: Places, _ signals: Stable<BenchSignals>, isWatched: Bool) {
    self.places = places
    self.signals = signals
    self.isWatched = isWatched
    returns = Stable(allocating: Returns())
    series = Series(isDivided: plan.isDrawn)
    takesLatencies = plan.takesLatencies
    pace = takesLatencies ? .sampling : .idling
    remaining = .max
    nanoseconds = plan.nanoseconds
    if case .requests(let count) = plan.end {
      pace = pace.counting(count)
      remaining = count
    }
  }

  deinit { returns.destroy() }

  /// Begins at the time `now`.
  mutating func begin(at now: UInt64) {
    began = now
    series.start = now
    if let nanoseconds { deadline = now + nanoseconds }
  }

  /// Grants further requests at the time `now`, one of them for the runner that asks; false when there are none.
  mutating func refill(at now: UInt64) -> Bool {
    countGranted(at: now)
    if !isWatched, now >= deadline || Interrupts.areWanted {
      signals.pointee.isStopping.store(true, ordering: .relaxed)
    }
    guard remaining > 0, !signals.pointee.isStopping.load(ordering: .relaxed) else {
      parked += 1
      return false
    }
    granted = min(pace.next(at: now, random: places.advance()), remaining)
    remaining -= granted
    budget = granted - 1
    return true
  }

  /// Takes back what was granted and not sent yet, so that the next request asks for more.
  mutating func cut() {
    granted -= max(0, budget)
    budget = 0
  }

  /// Notes what was granted and sent: all but what is left of the budget, and the request that is not going to be sent.
  private mutating func countGranted(at now: UInt64) {
    let sent = granted - (budget + 1)
    series.count(sent, at: now)
    requests += sent
    granted = 0
    budget = 0
  }

  /// Notes a request that failed.
  mutating func fail(_ failure: RegionFailure) {
    guard !signals.pointee.isAbandoning.load(ordering: .relaxed) else {
      requests -= 1
      return
    }
    errors += 1
    if firstFailure == nil { firstFailure = failure }
  }

  /// Ends the thread: a request that was granted could not be sent.
  mutating func giveUp(_ error: BlockError) {
    trouble = error
    countGranted(at: Clock.now)
    remaining = 0
    parked += 1
  }
}

/// What the main thread tells all others.
struct BenchSignals: ~Copyable {
  /// Nothing new is to be sent.
  let isStopping = Atomic<Bool>(false)
  /// What fails from now on fails because the device was closed.
  let isAbandoning = Atomic<Bool>(false)
}
