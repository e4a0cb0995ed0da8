internal import DMIO
internal import DMIOCopy
internal import DMIOTestSupport
internal import Testing

/// The throttle by a clock that a test sets, and in the hands of clients.
@Suite(.timeLimit(.minutes(10))) struct ThrottleTests {
  /// Time that passes when the test says so.
  private struct TestClock {
    private let instant = Box(ContinuousClock.now)

    func throttle(percent: Int = 100, bytesPerSecond: UInt64? = nil) -> CopyThrottle {
      CopyThrottle(percent: percent, bytesPerSecond: bytesPerSecond) { [instant] in instant.value }
    }

    func pass(milliseconds: Int) { instant.change { $0 += .milliseconds(milliseconds) } }
  }

  private let clock = TestClock()

  @Test("a rate lets the next chunk go when the last has used up its time")
  func rate() {
    let throttle = clock.throttle(bytesPerSecond: 1000)
    #expect(!throttle.mustWait())
    throttle.begin(bytes: 500)
    throttle.end()
    #expect(throttle.mustWait())
    clock.pass(milliseconds: 499)
    #expect(throttle.mustWait())
    clock.pass(milliseconds: 2)
    #expect(!throttle.mustWait())
  }

  @Test("a rate is reached by who asks ten times a second, however small the chunks are")
  func rateOfSmallChunks() {
    let throttle = clock.throttle(bytesPerSecond: 1_000_000)
    var bytes = 0
    for _ in 0..<1000 {
      while !throttle.mustWait() {
        throttle.begin(bytes: 1000)
        throttle.end()
        bytes += 1000
      }
      clock.pass(milliseconds: 100)
    }
    #expect((99_000_000...100_200_000).contains(bytes))
  }

  @Test("a rate that is set while copies wait holds from then on")
  func newRate() {
    let throttle = clock.throttle(bytesPerSecond: 1)
    throttle.begin(bytes: 1 << 20)
    clock.pass(milliseconds: 1000)
    #expect(throttle.mustWait())
    throttle.bytesPerSecond = 1 << 20
    clock.pass(milliseconds: 1001)
    #expect(!throttle.mustWait())
    throttle.bytesPerSecond = 1
    throttle.begin(bytes: 1 << 20)
    #expect(throttle.mustWait())
    throttle.bytesPerSecond = nil
    #expect(!throttle.mustWait())
  }

  @Test("a share of 50 percent makes a copy rest as long as it worked")
  func share() {
    let throttle = clock.throttle(percent: 50)
    throttle.begin(bytes: 1)
    clock.pass(milliseconds: 300)
    throttle.end()
    #expect(throttle.mustWait())
    clock.pass(milliseconds: 200)
    #expect(throttle.mustWait())
    clock.pass(milliseconds: 101)
    #expect(!throttle.mustWait())
    throttle.percent = 100
    throttle.begin(bytes: 1)
    clock.pass(milliseconds: 10_000)
    #expect(!throttle.mustWait())
  }

  @Test("after a second of waiting for its share one chunk goes on regardless, and no more")
  func longestWait() {
    // Outside of its bounds: brought into them.
    let throttle = clock.throttle(percent: -5)
    #expect(throttle.percent == 1)
    throttle.begin(bytes: 1)
    clock.pass(milliseconds: 10)
    for _ in 0..<3 {
      #expect(throttle.mustWait())
      clock.pass(milliseconds: 999)
      #expect(throttle.mustWait())
      clock.pass(milliseconds: 1)
      #expect(!throttle.mustWait())
    }
    throttle.percent = 1000
    #expect(throttle.percent == 100 && !throttle.mustWait())
  }

  @Test("T40: whatever becomes of a copy, none of its chunks counts as under way after it")
  func count() async throws {
    let throttle = CopyThrottle()
    let client = try CopyClient(chunks: 2, chunkBytes: 64 << 10, throttle: throttle)
    let (source, closed) = (Disk.filled(1024), try Disk(1024).device)
    closed.close()
    let from = Region(whole: try source.device)
    #expect(try await !client.copy(from, to: [Region(whole: closed)]).isSuccess)
    #expect(try await !client.copy(Region(whole: closed), to: [from]).isSuccess)
    let failing = try Disk(1024).device([FaultPlan.Rule(operation: .write, skip: 2, times: 30)])
    for options in [CopyOptions(), .ignoreErrors, .sequentialWrites] {
      _ = try await client.copy(from, to: [Region(whole: failing)], options)
    }
    await #expect(throws: BlockError.self) { try await client.copy(from, to: []) }
    #expect(throttle.active == 0)
    try client.close()
  }

  @Test("T39: a throttled submitter never waits, so that it may hold what the completion needs")
  func locks() throws {
    let throttle = CopyThrottle(bytesPerSecond: 1)
    let client = try CopyClient(throttle: throttle)
    let (source, target) = (try Disk.filled(64).device, try Disk(64).device)
    let ended = Box(0)
    // While `change` runs, its box is locked for everybody else.
    try ended.change { _ in
      for _ in 0..<50 {
        try client.copy(Region(whole: source), to: [Region(whole: target)]) { _ in ended.change { $0 += 1 } }
      }
    }
    throttle.bytesPerSecond = nil
    ended.wait { $0 == 50 }
    try client.close()
  }

  @Test("a throttle that two clients share holds both back, until it is set while they run")
  func shared() throws {
    let throttle = CopyThrottle(bytesPerSecond: 1)
    let (one, other) = (try CopyClient(throttle: throttle), try CopyClient(throttle: throttle))
    let (held, from, target) = (HeldDevice(Geometry(bytes: 64 * 512)), Disk.filled(64), try Disk(64).device)
    let ended = Box(0)
    try one.copy(Region(whole: held.device), to: [Region(whole: target)]) { _ in ended.change { $0 += 1 } }
    held.wait(1)
    #expect(throttle.active == 1)
    try other.copy(Region(whole: from.device), to: [Region(whole: target)]) { _ in ended.change { $0 += 1 } }
    try turn(other)
    // The first client's chunk has used up time that the second would have to wait for, for days.
    #expect(from.operands.value.isEmpty)
    throttle.bytesPerSecond = nil
    ended.wait { $0 == 1 }
    held.next().succeed()
    ended.wait { $0 == 2 }
    try one.close()
    try other.close()
    #expect(throttle.active == 0)
  }

  @Test("a copy that a throttle holds back can be cancelled")
  func cancelled() throws {
    let throttle = CopyThrottle(bytesPerSecond: 1)
    let client = try CopyClient(chunks: 1, chunkBytes: 64 << 10, throttle: throttle)
    let (ended, source, target) = (Box<CopyResult?>(nil), Disk.filled(1024), Disk(1024))
    let job = try client.copy(Region(whole: source.device), to: [Region(whole: target.device)]) { result in
      ended.change { $0 = result }
    }
    try turn(client)
    job.cancel()
    #expect(ended.waited().isCancelled && source.asked(.read).count == 1)
    try client.close()
  }
}
