internal import DMIO

/// Holds copies back, so that others get their share of a device; one may be shared by several clients.
///
/// Two limits, each on demand: a share of the time in which copies may be under way, as kcopyd's throttle has it, and a rate.
/// Any thread may set them at any time.
public final class CopyThrottle: Sendable {
  fileprivate struct State {
    var percent: Int
    var bytesPerSecond: UInt64?
    var active = 0
    var busy = Duration.zero
    var total = Duration.zero
    var last: ContinuousClock.Instant
    /// Bytes that were let through before their time; below zero: what may follow at once.
    var owed = 0.0
    /// Since when a copy waits.
    var waiting: ContinuousClock.Instant?
  }

  private let state: Locked<State>
  private let now: @Sendable () -> ContinuousClock.Instant

  /// How long a copy is held back by the share at most, as in kcopyd: then one chunk goes on regardless.
  private static let longestWait = Duration.seconds(1)
  /// For how long unused time is remembered by the rate: as long as a client sleeps at a time while it is held back.
  fileprivate static let credit = Duration.milliseconds(100)

  /// A throttle that lets copies be under way for `percent` of the time (100: always), at `bytesPerSecond` at most.
  public convenience init(percent: Int = 100, bytesPerSecond: UInt64? = nil) {
    self.init(percent: percent, bytesPerSecond: bytesPerSecond, now: { .now })
  }

  /// The same, by a clock of the caller's.
  package init(percent: Int, bytesPerSecond: UInt64?, now: @escaping @Sendable () -> ContinuousClock.Instant) {
    state = Locked(State(percent: CopyThrottle.valid(percent), bytesPerSecond: bytesPerSecond, last: now()))
    self.now = now
  }

  private static func valid(_ percent: Int) -> Int { min(100, max(1, percent)) }

  /// The share of time, from 1 to 100; more means 100, less 1.
  public var percent: Int {
    get { state.withLock { $0.percent } }
    set { state.withLock { $0.percent = CopyThrottle.valid(newValue) } }
  }

  /// Bytes a second at most; nil or 0: as many as there are.
  public var bytesPerSecond: UInt64? {
    get { state.withLock { $0.bytesPerSecond } }
    set {
      state.withLock { state in
        state.account(now())
        state.bytesPerSecond = newValue
      }
    }
  }

  /// Chunks that are under way in all copies.
  public var active: Int { state.withLock { $0.active } }

  /// True while nothing new is to be begun.
  package func mustWait() -> Bool {
    state.withLock { state in
      state.account(now())
      if state.owed > 0 { return true }
      guard state.percent < 100, state.busy * 100 > state.total * state.percent else {
        state.waiting = nil
        return false
      }
      let since = state.waiting ?? state.last
      let isHeld = state.last - since < CopyThrottle.longestWait
      state.waiting = isHeld ? since : nil
      return isHeld
    }
  }

  /// A chunk of so many bytes is begun.
  package func begin(bytes: UInt64) {
    state.withLock { state in
      state.account(now())
      state.active += 1
      state.owed += Double(bytes)
    }
  }

  /// A chunk is through.
  package func end() {
    state.withLock { state in
      state.account(now())
      state.active -= 1
    }
  }
}

extension CopyThrottle.State {
  /// Adds the time since the last look; what is long past counts less and less.
  fileprivate mutating func account(_ now: ContinuousClock.Instant) {
    let passed = max(.zero, now - last)
    last += passed
    total += passed
    if active > 0 { busy += passed }
    while total >= .seconds(1) {
      total /= 2
      busy /= 2
    }
    guard let bytesPerSecond, bytesPerSecond > 0 else {
      owed = 0
      return
    }
    let rate = Double(bytesPerSecond)
    owed = max(owed - rate * (passed / .seconds(1)), -rate * (CopyThrottle.credit / .seconds(1)))
  }
}
