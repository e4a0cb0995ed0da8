import DMIO
import DMIOTestSupport
import Glibc
import Testing

/// Who may call what, and where: threads, callbacks and tasks.
@Suite struct OwnershipTests {
  /// Every call that would wait, with what it throws.
  private static func waitingCalls(_ client: BlockClient, _ device: BlockDevice) -> [BlockError?] {
    let bytes = [UInt8](repeating: 0, count: 512)
    var page = try? PageBuffer(pages: 1)
    let region = Region(device, start: 0, count: 1)
    var errors: [BlockError?] = []
    func note(_ body: () throws -> Void) {
      do {
        try body()
        errors.append(nil)
      } catch { errors.append(error as? BlockError) }
    }
    note { _ = try client.performBlocking(.flush, [region], .none) }
    note { _ = try client.writeBlocking([region], from: bytes.span.bytes) }
    note { _ = try client.flushBlocking([device]) }
    note { _ = try client.discardBlocking([region]) }
    note { _ = try client.writeZeroesBlocking([region]) }
    note { _ = try page?.readBlocking(region, client) }
    note { try client.poll(wait: true) }
    note { try client.poll(waitMilliseconds: 1) }
    guard client.kind == .driven else { return errors }
    note { try client.run {} }
    return errors
  }

  @Test("a call that would wait inside a callback throws .wouldDeadlock", arguments: CallbackTests.callbacks)
  func insideCallback(way: Way) throws {
    let disk = try TemporaryDisk(bytes: 1 << 16)
    for device in [try disk.open(), try BlockDevice.ram(bytes: 1 << 16)] {
      let rig = try Rig(way, pages: 1)
      let errors = Box<[BlockError?]>([])
      let pending = try rig.start(.flush, [Region(device, start: 0, count: 0)], .none) { _ in
        let found = Self.waitingCalls(rig.client, device)
        errors.change { $0 = found }
        _ = try? rig.client.poll(wait: false)
      }
      rig.wait(for: pending)
      #expect(errors.value == Array(repeating: .wouldDeadlock, count: way.kind == .driven ? 9 : 8))
      #expect(try rig.write([Region(device, start: 0, count: 1)], pattern(512)) == .success)
    }
  }

  @Test("a call that would wait inside a task on the client's thread throws .wouldDeadlock")
  func insideTask() throws {
    let device = try BlockDevice.ram(bytes: 1 << 16)
    let driven = try BlockClient(pages: 1, kind: .driven)
    #expect(try driven.run { Self.waitingCalls(driven, device) } == Array(repeating: .wouldDeadlock, count: 9))
    let shared = try BlockClient(pages: 1)
    let errors = Box<[BlockError?]?>(nil)
    Task(executorPreference: shared.executor) { errors.change { $0 = Self.waitingCalls(shared, device) } }
    errors.wait { $0 != nil }
    #expect(errors.value == Array(repeating: .wouldDeadlock, count: 8))
  }

  @Test("a callback may wait for another client") func otherClient() throws {
    let device = try BlockDevice.ram(bytes: 1 << 16)
    let other = try BlockClient(pages: 1)
    let rig = try Rig(Way(.threads, .shared, .closure))
    let inner = Box<Bool?>(nil)
    let pending = try rig.start(.flush, [Region(device, start: 0, count: 0)], .none) { _ in
      inner.change { $0 = (try? other.flushBlocking([device]))?.isSuccess }
    }
    rig.wait(for: pending)
    #expect(inner.value == true)
  }

  @Test("on another thread than its own a driven client throws .notOwner", arguments: [false, true])
  func foreignThread(isFile: Bool) throws {
    let file = try TemporaryDisk(bytes: 1 << 16)
    let device = isFile ? try file.open() : try BlockDevice.ram(bytes: 1 << 16)
    let client = try BlockClient(pages: 1, kind: .driven)
    let errors = Box<[BlockError?]>([])
    let thread = OwnThread {
      var found = Self.waitingCalls(client, device)
      do throws(BlockError) {
        try client.submit(.flush, [Region(device, start: 0, count: 0)], .none) { _ in }
        found.append(nil)
      } catch { found.append(error) }
      do throws(BlockError) { try client.reserve(pages: 1) } catch { found.append(error) }
      let submitted = found
      errors.change { $0 = submitted }
    }
    thread.join()
    #expect(errors.value == Array(repeating: .notOwner, count: 11))
    #expect(try client.poll(wait: true) == 0)
  }

