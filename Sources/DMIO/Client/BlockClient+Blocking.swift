internal import CDMIOSystem
internal import Synchronization

/// The blocking door.
extension BlockClient {
  /// Carries out a request and returns its result.
  ///
  /// The calling thread waits, through signals, until every piece has been answered. One aligned region of a file
  /// is carried out by the calling thread itself; anything else goes the way of every request. On a driven client's
  /// own thread, completions
  /// of other requests run meanwhile. Inside a completion, or a task on the client's thread, throws `.wouldDeadlock`.
  public func performBlocking(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory
  ) throws(BlockError) -> RegionResult {
    let isOwner = state.isOwner
    guard isOwner || kind == .shared else { throw .notOwner }
    if isOwner, state.isInside { throw .wouldDeadlock }
    if let result = performWhole(operation, regions, memory) { return result }
    return try performAny(operation, regions, memory, isOwner: isOwner)
  }

  @inline(never)
  private func performAny(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory, isOwner: Bool
  ) throws(BlockError) -> RegionResult {
    if let result = try performHere(operation, regions, memory) { return result }
    var call = BlockedCall()
    return unsafe try withUnsafeMutablePointer(to: &call) { (call) throws(BlockError) in
      let slot = try take(operation, regions, memory)
      slot.pointee.reply = .blocked
      let call = unsafe Stable(call)
      slot.pointee.blocked = call
      give(slot)
      return isOwner ? turnUntilOver(call) : call.wait()
    }
  }

  /// Carries out a request over an array of regions and returns its result.
  public func performBlocking(
    _ operation: Operation, _ regions: [Region], _ memory: Memory
  ) throws(BlockError) -> RegionResult {
    try performBlocking(operation, regions.span, memory)
  }

  private func turnUntilOver(_ call: Stable<BlockedCall>) -> RegionResult {
    state.stopWatchingOutside()
    defer { state.watchOutside() }
    while true {
      if let result = call.pointee.result { return result }
      state.turn(wait: true)
    }
  }
}

/// Someone who waits for a request; stands on the waiter's stack.
struct BlockedCall {
  /// Raised when the result is there.
  var word: UInt32 = 0
  var result: RegionResult?
}

extension Stable where Value == BlockedCall {
  // The word stands first.
  private var futex: Futex { Futex(standingAt: bits) }

  /// Gives the result. Once the word is raised the waiter may be gone; a futex is woken by its address alone.
  func end(_ result: RegionResult) {
    pointee.result = result
    futex.signal(waiters: 1)
  }

  /// Waits for the result, on another thread than the client's.
  func wait() -> RegionResult {
    let futex = futex
    while futex.value == 0 { futex.wait(while: 0) }
    guard let result = pointee.result else { preconditionFailure("a call that ended has a result") }
    return result
  }
}
