internal import Synchronization

/// The await door: one suspension a request.
extension BlockClient {
  /// Carries out a request and returns its result when it is over.
  ///
  /// The task stays suspended until every piece has been answered, cancelled or not: the memory is not given back
  /// while a device may use it. A task that is cancelled while its request still waits for the reservation
  /// gets `.cancelled`, and nothing has happened.
  ///
  /// On the client's own thread (`executor`, `run`) nothing hops; from elsewhere a shared client is given the request.
  /// A small transfer of one region that only moves bytes in memory (tmpfs, zram, what the page cache holds) is made on the
  /// calling thread, without a suspension; on the client's own, `Limits.promptBytesInTurn` of them in a row.
  public nonisolated(nonsending) func perform(
    _ operation: Operation, _ regions: [Region], _ memory: Memory
  ) async throws(BlockError) -> RegionResult {
    let isOwner = state.isOwner
    if regions.count == 1, isDoneAtOnce(operation, RegionRef(regions.span, 0), memory, isOwner: isOwner) {
      return .success
    }
    if isOwner, state.hasRoom { return await result(of: try beginHere(operation, regions.span, memory)) }
    return try await perform(try take(operation, regions.span, memory))
  }

  /// Carries out a request over one region and returns its result when it is over.
  public nonisolated(nonsending) func perform(
    _ operation: Operation, _ region: Region, _ memory: Memory
  ) async throws(BlockError) -> RegionResult {
    let isOwner = state.isOwner
    if unsafe withUnsafePointer(to: region, { unsafe isDoneAtOnce(operation, RegionRef($0), memory, isOwner: isOwner) })
    {
      return .success
    }
    if isOwner, state.hasRoom { return await result(of: try beginHere(operation, region, memory)) }
    return try await perform(try takeOne(operation, region, memory))
  }

  private func takeOne(
    _ operation: Operation, _ region: Region, _ memory: Memory
  ) throws(BlockError) -> Stable<RequestSlot> {
    let regions = InlineArray<1, Region>(repeating: region)
    return try take(operation, regions.span, memory)
  }

  private func beginHere(
    _ operation: Operation, _ region: Region, _ memory: Memory
  ) throws(BlockError) -> Stable<RequestSlot> {
    let regions = InlineArray<1, Region>(repeating: region)
    return try beginHere(operation, regions.span, memory)
  }

  /// Starts a request on the client's own thread. Its continuation follows: before that thread takes its next turn
  /// nobody is told anything.
  @inline(__always)
  private func beginHere(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory
  ) throws(BlockError) -> Stable<RequestSlot> {
    try begin(operation, regions, memory) { slot in
      slot.pointee.reply = .continuation
      slot.pointee.isCancelled = false
      slot.pointee.tag = 0
    }
  }

  private nonisolated(nonsending) func result(of slot: Stable<RequestSlot>) async -> RegionResult {
    let answer = unsafe await withUnsafeContinuation { unsafe slot.pointee.continuation = unsafe $0 }
    return answer.result
  }

  private nonisolated(nonsending) func perform(_ slot: Stable<RequestSlot>) async throws(BlockError) -> RegionResult {
    slot.pointee.reply = .continuation
    slot.pointee.isCancelled = false
    let answer = await performCancellably(slot)
    if answer.isCancelled { throw .cancelled }
    return answer.result
  }

  /// The request may have to wait in line: a cancelled task leaves it. The ticket names the wait, not the slot,
  /// which may serve another request by the time the cancellation is looked at.
  private nonisolated(nonsending) func performCancellably(_ slot: Stable<RequestSlot>) async -> RequestSlot.Answer {
    let ticket = state.pointee.mailbox.tickets.wrappingAdd(1, ordering: .relaxed).newValue
    slot.pointee.tag = ticket
    return await withTaskCancellationHandler {
      unsafe await withUnsafeContinuation { continuation in
        unsafe slot.pointee.continuation = unsafe continuation
        give(slot)
        // Cancelled before the request was in line: the ticket came too early to find it.
        if Task.isCancelled { state.pointee.mailbox.leave { $0.tickets.append(ticket) } }
      }
    } onCancel: { [state] in
      state.pointee.mailbox.leave { $0.tickets.append(ticket) }
    }
  }
}

extension Stable where Value == ClientState {
  /// True when a request would start at once. The client's thread.
  var hasRoom: Bool { pointee.inFlight &- pointee.lease < pointee.limit && pointee.queued == 0 }
}
