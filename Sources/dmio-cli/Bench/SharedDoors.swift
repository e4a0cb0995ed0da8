internal import DMIO

/// The doors as one of several threads uses them with a client that all share: what is answered on the client's thread
/// is handed back to the thread that it belongs to, which sends it again.
extension Stable where Value == BenchThread {
  /// Callbacks hand runners back.
  func shareByCallbacks(_ runners: Runners) {
    for index in 0..<runners.count { runners[index].submitCallback() }
    while pointee.parked < runners.count {
      pointee.returns.pointee.take { runner in
        runner.settle(runner.pointee.errors)
        runner.submitCallback()
      }
    }
  }

  /// Closures hand runners back.
  func shareByClosures(_ runners: Runners) {
    for index in 0..<runners.count { runners[index].submitClosure() }
    while pointee.parked < runners.count {
      pointee.returns.pointee.take { runner in
        runner.settle(runner.pointee.errors)
        runner.submitClosure()
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
        unsafe Stable<Runner>(context: context).comeBack(errors)
      }
    }
  }

  fileprivate func submitClosure() {
    guard prepare() else { return }
    attempt { client throws(BlockError) in
      try client.submit(pointee.operation, span, pointee.memory) { [self] result in
        if !result.isSuccess { keep(result) }
        comeBack(result.errors.rawValue)
      }
    }
  }

  /// Hands the runner back to its thread. On the client's thread.
  private func comeBack(_ errors: UInt64) {
    if pointee.sentAt != 0 { pointee.answeredAt = Clock.now }
    pointee.errors = errors
    pointee.returns.pointee.give(self)
  }
}
