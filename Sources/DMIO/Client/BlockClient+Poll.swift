internal import CDMIOSystem

/// How a thread takes part in a client's work.
extension BlockClient {
  /// Submits what was queued, takes what has completed and runs the completions; returns how many requests ended.
  ///
  /// With `wait`, and something under way, returns only after at least one ended. Inside a completion or a task on
  /// the client's thread `wait` throws `.wouldDeadlock`; without it the call only submits and returns 0.
  ///
  /// A driven client is polled by its thread. A shared client may be polled by any, also by several at once: one at a time takes
  /// the client's place, completions run there, and the others wait until it has ended a turn. It need not be polled, but
  /// a thread that does spares the way through the client's own. A caller that waits should hold no lock that a completion takes.
  /// What counts are requests that end after the call: where others poll, too, the caller's own may have ended before it, so
  /// a loop that waits for those in particular is better made with `poll(waitMilliseconds:)`, or with a blocking call.
  @discardableResult
  public func poll(wait: Bool) throws(BlockError) -> Int {
    guard try mayTurn(wait: wait) else { return kind == .driven || state.isOwner ? 0 : state.attend(wait: wait) }
    state.stopWatchingOutside()
    defer { state.watchOutside() }
    let before = state.pointee.delivered
    repeat {
      state.turnHere(wait: wait && state.hasWork, atMost: -1)
    } while wait && state.pointee.delivered == before && state.hasWork
    return state.pointee.delivered &- before
  }

  /// The same, but waits for at most `milliseconds`, also when nothing is under way; returns 0 when none ended by then.
  ///
  /// A signal does not end the wait. `wake()` ends that for a driven client.
  @discardableResult
  public func poll(waitMilliseconds milliseconds: Int) throws(BlockError) -> Int {
    let limit = Int64(max(0, min(milliseconds, 1 << 40)))
    guard try mayTurn(wait: true) else { return state.attend(wait: true, atMost: limit) }
    state.stopWatchingOutside()
    defer { state.watchOutside() }
    let before = state.pointee.delivered
    let end = dmio_now_ms() &+ limit
    var left = limit
    // A turn may end none: it has moved a piece that waits in parts, or taken mail.
    repeat {
      state.turn(wait: true, atMost: left)
      left = end &- dmio_now_ms()
    } while state.pointee.delivered == before && left > 0 && !state.pointee.wasWoken
    state.pointee.wasWoken = false
    return state.pointee.delivered &- before
  }

  /// Has the thread of a driven client look up from `poll(waitMilliseconds:)`: that call, or else the next one, waits no longer.
  ///
  /// For a thread that has something else for it to do. Any thread may call it; several calls before the look count as one. For a
  /// shared client, for which many may wait, it does nothing.
  public func wake() {
    guard kind == .driven else { return }
    state.pointee.mailbox.leave { [state] in $0.commands.append { state.pointee.wasWoken = true } }
  }

  /// True where the thread of a driven client may take a turn; false in a completion that does not want to wait, and
  /// outside of those of a shared client.
  @inline(__always)
  private func mayTurn(wait: Bool) throws(BlockError) -> Bool {
    guard state.isOwner else {
      if kind == .shared { return false }
      throw .notOwner
    }
    guard state.isInside else { return true }
    if wait { throw .wouldDeadlock }
    state.submitFilled()
    return false
  }
}

extension BlockClient {
  /// Reserves `pages` pages on top of what is reserved: `dm_io_get`. What waits for them starts.
  ///
  /// This, `resize(toPages:)` and `reservedPages` throw `.wouldDeadlock` for a shared client in a completion of another one.
  public func reserve(pages: Int) throws(BlockError) { try change(by: pages, 1) }

  /// Gives `pages` pages back: `dm_io_put`. More than were reserved takes the reservation to zero.
  ///
  /// In a completion of another shared client it does not wait, and has happened some time later.
  /// At zero the client still works, one request at a time. Requests in flight keep what they use until they end.
  public func release(pages: Int) throws(BlockError) { try change(by: pages, -1) }

  /// True where this client might be waiting for the calling thread: that runs a completion of another shared client, and a
  /// completion of this one may be about to wait for that client.
  package var mayWaitForCaller: Bool { kind == .shared && dmio_is_seated() && !state.isOwner }

  /// True in a completion of any client: for callers that are never to wait there.
  package static var isInCompletion: Bool { dmio_is_turning() }

  /// Sets the reservation to `pages` pages, whatever it was.
  public func resize(toPages pages: Int) throws(BlockError) {
    guard pages >= 0, pages <= Limits.reservedPages else { throw .invalid(.reservation) }
    try change { _ in pages }
  }

  /// The pages that are reserved at the moment.
  public var reservedPages: Int {
    get throws(BlockError) { try onThread { state in state.pointee.pages } }
  }

  private func change(by pages: Int, _ sign: Int) throws(BlockError) {
    guard pages >= 0 else { throw .invalid(.reservation) }
    // Nobody has more than this: giving more back takes the reservation to zero, taking more is refused below.
    let pages = min(pages, Limits.reservedPages + 1)
    try change(mayFollow: sign < 0) { max(0, $0 + sign * pages) }
  }

  /// Changes the reservation; a change that `mayFollow` is left to the client's thread where this one may not wait for it.
  private func change(
    mayFollow: Bool = false, _ reservation: @escaping @Sendable (_ before: Int) -> Int
  ) throws(BlockError) {
    if mayFollow, mayWaitForCaller {
      return state.pointee.mailbox.leave { [state] in
        $0.commands.append { try? state.resize(pages: reservation(state.pointee.pages)) }
      }
    }
    let outcome: BlockError? = try onThread { state in
      let wanted = reservation(state.pointee.pages)
      guard wanted <= Limits.reservedPages else { return .invalid(.reservation) }
      do throws(BlockError) { try state.resize(pages: wanted) } catch { return error }
      return nil
    }
    if let outcome { throw outcome }
  }

  /// Runs `body` on the client's thread and returns what it returns.
  private func onThread<Value: Sendable>(
    _ body: @escaping @Sendable (Stable<ClientState>) -> Value
  ) throws(BlockError) -> Value {
    if state.isOwner { return body(state) }
    guard kind == .shared else { throw .notOwner }
    if mayWaitForCaller { throw .wouldDeadlock }
    let reply = ThreadReply<Value>()
    state.pointee.mailbox.leave { [state] in $0.commands.append { reply.give(body(state)) } }
    return reply.wait()
  }
}
