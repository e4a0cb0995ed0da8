import DMIO
import DMIOTestSupport
import Testing

/// Requests that wait for the reservation: in which order, who leaves the line, and who may not wait at all.
@Suite struct WaitingTests {
  private static let callbacks = CallbackTests.callbacks

  /// Returns once the client's thread has taken in what was left for it before, and run the tasks that were.
  private func fence(_ client: BlockClient) throws {
    for _ in 0..<3 { _ = try client.reservedPages }
  }

  @Test("with a reservation of one, requests start in the order of submission", arguments: callbacks)
  func fifo(way: Way) throws {
    #expect(try startOrder(way, Array(repeating: [], count: 20)) == Array(0..<20))
  }

  @Test("a SYNC request goes before those that wait without it", arguments: callbacks) func syncFirst(way: Way) throws {
    #expect(try startOrder(way, [[], [], [], .sync, [], [.sync, .fua], []]) == [0, 3, 5, 1, 2, 4, 6])
  }

  /// Submits writes of sector 0, 1, … with the given flags, and returns in which order they reach the device.
  private func startOrder(_ way: Way, _ flags: [DMIO.Operation.Flags]) throws -> [UInt64] {
    let held = HeldDevice()
    let device = try held.device
    let rig = try Rig(way, pages: 1)
    let memory = Bytes(.contiguous(shift: 0), count: 512)
    let pendings = try flags.enumerated().map { index, flags in
      try rig.start(.write(flags), [Region(device, start: UInt64(index), count: 1)], memory.memory)
    }
    var order: [UInt64] = []
    for pending in flags.indices {
      held.wait(pending + 1)
      let piece = held.next()
      order.append(piece.operand.sector)
      #expect(held.count == pending + 1, "one at a time")
      piece.succeed()
      rig.wait(for: pendings[Int(order[pending])])
    }
    return order
  }

  @Test("a thread that finds the pool empty waits, and then goes on") func blockedThread() throws {
    let held = HeldDevice()
    let device = try held.device
    let rig = try Rig(Way(.threads, .shared, .closure), pages: 1)
    let first = try rig.start(.discard, [Region(device, start: 0, count: 1)], .none)
    held.wait(1)
    let answers = Box<[Answer]>([])
    let threads = (1...4).map { index in
      OwnThread {
        let result = try? rig.client.performBlocking(.discard, [Region(device, start: UInt64(index), count: 1)], .none)
        answers.change { $0.append(result.map(Answer.init) ?? Answer(bits: .max, failures: [:])) }
      }
    }
    try fence(rig.client)
    #expect(held.count == 1)
    for _ in 0..<5 { held.next().succeed() }
    for thread in threads { thread.join() }
    #expect(first.answer.value == .success)
    #expect(answers.value == Array(repeating: .success, count: 4))
  }

  /// Where a task runs.
  enum Place: CaseIterable { case onTheClient, elsewhere, alreadyCancelled, alreadyCancelledElsewhere }

  @Test("a waiting task that is cancelled throws .cancelled, and its request never runs", arguments: Place.allCases)
  func cancelWaiting(place: Place) async throws {
    let alive = Box(0)
    let client = try BlockClient(pages: 1, engine: .threads)
    let held = HeldDevice()
    let device = try held.device
    let first = Box<Answer?>(nil)
    try client.submit(.discard, [Region(device, start: 0, count: 1)], .none) { result in
      first.change { $0 = Answer(result) }
    }
    held.wait(1)
    let isCancelledFirst = place == .alreadyCancelled || place == .alreadyCancelledElsewhere
    let other = Box<BlockDevice?>(try RecordingDevice(Geometry(bytes: 1 << 20), Tracked(alive)).device)
    let body: @Sendable () async -> BlockError? = {
      if isCancelledFirst { withUnsafeCurrentTask { $0?.cancel() } }
      let region = Region(other.value!, start: 0, count: 0)
      do throws(BlockError) {
        _ = try await client.perform(.flush, region, .none)
        return nil
      } catch { return error }
    }
    let isHere = place == .onTheClient || place == .alreadyCancelled
    let task = isHere ? Task(executorPreference: client.executor, operation: body) : Task.detached(operation: body)
    try fence(client)
    task.cancel()
    #expect(await task.value == .cancelled)
    #expect(first.value == nil)
    held.next().succeed()
    first.wait { $0 != nil }
    // Another device makes the client let go of those that nobody uses any more.
    other.change { $0 = nil }
    _ = try await client.flush([.ram(bytes: 4096)])
    #expect(alive.value == 0, "the cancelled request holds its device")
    #expect(held.count == 1)
  }

  @Test(
    "a task that is cancelled in flight gets the real result, and not before it is there", arguments: [true, false])
  func cancelInFlight(onTheClient: Bool) async throws {
    let client = try BlockClient(pages: 1, engine: .threads)
    let held = HeldDevice()
    let device = try held.device
    let result = Box<Answer?>(nil)
    let body: @Sendable () async -> Void = {
      let answer = try? await client.perform(.discard, Region(device, start: 8, count: 8), .none)
      result.change { $0 = answer.map(Answer.init) }
    }
    let task = onTheClient ? Task(executorPreference: client.executor, operation: body) : Task.detached(operation: body)
    held.wait(1)
    task.cancel()
    try fence(client)
    #expect(result.value == nil)
    held.next().fail(.ENOSPC)
    await task.value
    #expect(result.value == .failure(0, .ENOSPC, 8))
  }

