internal import DMIO

/// The doors as a thread with a client of its own uses them: what is measured.
extension Stable where Value == BenchThread {
  /// Sends each runner again from the callback of its last request.
  func driveByCallbacks(_ client: BlockClient, _ runners: Runners) throws(BlockError) {
    let (isPlain, canFail) = (runners[0].isPlain, runners[0].canFail)
    for index in 0..<runners.count {
      if isPlain {
        runners[index].sendPlain()
      } else if canFail {
        runners[index].sendByCallback()
      } else {
        runners[index].sendSeveral()
      }
    }
    while pointee.parked < runners.count {
      try client.poll(wait: true)
      if isStopping { pointee.cut() }
    }
  }

  /// Sends each runner again from the closure of its last request.
  func driveByClosures(_ client: BlockClient, _ runners: Runners) throws(BlockError) {
    for index in 0..<runners.count { ClosureRunner(runners[index]).send() }
    while pointee.parked < runners.count { try client.poll(wait: true) }
  }

  /// Gives each runner a task.
  func driveByTasks(_ client: BlockClient, _ runners: Runners) throws(BlockError) {
    let all = (0..<runners.count).map { runners[$0] }
    try client.run { await Stable<Runner>.runTasks(all, client) }
  }

  /// Sends the runners of each batch again from the one task that gets it.
  func driveByBatches(_ client: BlockClient, _ runners: Runners) throws(BlockError) {
    let (count, all) = (runners.count, (0..<runners.count).map { runners[$0] })
    let isPlain = runners[0].isPlain
    try client.run { [self] in
      for runner in all { if isPlain { runner.queuePlain() } else { runner.queue() } }
      do throws(BlockError) {
        while pointee.parked < count {
          _ = isPlain ? try await client.completions(takePlain) : try await client.completions(take)
          if isStopping { pointee.cut() }
        }
      } catch {
        pointee.trouble = error
      }
    }
  }

  /// Calls, and calls again.
  func driveByCalls(_ client: BlockClient, _ runners: Runners) throws(BlockError) {
    let runner = runners[0]
    let operation = runner.pointee.operation
    while runner.prepare() {
      runner.settle(try client.performBlocking(operation, runner.span, runner.pointee.memory))
    }
  }
}

extension Stable where Value == Runner {
  /// The same for one region on a device that cannot fail, with constants in the place of what they would be read from.
  @inline(__always)
  fileprivate func sendPlain() {
    guard prepare(isPlain: true) else { return }
    attempt { client throws(BlockError) in
      let span = unsafe Span(_unsafeStart: pointee.regions, count: 1)
      unsafe try client.submit(pointee.operation, span, pointee.memory, context: context) { errors, context in
        let runner = unsafe Stable<Runner>(context: context)
        runner.settle(errors)
        runner.sendPlain()
      }
    }
  }

  /// The same for several.
  @inline(__always)
  fileprivate func sendSeveral() {
    guard prepare(isPlain: true) else { return }
    placeOtherRegions()
    attempt { client throws(BlockError) in
      unsafe try client.submit(pointee.operation, span, pointee.memory, context: context) { errors, context in
        let runner = unsafe Stable<Runner>(context: context)
        runner.settle(errors)
        runner.sendSeveral()
      }
    }
  }

  /// Sends the next request, if there is to be one.
  @inline(__always)
  fileprivate func sendByCallback() {
    guard prepare() else { return }
    attempt { client throws(BlockError) in
      unsafe try client.submit(
        pointee.operation, span, pointee.memory, failures: pointee.failures, context: context
      ) { errors, context in
        let runner = unsafe Stable<Runner>(context: context)
        runner.settle(errors)
        runner.sendByCallback()
      }
    }
  }

  /// Queues the next request for a batch, if there is to be one; one region on a device that cannot fail.
  @inline(__always)
  fileprivate func queuePlain() {
    guard prepare(isPlain: true) else { return }
    attempt { client throws(BlockError) in
      let span = unsafe Span(_unsafeStart: pointee.regions, count: 1)
      try client.queue(pointee.operation, span, pointee.memory, tag: bits)
    }
  }

  /// The same of any request.
  fileprivate func queue() {
    guard prepare() else { return }
    attempt { client throws(BlockError) in
      try client.queue(pointee.operation, span, pointee.memory, tag: bits)
    }
  }

  /// True for one region on a device that cannot fail.
  fileprivate var isPlain: Bool { !canFail && pointee.regionCount == 1 }

  fileprivate var canFail: Bool { unsafe pointee.failures != nil }
}

/// Takes in the answer of a batch's request and queues its next one. Functions of their own: a closure that holds nothing is called
/// without a way around.
private func takePlain(_ tag: UInt, _ result: RegionResult) {
  let runner = Stable<Runner>(bits: tag)
  runner.settle(result)
  runner.queuePlain()
}

private func take(_ tag: UInt, _ result: RegionResult) {
  let runner = Stable<Runner>(bits: tag)
  runner.settle(result)
  runner.queue()
}

/// A runner whose closures hold nothing but this object, so that making one allocates nothing.
private final class ClosureRunner {
  private let runner: Stable<Runner>

  init(_ runner: Stable<Runner>) { self.runner = runner }

  func send() {
    guard runner.prepare() else { return }
    runner.attempt { client throws(BlockError) in
      try client.submit(
        runner.pointee.operation, runner.span, runner.pointee.memory,
        onThisThread: { [self] result in
          runner.settle(result)
          send()
        })
    }
  }
}
