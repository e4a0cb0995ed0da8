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
    var last = ContinuousClock.now
    /// When the bytes that were let through have used up their time.
    var paidUntil = ContinuousClock.now
    /// Since when a copy waits.
    var waiting: ContinuousClock.Instant?
  }

  private let state: Locked<State>

  /// How long a copy is held back by the share at most, as in kcopyd: then it goes on regardless.
  private static let longestWait = Duration.seconds(1)

  /// A throttle that lets copies be under way for `percent` of the time (100: always), at `bytesPerSecond` at most.
  public init(percent: Int = 100, bytesPerSecond: UInt64? = nil) {
    state = Locked(State(percent: percent, bytesPerSecond: bytesPerSecond))
  }

  /// The share of time, from 1 to 100; more means 100, less 1.
  public var percent: Int {
    get { state.withLock { $0.percent } }
    set { state.withLock { $0.percent = min(100, max(1, newValue)) } }
  }

  /// Bytes a second at most; nil: as many as there are.
  public var bytesPerSecond: UInt64? {
    get { state.withLock { $0.bytesPerSecond } }
    set { state.withLock { $0.bytesPerSecond = newValue } }
  }

  /// Chunks that are under way in all copies.
  public var active: Int { state.withLock { $0.active } }

  /// True while nothing new is to be begun.
  func mustWait() -> Bool {
    state.withLock { state in
      state.account()
      if state.bytesPerSecond != nil, state.last < state.paidUntil { return true }
      guard state.percent < 100, state.busy * 100 > state.total * state.percent else {
        state.waiting = nil
        return false
      }
      let since = state.waiting ?? state.last
      state.waiting = since
      return state.last - since < CopyThrottle.longestWait
    }
  }

  /// A chunk of so many bytes is begun.
  func begin(bytes: UInt64) {
    state.withLock { state in
      state.account()
      state.active += 1
      guard let rate = state.bytesPerSecond, rate > 0 else { return }
      state.paidUntil = max(state.paidUntil, state.last) + .seconds(Double(bytes) / Double(rate))
    }
  }

  /// A chunk is through.
  func end() {
    state.withLock { state in
      state.account()
      state.active -= 1
    }
  }
}

extension CopyThrottle.State {
  /// Adds the time since the last look; what is long past counts less and less.
  fileprivate mutating func account() {
    let now = ContinuousClock.now
    let passed = now - last
    last = now
    total += passed
    if active > 0 { busy += passed }
    while total >= .seconds(1) {
      total /= 2
      busy /= 2
    }
  }
}
