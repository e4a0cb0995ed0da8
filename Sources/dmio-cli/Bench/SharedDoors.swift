internal import DMIO
internal import Glibc

/// The doors as one of several threads uses them with a client that all share. Each polls: a runner that is answered on its
/// own thread is sent again at once; one of another thread is handed back to that one, which does the same.
extension Stable where Value == BenchThread {
  /// Sends each runner again from the callback of its last request.
  func shareByCallbacks(_ client: BlockClient, _ runners: Runners) throws(BlockError) {
    try share(client, runners) { $0.submitCallback() }
  }

  /// Sends each runner again from the closure of its last request.
  func shareByClosures(_ client: BlockClient, _ runners: Runners) throws(BlockError) {
    try share(client, runners) { $0.submitClosure() }
  }

  /// Polls until all runners are done, and sends those that other threads hand back, all that are there together.
  @inline(__always)
  private func share(
    _ client: BlockClient, _ runners: Runners, _ submit: (Stable<Runner>) -> Void
  ) throws(BlockError) {
    pointee.id = pthread_self()
    client.submitTogether { for index in 0..<runners.count { submit(runners[index]) } }
    while pointee.parked < runners.count {
      try client.poll(wait: true)
      guard !pointee.returns.pointee.isEmpty else { continue }
      client.submitTogether {
        pointee.returns.pointee.take { runner in
          runner.settle(runner.pointee.errors)
          submit(runner)
        }
      }
    }
  }

  /// Tasks of this thread wait for the client's answers.
  func shareByTasks(_ client: BlockClient, _ runners: Runners) {
    let all = (0..<runners.count).map { runners[$0] }
    pointee.executor.run { await Stable<Runner>.runTasks(all, client) }
  }
}

extension Stable where Value == Runner {
  fileprivate func submitCallback() {
    guard prepare() else { return }
    attempt { client throws(BlockError) in
      unsafe try client.submit(
        pointee.operation, span, pointee.memory, failures: pointee.failures, context: context
      ) { errors, context in
        let runner = unsafe Stable<Runner>(context: context)
        guard runner.isAtHome else { return runner.comeBack(errors) }
        runner.settle(errors)
        runner.submitCallback()
      }
    }
  }

  fileprivate func submitClosure() {
    guard prepare() else { return }
    attempt { client throws(BlockError) in
      try client.submit(pointee.operation, span, pointee.memory) { [self] result in
        if !result.isSuccess { keep(result) }
        guard isAtHome else { return comeBack(result.errors.rawValue) }
        settle(result.errors.rawValue)
        submitClosure()
      }
    }
  }

  /// True on the runner's own thread.
  private var isAtHome: Bool { pointee.thread.pointee.id == pthread_self() }

  /// Hands the runner back to its thread. On another one.
  private func comeBack(_ errors: UInt64) {
    if pointee.sentAt != 0 { pointee.answeredAt = Clock.now }
    pointee.errors = errors
    pointee.returns.pointee.give(self)
  }
}
