internal import CDMIOSystem

/// A client's threads for calls that block: the whole engine where io_uring is refused, else the lane for what
/// the ring would hand to kernel workers anyway.
///
/// Threads are started when there is more work than idle threads, up to `Limits.workerThreads`, and end with
/// the client. A piece that a worker cannot finish (a dead device) keeps that worker alone; writes to a file that
/// takes them one at a time wait for one another in line (`WorkQueue`), not on threads of their own.
final class WorkerPool: Sendable {
  private let queue = Locked(WorkQueue())
  /// Counts pushes: what idle workers sleep on.
  private let pushes = Futex()
  private let mailbox: Mailbox

  /// What a push has to do beyond the queue.
  private enum Next { case wakeIdle, startThread, nothing }

  init(mailbox: Mailbox) {
    self.mailbox = mailbox
  }

  deinit { pushes.destroy() }

  /// Leaves a piece for the next worker. The client's thread.
  func push(_ record: Stable<PieceRecord>) {
    let next = queue.withLock { queue -> Next in
      guard queue.append(record) else { return .nothing }
      if queue.ready.count <= queue.idle { return .wakeIdle }
      guard queue.threads < Limits.workerThreads else { return .nothing }
      queue.threads += 1
      return .startThread
    }
    switch next {
    case .wakeIdle: pushes.signal(waiters: 1)
    case .startThread: startWorker()
    case .nothing: break
    }
  }

  /// Ends the threads once the queue is empty. Pieces that they still hold are answered.
  func stop() {
    queue.withLock { $0.isStopped = true }
    pushes.signal(waiters: Limits.workerThreads)
  }

  private func startWorker() {
    do {
      try startThread(named: "dmio-worker") { [self] in work() }
    } catch {
      // No thread to be had. Without any, nobody would ever come for the piece: carry it out here.
      let threads = queue.withLock { queue -> Int in
        queue.threads -= 1
        return queue.threads
      }
      if threads == 0 { drainHere() }
    }
  }

  private func drainHere() {
    var file: Int32?
    while let record = queue.withLock({ $0.next(afterWriting: file) }) { file = carryOut(record) }
  }

  private func work() {
    var file: Int32?
    while true {
      let seen = pushes.value
      let (record, isOver) = queue.withLock { queue -> (Stable<PieceRecord>?, Bool) in
        if let record = queue.next(afterWriting: file) { return (record, false) }
        if queue.isStopped { return (nil, true) }
        queue.idle += 1
        return (nil, false)
      }
      if isOver { return }
      file = nil
      if let record {
        file = carryOut(record)
      } else {
        pushes.wait(while: seen)
        queue.withLock { $0.idle -= 1 }
      }
    }
  }

  /// Makes the call; returns the file whose turn it was to be written, if the piece needed one.
  private func carryOut(_ record: Stable<PieceRecord>) -> Int32? {
    let file = record.turnFile
    let priority = record.pointee.operation.priority
    if priority != .none { dmio_set_priority(Int32(priority.rawValue)) }
    record.pointee.result = record.fileCall.carryOut()
    if priority != .none { dmio_set_priority(0) }
    mailbox.push(.answer(record))
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
