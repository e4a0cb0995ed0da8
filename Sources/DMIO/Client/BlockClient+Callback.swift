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
  @inlinable
  public func submit(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory,
    failures: UnsafeMutablePointer<RegionFailure>? = nil, context: UnsafeMutableRawPointer?, notify: @escaping Notify
  ) throws(BlockError) {
    if regions.count == 1, unsafe failures == nil, memory.isContiguous {
      try unsafe submitOne(operation, RegionRef(regions, 0), notify, context, memory.base, memory.count)
    } else {
      try unsafe submitAny(operation, regions, memory, failures, context, notify)
    }
  }

  /// The straight line for what most requests are. What it is given fits into registers.
  @usableFromInline
  func submitOne(
    _ operation: Operation, _ region: RegionRef, _ notify: @escaping Notify, _ context: UnsafeMutableRawPointer?,
    _ base: UnsafeMutableRawPointer?, _ byteCount: Int
  ) throws(BlockError) {
    // Asked before anything is read, as the compiler moves nothing past it.
    guard state.isOwner else {
      return try unsafe submitOneOfAny(operation, region, notify, context, base, byteCount)
    }
    let address = UInt(bitPattern: base)
    let folded = state.fold(operation, region, address) { slot in
      unsafe slot.pointee.notify = unsafe notify
      unsafe slot.pointee.context = unsafe context
    }
    guard let (slot, values) = folded else {
      return try unsafe submitOneOfAny(operation, region, notify, context, base, byteCount)
    }
    let bytes = Int(truncatingIfNeeded: values.count) &* Limits.sectorBytes
    guard _fastPath(byteCount >= bytes) else { return try sendUnfolded(operation, slot, byteCount) }
    // From here on the length of the memory need not be kept at hand: that of the region says as much.
    guard state.flies(slot, Ring.foldedMark, operation, values, address) else {
      return try sendUnfolded(operation, slot, bytes)
    }
  }

  /// Leaves the straight line with a folded request. What it is given stands where it is anyway.
  @inline(never)
  private func sendUnfolded(_: Operation, _ slot: Stable<RequestSlot>, _ byteCount: Int) throws(BlockError) {
    try state.sendUnfolded(slot, Ring.foldedMark, byteCount)
  }

  /// Leaves the straight line. It is called with what was given, in the same places, so that nothing is moved on the line for it.
  @inline(never)
  private func submitOneOfAny(
    _ operation: Operation, _ region: RegionRef, _ notify: @escaping Notify, _ context: UnsafeMutableRawPointer?,
    _ base: UnsafeMutableRawPointer?, _ byteCount: Int
  ) throws(BlockError) {
    let memory = unsafe Memory(contiguous: base, byteCount: byteCount)
    try unsafe submitAny(operation, region.span, memory, nil, context, notify)
  }

  /// The general way. Not inlined: what it needs would have to be kept at hand on the straight line, too.
  @inline(never)
  @usableFromInline
  func submitAny(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory,
    _ failures: UnsafeMutablePointer<RegionFailure>?, _ context: UnsafeMutableRawPointer?, _ notify: @escaping Notify
  ) throws(BlockError) {
    // What most of the others are.
    guard regions.count > 1, _fastPath(state.isOwner), let slot = state.slot(for: regions.count, operation) else {
      return try unsafe submitUsual(operation, regions, memory, failures, context, notify)
    }
    // What stands in the slot need not be kept at hand.
    slot.pointee.operation = operation
    slot.pointee.bytes = memory.start
    unsafe slot.fill(failures == nil ? .plain : .notify, failures, context, notify)
    guard state.send(slot, RegionRef(regions, 0), regions.count, memory.count) else {
      return try unsafe submitRefused(operation, regions, memory, failures, context, notify)
    }
  }

  /// The general way of what was just refused, on the client's thread: it is not tried at once again. Of its own, so that only then is
  /// brought together what it needs.
  @inline(never)
  private func submitRefused(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory,
    _ failures: UnsafeMutablePointer<RegionFailure>?, _ context: UnsafeMutableRawPointer?, _ notify: @escaping Notify
  ) throws(BlockError) {
    _ = try beginAny(operation, regions, memory) { slot in
      unsafe slot.fill(.notify, failures, context, notify)
    }
  }

  @inline(never)
  private func submitUsual(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory,
    _ failures: UnsafeMutablePointer<RegionFailure>?, _ context: UnsafeMutableRawPointer?, _ notify: @escaping Notify
  ) throws(BlockError) {
    if state.sitDownToSubmit() {
      defer { state.standUp() }
      return unsafe try submit(operation, regions, memory, failures: failures, context: context, notify: notify)
    }
    try begin(operation, regions, memory) { slot in
      unsafe slot.fill(.notify, failures, context, notify)
    }
  }

  /// Submits a request and returns; `completion` is called with the result when it is over.
  ///
  /// The rules of the other form hold; the closure costs its one allocation.
  public func submit(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory,
    completion: @escaping @Sendable (RegionResult) -> Void
  ) throws(BlockError) {
    let isSeated = state.sitDownToSubmit()
    defer { if isSeated { state.standUp() } }
    try begin(operation, regions, memory) { slot in
      slot.pointee.reply = .completion
      slot.pointee.completion = completion
    }
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
  /// Throws `.notOwner` on any other thread. On a shared client, for completions and tasks of the client: what they do is
  /// done one after the other, but not always by the same thread.
  @_disfavoredOverload
  public func submit(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory,
    onThisThread completion: @escaping (RegionResult) -> Void
  ) throws(BlockError) {
    guard state.isOwner, !state.pointee.isTogether else { throw .notOwner }
    try begin(operation, regions, memory) { slot in
      slot.pointee.reply = .completion
      slot.pointee.completion = completion
    }
  }

  /// Submits a request over an array of regions on the client's own thread.
  @_disfavoredOverload
  public func submit(
    _ operation: Operation, _ regions: [Region], _ memory: Memory,
    onThisThread completion: @escaping (RegionResult) -> Void
  ) throws(BlockError) {
    try submit(operation, regions.span, memory, onThisThread: completion)
  }

  /// Sends a request whose reply `reply` fills in: the beginning of every door.
  @inline(__always)
  @discardableResult
  func begin(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory,
    _ reply: (Stable<RequestSlot>) -> Void
  ) throws(BlockError) -> Stable<RequestSlot> {
    guard state.isOwner else { return try beginAny(operation, regions, memory, reply) }
    if regions.count == 1, memory.kind == .contiguous {
      let address = unsafe UInt(bitPattern: memory.base)
      if let (slot, region) = state.fold(operation, RegionRef(regions, 0), address, { _ in }) {
        slot.unfold(.completion)
        reply(slot)
        try state.sendFolded(slot, Ring.wholeMark, operation, region, address, memory.count)
        return slot
      }
    } else if let slot = state.sendAtOnce(operation, regions, memory) {
      reply(slot)
      return slot
    }
    return try beginAny(operation, regions, memory, reply)
  }

  @inline(__always)
  private func beginAny(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory,
    _ reply: (Stable<RequestSlot>) -> Void
  ) throws(BlockError) -> Stable<RequestSlot> {
    let slot = try take(operation, regions, memory)
    reply(slot)
    give(slot)
    return slot
  }

  /// Checks a request and fills a slot with it. Nothing has started yet.
  @inline(never)
  func take(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory
  ) throws(BlockError) -> Stable<RequestSlot> {
    guard state.isOwner else { return try takeForeign(operation, regions, memory) }
    try Validation.check(operation, regions, memory) { [state] in state.pointee.ring?.pointee.walk($0, $1) ?? false }
    guard !state.pointee.isClosed.load(ordering: .relaxed) else { throw .closed }
    // What was gathered from vectors at the same place is not theirs any more. A page list has just been walked.
    if memory.kind != .pages { state.pointee.ring?.pointee.shared.length = 0 }
    let slot = try state.pointee.slots.take()
    state.fill(slot, operation, regions, memory)
    return slot
  }

  private func takeForeign(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory
  ) throws(BlockError) -> Stable<RequestSlot> {
    try Validation.check(operation, regions, memory)
    guard !state.pointee.isClosed.load(ordering: .relaxed) else { throw .closed }
    guard kind == .shared else { throw .notOwner }
    let slot = try state.pointee.foreign.take()
    state.fill(slot, operation, regions, memory)
    for index in regions.indices { slot.region(index).pointee.device.retain() }
    return slot
  }

  /// Gives a filled slot to the client, or to whoever is its thread now. From here on the request completes exactly once.
  @inline(never)
  func give(_ slot: Stable<RequestSlot>) {
    if slot.pointee.home == .client {
      state.holdDevices(slot)
      state.admit(slot)
    } else if state.sitDownToSubmit() {
      state.receive(slot)
      state.standUp()
    } else {
      state.pointee.mailbox.push(.request(slot))
    }
  }
}

extension Stable where Value == RequestSlot {
  /// Fills in who is told by callback, and where the failures go.
  @inline(__always)
  fileprivate func fill(
    _ reply: RequestSlot.Reply, _ failures: UnsafeMutablePointer<RegionFailure>?, _ context: UnsafeMutableRawPointer?,
    _ notify: @escaping BlockClient.Notify
  ) {
    pointee.reply = reply
    unsafe pointee.notify = unsafe notify
    unsafe pointee.context = unsafe context
    unsafe pointee.failures = unsafe failures
  }
}
