/// The batch door: many requests, one suspension for all that completed.
extension BlockClient {
  /// Queues a request whose result `completions(_:)` will bring, with `tag`. On the client's thread.
  ///
  /// The request goes out with the next turn of the client: all that were queued since the last in one system call.
  public func queue(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory, tag: UInt
  ) throws(BlockError) {
    guard state.isOwner else { throw .notOwner }
    try begin(operation, regions, memory) { slot in
      slot.pointee.reply = .batch
      slot.pointee.tag = tag
    }
    state.pointee.batch.outstanding &+= 1
  }

  /// Suspends until queued requests have completed, hands out tag and result of each that has, and returns how many.
  ///
  /// Returns 0 at once when none is outstanding. In a task on the client's thread (`executor`, `run`), one at a time;
  /// `body` may queue further requests.
  public nonisolated(nonsending) func completions(
    _ body: (_ tag: UInt, _ result: RegionResult) -> Void
  ) async throws(BlockError) -> Int {
    guard state.isOwner, unsafe state.pointee.batch.waiter == nil else { throw .notOwner }
    if state.pointee.batch.ended.isEmpty {
      guard state.pointee.batch.outstanding > 0 else { return 0 }
      unsafe await withUnsafeContinuation { unsafe state.pointee.batch.waiter = unsafe $0 }
    }
    return state.handOutBatch(body)
  }
}

/// The queued requests of a client.
@safe
struct BatchState {
  /// Requests that ended, in order.
  var ended = Refill<Ended>()
  /// Requests that were queued and not handed out.
  var outstanding = 0
  var waiter: UnsafeContinuation<Void, Never>?

  struct Ended {
    let tag: UInt
    let result: RegionResult
  }

  mutating func append(tag: UInt, _ result: RegionResult) { ended.append(Ended(tag: tag, result: result)) }

  /// Resumes who waits, once a turn.
  mutating func wakeIfFilled() {
    guard !ended.isEmpty, let waiter = unsafe waiter else { return }
    unsafe self.waiter = nil
    unsafe waiter.resume()
  }
}

extension Stable where Value == ClientState {
  fileprivate func handOutBatch(_ body: (UInt, RegionResult) -> Void) -> Int {
    let ended = pointee.batch.ended.take()
    pointee.batch.outstanding &-= ended.count
    for entry in ended { body(entry.tag, entry.result) }
    let count = ended.count
    pointee.batch.ended.giveBack(ended)
    return count
  }
}
