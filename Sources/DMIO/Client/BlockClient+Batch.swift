/// The batch door: many requests, one suspension for all that completed.
extension BlockClient {
  /// Queues a request whose result `completions(_:)` will bring, with `tag`. On the client's thread.
  ///
  /// The request goes out with the next turn of the client: all that were queued since the last in one system call.
  @inlinable
  public func queue(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory, tag: UInt
  ) throws(BlockError) {
    if regions.count == 1 {
      try queueOne(operation, RegionRef(regions, 0), memory, tag)
    } else {
      try queueAny(operation, regions, memory, tag)
    }
  }

  /// The straight line for what most requests are.
  @usableFromInline
  func queueOne(
    _ operation: Operation, _ region: RegionRef, _ memory: Memory, _ tag: UInt
  ) throws(BlockError) {
    guard memory.kind == .contiguous, state.isOwner else {
      return try queueOneOfAny(operation, region, memory, tag)
    }
    let address = unsafe UInt(bitPattern: memory.base)
    let folded = state.fold(operation, region, address) { slot in
      slot.pointee.batchTag = tag
      slot.pointee.pending = 0
    }
    guard let (slot, values) = folded else { return try queueOneOfAny(operation, region, memory, tag) }
    let bytes = Int(truncatingIfNeeded: values.count) &* Limits.sectorBytes
    guard _fastPath(memory.count >= bytes) else { return try queueUnfolded(operation, slot, memory.count) }
    guard state.flies(slot, Ring.foldedBatchMark, operation, values, address) else {
      return try queueUnfolded(operation, slot, bytes)
    }
    state.pointee.batch.outstanding &+= 1
  }

  /// Leaves the straight line with a folded request, as `sendUnfolded` does.
  @inline(never)
  private func queueUnfolded(_: Operation, _ slot: Stable<RequestSlot>, _ byteCount: Int) throws(BlockError) {
    try state.sendUnfolded(slot, Ring.foldedBatchMark, byteCount)
    state.pointee.batch.outstanding &+= 1
  }

  /// Leaves the straight line, as `submitOneOfAny` does.
  @inline(never)
  private func queueOneOfAny(
    _ operation: Operation, _ region: RegionRef, _ memory: Memory, _ tag: UInt
  ) throws(BlockError) {
    try queueAny(operation, region.span, memory, tag)
  }

  /// The general way.
  @usableFromInline
  func queueAny(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory, _ tag: UInt
  ) throws(BlockError) {
    guard state.isOwner else { throw .notOwner }
    try begin(operation, regions, memory) { slot in
      slot.pointee.reply = .batch
      slot.pointee.batchTag = tag
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
      state.answerAtOnce()
    }
    if state.pointee.batch.ended.isEmpty {
      unsafe await withUnsafeContinuation { unsafe state.pointee.batch.waiter = unsafe $0 }
      // A task that does not belong to the client's executor goes on elsewhere.
      guard state.isOwner else { throw .notOwner }
    }
    return state.handOutBatch(body)
  }
}

/// The queued requests of a client.
@safe
struct BatchState {
  /// Requests that ended, in order; they keep their slots until they are handed out.
  var ended = SlotQueue()
  /// Requests that were queued and not handed out.
  var outstanding = 0
  var waiter: UnsafeContinuation<Void, Never>?

  /// Resumes who waits, once a turn.
  mutating func wakeIfFilled() {
    guard !ended.isEmpty, let waiter = unsafe waiter else { return }
    unsafe self.waiter = nil
    unsafe waiter.resume()
  }
}

extension Stable where Value == ClientState {
  fileprivate func handOutBatch(_ body: (UInt, RegionResult) -> Void) -> Int {
    // What `body` queues and is over at once is for the next time.
    var next = pointee.batch.ended.takeAll()
    var count = 0
    while let slot = next {
      next = slot.pointee.next
      let tag = slot.pointee.batchTag
      count &+= 1
      // Two calls: with a result that is known to hold no failures none are counted.
      if _fastPath(slot.pointee.pending == 0) {
        pointee.slots.put(slot)
        body(tag, .success)
      } else {
        let result = slot.result
        slot.pointee.pending = 0
        slot.pointee.regionCount = 1
        pointee.slots.put(slot)
        body(tag, result)
      }
    }
    pointee.batch.outstanding &-= count
    return count
  }
}