  @Test("of many tasks that are cancelled at random each either ran or threw") func cancelStorm() async throws {
    var generator = Seeded("cancel storm")
    let recorder = RecordingDevice(Geometry(bytes: 1 << 20), over: try BlockDevice.ram(bytes: 1 << 20))
    let device = try recorder.device
    let client = try BlockClient(pages: 1, engine: .threads)
    for _ in 0..<scaled(100) {
      recorder.operands.change { $0 = [] }
      let tasks = (0..<20).map { index in
        Task.detached { () -> Bool in
          (try? await client.perform(.flush, Region(device, start: UInt64(index), count: 0), .none)) != nil
        }
      }
      for task in tasks where generator.once(in: 2) { task.cancel() }
      var done = 0
      for task in tasks where await task.value { done += 1 }
      #expect(recorder.operands.value.count == done)
    }
  }

  @Test("a client of one page carries out 64 regions, and 8 MiB of scattered memory", arguments: Way.all)
  func onePage(way: Way) throws {
    let rig = try Rig(way, pages: 1)
    let disk = try WatchedDisk(bytes: 9 << 20)
    #expect(try rig.write((0..<64).map { disk.region($0 * 8, 8) }, pattern(4096)) == .success)
    #expect(disk.contents(63 * 8, 8) == pattern(4096))
    let bytes = pattern(8 << 20, 3)
    let memory = Bytes(.vectors([4608, 512, 8192, 1536], shift: 24), count: 8 << 20)
    memory.contents = bytes
    #expect(try rig.perform(.write, [disk.region(5, 16_384)], memory.memory) == .success)
    #expect(disk.contents(5, 16_384) == bytes)
    memory.contents = [UInt8](repeating: 0, count: 8 << 20)
    #expect(try rig.perform(.read, [disk.region(5, 16_384)], memory.memory) == .success)
    #expect(memory.contents == bytes)
    #expect(memory.isGuardIntact)
  }

  @Test("bounce pages never show what was in them before", arguments: Way.all) func noLeak(way: Way) throws {
    let secret: UInt8 = 0x5E
    for action in [FaultPlan.Action.error, .short, .vanish, .lost] {
      let disk = try WatchedDisk([.init(operation: .read, start: 13, count: 9, action: action)])
      let rig = try Rig(way, pages: 1)
      let memory = Bytes(.contiguous(shift: 8), count: 64 * 512)
      memory.contents = [UInt8](repeating: secret, count: 64 * 512)
      #expect(try rig.perform(.write, [disk.region(100, 64)], memory.memory) == .success)
      memory.contents = [UInt8](repeating: 0x11, count: 64 * 512)
      let answer = try rig.perform(.read, [disk.region(0, 64)], memory.memory)
      #expect(answer.bits == (action == .lost ? 0 : 1))
      #expect(!memory.contents.contains(secret), "\(action)")
    }
  }

  @Test("a reservation may grow and shrink under load") func resizeUnderLoad() throws {
    let client = try BlockClient(pages: 2)
    let disk = try WatchedDisk(bytes: 1 << 20)
    let failures = Box<[String]>([])
    OwnThread.run(6) { thread in
      var generator = Seeded(seed: UInt64(thread))
      let memory = Bytes(.contiguous(shift: thread.isMultiple(of: 2) ? 0 : 8), count: 32 * 512)
      for round in 0..<scaled(200) {
        do {
          if thread < 2 {
            let pages = generator.below(40)
            try client.reserve(pages: pages)
            try client.release(pages: pages)
          } else {
            let bytes = pattern(32 * 512, generator.next())
            let region = disk.region(thread * 64, 32)
            memory.contents = bytes
            guard try client.performBlocking(.write, [region, region], memory.memory).isSuccess else {
              throw BlockError.busy
            }
            memory.contents = [UInt8](repeating: 0, count: 32 * 512)
            guard try client.performBlocking(.read, [region], memory.memory).isSuccess else { throw BlockError.busy }
            guard memory.contents == bytes else { throw BlockError.closed }
          }
        } catch { failures.change { $0.append("thread \(thread), round \(round): \(error)") } }
      }
    }
    #expect(failures.value == [])
    #expect(try client.reservedPages == 2)
  }

  @Test(
    "T24: uneven get and put take the reservation to what is left, and to zero, where it still works",
    arguments: Way.all)
  func uneven(way: Way) throws {
    let rig = try Rig(way, pages: 1)
    let disk = try WatchedDisk()
    let client = rig.client
    try client.reserve(pages: 4)
    try client.reserve(pages: 2)
    #expect(try client.reservedPages == 7)
    try client.release(pages: 6)
    #expect(try client.reservedPages == 1)
    try client.reserve(pages: 4)
    try client.release(pages: 50)
    #expect(try client.reservedPages == 0)
    try client.reserve(pages: 0)
    try client.reserve(pages: 0)
    try client.release(pages: 0)
    #expect(try rig.write([disk.region(0, 8), disk.region(8, 8)], pattern(4096)) == .success)
    #expect(throws: BlockError.invalid(.reservation)) { try client.reserve(pages: Limits.reservedPages + 1) }
    try client.reserve(pages: 3)
    #expect(try client.reservedPages == 3)
  }

  @Test("what waits starts when the reservation grows", arguments: callbacks) func growth(way: Way) throws {
    let held = HeldDevice()
    let device = try held.device
    let rig = try Rig(way, pages: 1)
    let pendings = try (0..<5).map { try rig.start(.discard, [Region(device, start: UInt64($0), count: 1)], .none) }
    held.wait(1)
    try rig.client.reserve(pages: 2)
    held.wait(3)
    #expect(held.count == 3)
    for _ in 0..<5 { if way.kind == .driven { try rig.client.poll(wait: false) }; held.next().succeed() }
    for pending in pendings { rig.wait(for: pending) }
    #expect(pendings.allSatisfy { $0.answer.value == .success })
  }
}
