internal import CDMIOSystem
internal import Synchronization

/// A client's threads for calls that the ring would hand to kernel workers anyway, or that there is no ring for.
///
/// There are two of these. The pool for calls that may *block* starts a thread when there is more work than idle threads: a
/// piece that a worker cannot finish (a dead device) keeps that worker alone. The pool for *prompt* pieces, which only move
/// bytes in memory, is worked off by the client's thread itself: waking another costs more than a small call. When there is
/// more to do than that is worth, workers on the other processors take their share.
///
/// Threads end with the client. Writes to a file that takes them one at a time wait for one another in line
/// (`WorkQueue`), not on threads of their own.
final class WorkerPool: Sendable {
  /// What a pool's calls may do to the thread that makes them.
  enum Calls { case block, prompt }

  private let calls: Calls
  /// Threads at most.
  private let most: Int
  private let queue = Locked(WorkQueue())
  /// Counts pushes: what idle workers sleep on.
  private let pushes = Futex()
  /// What stands in the queue, to be looked at without the lock; what changes meanwhile is seen by the next look.
  private let load = Atomic<Int>(0)
  private let mailbox: Mailbox

  /// What a push has to do beyond the queue.
  private enum Next { case wakeIdle, startThread, nothing }

  /// - Parameter processorsForOthers: Prompt pieces leave so many alone, beside the one of the client's thread.
  init(_ calls: Calls, mailbox: Mailbox, processorsForOthers: Int = 0) {
    self.calls = calls
    self.mailbox = mailbox
    let beside = Int(dmio_processors()) - 1
    let free = beside - min(max(0, processorsForOthers), beside)
    most = calls == .block ? Limits.workerThreads : min(free, Limits.workerThreads)
  }

  deinit { pushes.destroy() }

  /// Leaves a piece for the next worker. The client's thread.
  func push(_ record: Stable<PieceRecord>) {
    call(
      queue.withLock { queue -> Next in
        let isReady = queue.append(record)
        load.store(queue.ready.load, ordering: .relaxed)
        guard isReady, calls == .block else { return .nothing }
        if queue.ready.count <= queue.idle { return .wakeIdle }
        return takeThread(&queue)
      })
  }

  /// True when no piece waits, as far as can be seen without the lock. The client's thread has seen what it pushed.
  @inline(__always)
  var isEmpty: Bool { load.load(ordering: .relaxed) == 0 }

  /// Calls one more worker if what waits is worth it: it calls the next.
  func share() {
    guard load.load(ordering: .relaxed) >= Limits.loadToShare else { return }
    call(queue.withLock(nextForShare))
  }

  /// Carries the next piece out on the client's thread, which gets its record with the result; nil when none waits.
  func carryOutHere() -> Stable<PieceRecord>? {
    guard let record = queue.withLock({ take(&$0, afterWriting: nil) }) else { return nil }
    if let file = carryOut(record) {
      queue.withLock { queue in
        queue.endTurn(of: file)
        load.store(queue.ready.load, ordering: .relaxed)
      }
    }
    return record
  }

  /// Ends the threads once the queue is empty. Pieces that they still hold are answered.
  func stop() {
    queue.withLock { $0.isStopped = true }
    pushes.signal(waiters: Limits.workerThreads)
  }

  private func take(_ queue: inout WorkQueue, afterWriting file: Int32?) -> Stable<PieceRecord>? {
    defer { load.store(queue.ready.load, ordering: .relaxed) }
    return queue.next(afterWriting: file)
  }

  private func takeThread(_ queue: inout WorkQueue) -> Next {
    guard queue.threads < most else { return .nothing }
    queue.threads += 1
    return .startThread
  }

  private func nextForShare(_ queue: inout WorkQueue) -> Next {
    // One is on its way: it looks for itself.
    guard !queue.isCalling, queue.ready.load >= Limits.loadToShare else { return .nothing }
    let next = queue.idle > 0 ? .wakeIdle : takeThread(&queue)
    queue.isCalling = next != .nothing
    return next
  }

  private func call(_ next: Next) {
    switch next {
    case .wakeIdle: pushes.signal(waiters: 1)
    case .startThread: startWorker()
    case .nothing: break
    }
  }

  private func startWorker() {
    do {
      try startThread(named: "dmio-worker") { [self] in work() }
    } catch {
      // No thread to be had. Without any, nobody would ever come for a piece that may block: carry it out here.
      let threads = queue.withLock { queue -> Int in
        queue.threads -= 1
        queue.isCalling = false
        return queue.threads
      }
      if threads == 0, calls == .block { drainHere() }
    }
  }

  private func drainHere() {
    var file: Int32?
    while let record = queue.withLock({ take(&$0, afterWriting: file) }) {
      file = carryOut(record)
      mailbox.push(.answer(record))
    }
  }

  private func work() {
    var (file, hasSlept) = (Int32?.none, true)
    while true {
      let seen = pushes.value
      let (record, isOver) = queue.withLock { queue -> (Stable<PieceRecord>?, Bool) in
        if hasSlept { queue.isCalling = false }
        if let record = take(&queue, afterWriting: file) { return (record, false) }
        if queue.isStopped { return (nil, true) }
        queue.idle += 1
        return (nil, false)
      }
      if isOver { return }
      (file, hasSlept) = (nil, record == nil)
      if let record {
        if calls == .prompt { share() }
        file = carryOut(record)
        mailbox.push(.answer(record))
      } else {
        pushes.wait(while: seen)
        queue.withLock { $0.idle -= 1 }
      }
    }
  }

  /// Makes the call and notes its result; returns the file whose turn it was to be written, if the piece needed one.
  private func carryOut(_ record: Stable<PieceRecord>) -> Int32? {
    let file = record.turnFile
    let priority = record.pointee.operation.priority
    if priority != .none { dmio_set_priority(Int32(priority.rawValue)) }
    record.pointee.result = record.fileCall.carryOut()
    if priority != .none { dmio_set_priority(0) }
    return file
  }
}

extension Stable where Value == PieceRecord {
  /// The blocking call that does what the piece asks for.
  fileprivate var fileCall: FileCall {
    FileCall(
      file: pointee.file, isBlock: pointee.isBlockFile, operation: pointee.operation,
      offset: pointee.offset, length: pointee.length, cursor: pointee.cursor)
  }
}
