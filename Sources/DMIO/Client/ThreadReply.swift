/// A value that one thread waits for and another gives, once.
final class ThreadReply<Value: Sendable>: Sendable {
  private let value = Locked<Value?>(nil)
  private let given = Futex()

  deinit { given.destroy() }

  /// Gives the value and wakes who waits for it.
  func give(_ value: Value) {
    self.value.withLock { $0 = value }
    given.signal(waiters: 1)
  }

  /// True once the value is there.
  var isGiven: Bool { given.value != 0 }

  /// Waits for the value.
  func wait() -> Value {
    while given.value == 0 { given.wait(while: 0) }
    guard let value = value.withLock({ $0 }) else { preconditionFailure("a reply that was given has a value") }
    return value
  }
}
