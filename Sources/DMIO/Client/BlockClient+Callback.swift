internal import Synchronization

/// The callback door, and what all doors share.
extension BlockClient {
  /// Submits a request and returns; `notify` is called with the bits and `context` when it is over. Allocates nothing.
  ///
  /// `notify` runs exactly once, on the client's thread, never inside this call, unless this throws: then never.
  /// It may submit, free the request's memory, and close the client; a call in it that would block throws.
  /// Reservation exhausted: the request waits in line.
  ///
  /// - Parameters:
  ///   - operation: What to do.
  ///   - regions: At most 64, for a read at most 1; copied.
  ///   - memory: The bytes; see `Memory` for what the caller promises until the completion.
  ///   - failures: If not nil, one entry a region, filled before the completion.
  ///   - context: Passed through.
  ///   - notify: Who is told.
  @unsafe
  public func submit(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory,
    failures: UnsafeMutablePointer<RegionFailure>? = nil, context: UnsafeMutableRawPointer?, notify: @escaping Notify
  ) throws(BlockError) {
    let slot = try take(operation, regions, memory)
    slot.pointee.reply = .notify
    unsafe slot.pointee.notify = unsafe notify
    unsafe slot.pointee.context = unsafe context
    unsafe slot.pointee.failures = unsafe failures
    give(slot)
  }

  /// Submits a request and returns; `completion` is called with the result when it is over.
  ///
  /// The rules of the other form hold; the closure costs its one allocation.
  public func submit(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory,
    completion: @escaping @Sendable (RegionResult) -> Void
  ) throws(BlockError) {
    let slot = try take(operation, regions, memory)
    slot.pointee.reply = .completion
    slot.pointee.completion = completion
    give(slot)
  }

  /// Submits a request over an array of regions.
  public func submit(
    _ operation: Operation, _ regions: [Region], _ memory: Memory,
    completion: @escaping @Sendable (RegionResult) -> Void
  ) throws(BlockError) {
    try submit(operation, regions.span, memory, completion: completion)
  }

  /// Submits a request on the client's own thread, where `completion` will run too: it may use what that thread uses.
  ///
  /// Throws `.notOwner` on any other thread.
  @_disfavoredOverload
  public func submit(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory,
    onThisThread completion: @escaping (RegionResult) -> Void
  ) throws(BlockError) {
    guard state.isOwner else { throw .notOwner }
    let slot = try take(operation, regions, memory)
    slot.pointee.reply = .completion
    slot.pointee.completion = completion
    give(slot)
  }

  /// Submits a request over an array of regions on the client's own thread.
  @_disfavoredOverload
  public func submit(
    _ operation: Operation, _ regions: [Region], _ memory: Memory,
    onThisThread completion: @escaping (RegionResult) -> Void
  ) throws(BlockError) {
    try submit(operation, regions.span, memory, onThisThread: completion)
  }

  /// Checks a request and fills a slot with it: the beginning of every door. Nothing has started yet.
  @inline(__always)
  func take(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory
  ) throws(BlockError) -> Stable<RequestSlot> {
    try Validation.check(operation, regions, memory)
    guard !state.pointee.mailbox.isClosed.load(ordering: .relaxed) else { throw .closed }
    guard state.isOwner else { return try takeForeign(operation, regions, memory) }
    let slot = try state.pointee.slots.take()
    state.fill(slot, operation, regions, memory)
    return slot
  }

  private func takeForeign(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory
  ) throws(BlockError) -> Stable<RequestSlot> {
    guard kind == .shared else { throw .notOwner }
    let slot = try state.pointee.foreign.take()
    state.fill(slot, operation, regions, memory)
    for index in regions.indices { slot.region(index).pointee.device.retain() }
    return slot
  }

  /// Gives a filled slot to the client's thread. From here on the request completes exactly once.
  @inline(__always)
  func give(_ slot: Stable<RequestSlot>) {
    if slot.pointee.home == .client {
      state.holdDevices(slot)
      state.admit(slot)
    } else {
      state.pointee.mailbox.push(.request(slot))
    }
  }
}
