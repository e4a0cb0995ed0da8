internal import Synchronization

/// The await door: one suspension a request.
extension BlockClient {
  /// Carries out a request and returns its result when it is over.
  ///
  /// The task stays suspended until every piece has been answered, cancelled or not: the memory is not given back
  /// while a device may use it. A task that is cancelled while its request still waits for the reservation
  /// gets `.cancelled`, and nothing has happened.
  ///
  /// On the client's own thread (`executor`, `run`) nothing hops; from elsewhere a shared client is handed the request.
  public nonisolated(nonsending) func perform(
    _ operation: Operation, _ regions: [Region], _ memory: Memory
  ) async throws(BlockError) -> RegionResult {
    let slot = try take(operation, regions.span, memory)
    return try await perform(slot)
  }

  /// Carries out a request over one region and returns its result when it is over.
  public nonisolated(nonsending) func perform(
    _ operation: Operation, _ region: Region, _ memory: Memory
  ) async throws(BlockError) -> RegionResult {
    let slot = try takeOne(operation, region, memory)
    return try await perform(slot)
  }

  private func takeOne(
    _ operation: Operation, _ region: Region, _ memory: Memory
  ) throws(BlockError) -> Stable<RequestSlot> {
    let regions = InlineArray<1, Region>(repeating: region)
    return try take(operation, regions.span, memory)
  }

  private nonisolated(nonsending) func perform(_ slot: Stable<RequestSlot>) async throws(BlockError) -> RegionResult {
    slot.pointee.reply = .continuation
    slot.pointee.isCancelled = false
    let answer: RequestSlot.Answer
    if slot.pointee.home == .client, state.hasRoom {
      slot.pointee.tag = 0
      answer = unsafe await withUnsafeContinuation { continuation in
        unsafe slot.pointee.continuation = unsafe continuation
        give(slot)
      }
    } else {
      answer = await performCancellably(slot)
    }
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
