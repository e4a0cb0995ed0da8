/// The answer of a request: `complete_io` of dm-io.c. The client's thread only.
extension Stable where Value == ClientState {
  /// Gives a request's slot back, starts who waits for its place, and then tells whoever asked.
  ///
  /// After this the request does not exist: a callback may submit, free its memory and close the client.
  func deliver(_ slot: Stable<RequestSlot>) {
    assert(pointee.mayDeliver)
    pointee.mayDeliver = false
    pointee.delivered &+= 1
    switch slot.pointee.reply {
    case .notify, .plain: deliverNotify(slot)
    case .completion: deliverCompletion(slot)
    case .continuation: deliverContinuation(slot)
    case .blocked: deliverBlocked(slot)
    case .batch: deliverBatch(slot)
    }
    pointee.mayDeliver = true
  }

  /// Lets `body`, which is called while completions are taken, give answers at once.
  @inline(__always)
  func answering(_ body: () -> Void) {
    pointee.mayDeliver = true
    body()
    pointee.mayDeliver = false
  }

  /// Answers the requests that ended inside a `submit`, those that were there on entry only: each answer may
  /// bring another that is ready at once.
  @inline(__always)
  func deliverReady() {
    guard !pointee.ready.isEmpty else { return }
    var list = pointee.ready
    pointee.ready = SlotQueue()
    while let slot = list.popFirst() { deliver(slot) }
  }

  @inline(__always)
  private func deliverNotify(_ slot: Stable<RequestSlot>) {
    let notify = unsafe slot.pointee.notify
    let context = unsafe slot.pointee.context
    let errors = slot.pointee.errors
    if unsafe slot.pointee.failures != nil { slot.fillFailures() }
    leave(slot)
    unsafe notify?(errors, context)
  }

  /// Answers a plain request that has succeeded, as it ends with one of its regions. While completions are taken.
  @inline(__always)
  func deliverPlain(_ slot: Stable<RequestSlot>) {
    assert(!pointee.mayDeliver && slot.pointee.home == .client && slot.pointee.phase == .data)
    pointee.delivered &+= 1
    let (notify, context) = unsafe (slot.pointee.notify, slot.pointee.context)
    slot.pointee.regionCount = 1
    pointee.slots.put(slot)
    leavePlace()
    unsafe notify?(0, context)
  }

  private func deliverCompletion(_ slot: Stable<RequestSlot>) {
    let completion = slot.pointee.completion.take()
    let result = slot.result
    leave(slot)
    completion?(result)
  }

  private func deliverContinuation(_ slot: Stable<RequestSlot>) {
    let continuation = unsafe slot.pointee.continuation
    let answer = RequestSlot.Answer(result: slot.result, isCancelled: slot.pointee.isCancelled)
    leave(slot)
    unsafe continuation?.resume(returning: answer)
  }

  private func deliverBlocked(_ slot: Stable<RequestSlot>) {
    let call = slot.pointee.blocked
    let result = slot.result
    leave(slot)
    call?.end(result)
  }

  private func deliverBatch(_ slot: Stable<RequestSlot>) {
    let hasFailed = slot.pointee.errors != 0
    slot.pointee.pending = hasFailed ? -1 : 0
    // What it was is still to be asked of one that failed.
    if !hasFailed { slot.pointee.regionCount = 1 }
    pointee.batch.ended.append(slot)
    leavePlace()
  }

  /// Takes the request out of flight and its slot back into the pool; whoever waited comes next.
  @inline(__always)
  private func leave(_ slot: Stable<RequestSlot>) {
    slot.pointee.regionCount = 1
    if slot.pointee.home == .client { pointee.slots.put(slot) } else { pointee.foreign.put(slot) }
    leavePlace()
  }

  @inline(__always)
  private func leavePlace() {
    pointee.inFlight &-= 1
    if pointee.queued > 0 { admitWaiting() }
  }
}

extension Stable where Value == RequestSlot {
  /// The bits and, where any is set, each region's first failure.
  @inline(__always)
  var result: RegionResult {
    if pointee.errors == 0 { return .success }
    return failedResult
  }

  private var failedResult: RegionResult {
    let errors = RegionErrors(rawValue: pointee.errors)
    return RegionResult(errors: errors, failures: (0..<pointee.regionCount).map(failure))
  }

  /// What region `index` says about its failure, if it failed.
  private func failure(_ index: Int) -> RegionFailure {
    isFailed(index) ? state(index).pointee.failure : RegionFailure(errno: Errno(rawValue: 0), sector: 0)
  }

  /// Writes one entry a region where the caller asked for them.
  fileprivate func fillFailures() {
    guard let failures = unsafe pointee.failures else { return }
    for index in 0..<pointee.regionCount { unsafe failures[index] = failure(index) }
  }
}
