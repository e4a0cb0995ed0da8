import Peer
import SystemPackage
import Yardstick

/// swift-system's ring, as its best user would drive it: buffers and the file registered, one issuer, tasks deferred.
@main enum IORingPeer {
  static func main() throws {
    let run = PeerRun()
    var loop = try RingLoop(run)
    run.measure { try loop.turn() }
  }
}

/// One ring with a registered buffer for each I/O in flight.
@safe private struct RingLoop: ~Copyable {
  private let run: PeerRun
  private var ring: IORing
  private let file: IORing.RegisteredFile
  private let buffers: IORing.RegisteredResources<IORing.RegisteredBuffer.Resource>
  private var random = Yardstick.random(state: 1)

  init(_ run: PeerRun) throws {
    // A local until nothing can throw any more: a value that cannot be copied is stored whole or not at all.
    var ring = try IORing(queueDepth: UInt32(run.depth), flags: [.singleSubmissionThread, .deferRunningTasks])
    let memory = unsafe run.memory(count: run.depth)
    let buffers = unsafe try ring.registerBuffers(
      (0..<run.depth).map { slot in unsafe .init(rebasing: memory[slot * run.block..<(slot + 1) * run.block]) })
    let file = try ring.registerFileSlots(count: 1)[0]
    // A file gets into its slot by being opened there.
    let options = run.isDirect ? FileDescriptor.OpenOptions(rawValue: direct_flag) : []
    _ = ring.prepare(
      request: .open(
        FilePath(run.path), in: FileDescriptor(rawValue: currentFolder), into: file,
        mode: run.isWrite ? .writeOnly : .readOnly, options: options))
    try ring.submitPreparedRequests()
    _ = try ring.blockingConsumeCompletion()
    self.run = run
    self.file = file
    unsafe self.buffers = buffers
    self.ring = ring
  }

  private mutating func prepare(_ slot: Int) {
    let offset = run.offset(&random)
    let buffer = unsafe buffers[slot]
    let request: IORing.Request =
      unsafe run.isWrite
      ? .write(buffer, into: file, at: offset, context: UInt64(slot))
      : .read(file, into: buffer, at: offset, context: UInt64(slot))
    guard ring.prepare(request: request) else { PeerRun.fail("the queue of the ring is full") }
  }

  /// Keeps `depth` I/Os in flight; returns how many were made.
  mutating func turn() throws(Errno) -> UInt64 {
    var sent: UInt64 = 0
    var done: UInt64 = 0
    let idle = UnsafeMutablePointer<Int>.allocate(capacity: run.depth)
    defer { unsafe idle.deallocate() }
    while sent < min(UInt64(run.depth), run.limit) {
      prepare(Int(sent))
      sent += 1
    }
    while done < sent {
      var count = 0
      let run = run
      try ring.submitPreparedRequestsAndConsumeCompletions(minimumCount: 1) {
        (completion: consuming IORing.Completion?, error: Errno?, _: Bool) throws(Errno) in
        if let error { throw error }
        guard let completion else { return }
        run.check(moved: Int(completion.result))
        unsafe idle[count] = Int(completion.context)
        count += 1
      }
      done += UInt64(count)
      for index in 0..<count where sent < run.limit && !is_span_over() {
        prepare(unsafe idle[index])
        sent += 1
      }
    }
    return done
  }
}
