/// The thread of a shared client.
extension Stable where Value == ClientState {
  /// Starts the thread and waits until it has made pools and ring, or could not.
  func startThread(pages: Int, _ choice: EngineChoice) throws(BlockError) -> EngineReport {
    let start = ThreadReply<Result<EngineReport, BlockError>>()
    try startOrEnd { [self] in
      do throws(BlockError) {
        start.give(.success(try begin(pages: pages, choice)))
      } catch {
        end()
        start.give(.failure(error))
        return
      }
      serve()
    }
    return try start.wait().get()
  }

  /// Starts the thread; where none can be had there is nobody to free the state but this one.
  private func startOrEnd(_ body: @escaping @Sendable () -> Void) throws(BlockError) {
    do throws(BlockError) {
      try DMIO.startThread(named: "dmio-client", body)
    } catch {
      end()
      throw error
    }
  }

  /// Turns until the client is gone and nothing is in flight.
  private func serve() {
    while !pointee.isEnding || hasWork {
      turn(wait: true)
      if !pointee.idleWaiters.isEmpty, !hasWork { wakeIdleWaiters() }
    }
    end()
  }

  private func wakeIdleWaiters() {
    let waiters = pointee.idleWaiters
    pointee.idleWaiters = []
    for waiter in waiters { waiter.signal(waiters: 1) }
  }
}