  @Test("what runs on a shared client's thread is for callbacks and tasks there") func sharedOnly() throws {
    let client = try BlockClient(pages: 1)
    let device = try BlockDevice.ram(bytes: 1 << 16)
    #expect(try client.poll(wait: true) == 0)
    #expect(throws: BlockError.notOwner) { try client.run {} }
    #expect(throws: BlockError.notOwner) {
      try client.queue(.flush, [Region(device, start: 0, count: 0)].span, .none, tag: 1)
    }
    #expect(throws: BlockError.notOwner) {
      try client.submit(.flush, [Region(device, start: 0, count: 0)], .none, onThisThread: { _ in })
    }
  }

  @Test("a batch brings each tag once, whatever the order of the answers", arguments: Way.engines)
  func batch(engine: EngineChoice) throws {
    let disk = try WatchedDisk()
    let client = try BlockClient(pages: 4, kind: .driven, engine: engine)
    let tags = try client.run { () async -> [UInt] in
      var tags: [UInt] = []
      let memory = Bytes(.contiguous(shift: 0), count: 512)
      var next: UInt = 0
      while tags.count < 500 {
        while next < 500, next < UInt(tags.count) + 40 {
          try? client.queue(.write, [disk.region(Int(next), 1)].span, memory.memory, tag: next)
          next += 1
        }
        _ = try? await client.completions { tag, result in if result.isSuccess { tags.append(tag) } }
      }
      let rest = try? await client.completions { _, _ in tags.append(.max) }
      if rest != 0 { tags.append(.max) }
      return tags
    }
    #expect(tags.sorted() == Array(0..<500))
  }

  @Test("a failed flush poisons its device for everything but reads", arguments: Way.all) func poison(way: Way) throws {
    let disk = try WatchedDisk([.init(operation: .flush, errno: .ENOSPC, times: 1)])
    let rig = try Rig(way)
    #expect(try rig.write([disk.region(0, 8)], pattern(4096)) == .success)
    #expect(disk.device.failedFlush == nil)
    let flush = try rig.perform(.flush, [disk.region(0, 0), disk.region(5, 0)], .none)
    #expect(flush.bits == 0b11)
    #expect(flush.failures[0]?.errno == .ENOSPC)
    #expect(flush.failures[1]?.errno == .ENOSPC)
    #expect(disk.device.failedFlush == .ENOSPC)
    let before = disk.operands.count
    #expect(try rig.perform(.flush, [disk.region(0, 0)], .none) == .failure(0, .EIO, 0))
    #expect(try rig.write([disk.region(8, 8)], pattern(4096)) == .failure(0, .EIO, 8))
    #expect(try rig.perform(.discard, [disk.region(8, 8)], .none) == .failure(0, .EIO, 8))
    #expect(try rig.perform(.writeZeroes, [disk.region(8, 8)], .none) == .failure(0, .EIO, 8))
    #expect(disk.operands.count == before)
    let read = try rig.read(disk.region(0, 8))
    #expect(read.answer == .success)
    #expect(read.bytes == pattern(4096))
  }

  @Test("a closed device fails its regions with ENODEV, and the other regions run", arguments: Way.all)
  func closedDevice(way: Way) throws {
    let file = try TemporaryDisk(bytes: 1 << 16)
    let closed = try file.open()
    let open = try WatchedDisk()
    let rig = try Rig(way)
    #expect(try rig.write([Region(closed, start: 0, count: 8)], pattern(4096)) == .success)
    closed.close()
    closed.close()
    let regions = [Region(closed, start: 8, count: 8), open.region(0, 8)]
    #expect(try rig.write(regions, pattern(4096, 2)) == .failure(0, .ENODEV, 8))
    #expect(open.contents(0, 8) == pattern(4096, 2))
    let read = try rig.read(Region(closed, start: 0, count: 8))
    #expect(read.answer == .failure(0, .ENODEV, 0))
    #expect(read.bytes == [UInt8](repeating: 0, count: 4096))
    #expect(try rig.perform(.flush, [Region(closed, start: 0, count: 0)], .none) == .failure(0, .ENODEV, 0))
    #expect(file.contents(0, 8192) == pattern(4096) + [UInt8](repeating: 0, count: 4096))
  }

  @Test("clients that have nothing to do use no processor") func idle() async {
    await #expect(processExitsWith: .success) {
      var clients: [BlockClient] = []
      let file = try TemporaryDisk(bytes: 1 << 16)
      let device = try file.open()
      for engine in Way.engines {
        for _ in 0..<8 {
          let client = try BlockClient(pages: 4, engine: engine)
          _ = try client.flushBlocking([device])
          try client.submit(.flush, [Region(device, start: 0, count: 0)], .none) { _ in }
          try client.poll(wait: true)
          clients.append(client)
        }
      }
      let before = processorTicks()
      usleep(400_000)
      // Sixteen threads that turned in circles would have had 40 ticks each to share.
      guard clients.count == 16, processorTicks() - before <= 3 else { exit(1) }
    }
  }
}

/// The processor time of this process, in hundredths of a second.
private func processorTicks() -> Int {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 100 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
    / 10_000
}

extension PageBuffer {
  fileprivate mutating func readBlocking(_ region: Region, _ client: BlockClient) throws(BlockError) -> RegionResult {
    try client.readBlocking(region, into: &self)
  }
}
