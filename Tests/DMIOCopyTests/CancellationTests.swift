internal import DMIO
internal import DMIOCopy
internal import DMIOTestSupport
internal import Testing

/// Cancelling a copy, by its handle and by its task: one answer, and nothing is let go of early.
@Suite(.timeLimit(.minutes(10))) struct CancellationTests {
  private let source = Disk.filled(1024)
  private let target = HeldDevice(Geometry(bytes: 1024 * 512))

  @Test(
    "a copy that is cancelled by its handle begins nothing new, and completes once when what is under way has ended")
  func handle() throws {
    let client = try CopyClient(chunks: 2, chunkBytes: 64 << 10)
    let results = Box<[CopyResult]>([])
    let job = try client.copy(Region(whole: source.device), to: [Region(whole: target.device)]) { result in
      results.change { $0.append(result) }
    }
    target.wait(2)
    job.cancel()
    job.cancel()
    // A turn of the client's thread has seen it, and has not ended the copy.
    try turn(client)
    #expect(results.value.isEmpty && job.isCancelled)
    for piece in target.takeAll() { piece.succeed() }
    results.wait { !$0.isEmpty }
    try client.close()
    #expect(results.value.count == 1 && target.count == 2)
    let result = results.value[0]
    #expect(result.isCancelled && !result.isSuccess && result.writeErrors.isEmpty)
    #expect(result.unwritten == [[Extent(sector: 256, count: 768, errno: nil)]])
  }

  @Test("a copy whose task is cancelled returns when what is under way has ended")
  func task() async throws {
    let client = try CopyClient(chunks: 2, chunkBytes: 64 << 10)
    let (from, to) = (Region(whole: try source.device), Region(whole: try target.device))
    let isOver = Box(false)
    let task = Task {
      defer { isOver.change { $0 = true } }
      return try await client.copy(from, to: [to])
    }
    // The task needs a thread, too: this one is not to be kept from it.
    while target.count < 2 { await Task.yield() }
    task.cancel()
    try turn(client)
    #expect(!isOver.value)
    for piece in target.takeAll() { piece.succeed() }
    let result = try await task.value
    #expect(result.isCancelled && target.count == 2)
    try client.close()
  }

  @Test("a task that was cancelled before touches nothing")
  func before() async throws {
    let client = try CopyClient()
    let (from, to) = (Region(whole: try source.device), Region(whole: try target.device))
    let go = Box(false)
    let task = Task {
      go.wait { $0 }
      return try await client.copy(from, to: [to])
    }
    task.cancel()
    go.change { $0 = true }
    #expect(try await task.value.isCancelled)
    #expect(source.operands.value.isEmpty)
    try client.close()
  }

  @Test("a copy that is cancelled after its end is a success")
  func after() throws {
    let client = try CopyClient()
    let (result, other) = (Box<CopyResult?>(nil), Disk(1024))
    let job = try client.copy(Region(whole: source.device), to: [Region(whole: other.device)]) { ended in
      result.change { $0 = ended }
    }
    #expect(result.waited().isSuccess)
    job.cancel()
    try client.close()
    #expect(other.bytes == source.bytes)
  }
}

/// Waits until the client's thread has taken a whole turn after what was handed in before.
func turn(_ client: CopyClient) throws {
  for _ in 0..<2 {
    let isCalled = Box(false)
    try client.prepareCallback { _, _ in isCalled.change { $0 = true } }.fire(readFailed: false, writeErrors: [])
    isCalled.wait { $0 }
  }
}
