import Foundation

/// A value that threads share, and can wait for.
// Why unchecked: the value is reached under the condition's lock only.
package final class Box<Value>: @unchecked Sendable {
  private let condition = NSCondition()
  private var stored: Value

  package init(_ value: Value) { stored = value }

  package var value: Value { change { $0 } }

  @discardableResult
  package func change<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    return try body(&stored)
  }

  /// Blocks until the value satisfies `isReached`.
  package func wait(until isReached: (Value) -> Bool) {
    condition.lock()
    defer { condition.unlock() }
    while !isReached(stored) { condition.wait() }
  }
}

extension Box {
  /// Blocks until there is a value, and returns it.
  package func waited<Wrapped>() -> Wrapped where Value == Wrapped? {
    while true {
      wait { $0 != nil }
      if let value { return value }
    }
  }
}

/// Something whose end can be seen.
package final class Tracked: Sendable {
  private let alive: Box<Int>

  /// Counts itself in `alive` for as long as it lives.
  package init(_ alive: Box<Int>) {
    self.alive = alive
    alive.change { $0 += 1 }
  }

  deinit { alive.change { $0 -= 1 } }

  /// Does nothing; mentions it.
  package func touch() {}
}

/// Runs `body` on a thread of its own.
package struct OwnThread: Sendable {
  private let isOver = Box(false)

  package init(_ body: @escaping @Sendable () -> Void) {
    let isOver = isOver
    let thread = Thread {
      body()
      isOver.change { $0 = true }
    }
    thread.stackSize = 1 << 20
    thread.start()
  }

  package func join() { isOver.wait { $0 } }

  /// Runs `body` on `count` threads at once and waits for all.
  package static func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let threads = (0..<count).map { index in OwnThread { body(index) } }
    for thread in threads { thread.join() }
  }
}
