import DMIOTestSupport
import Glibc
import Testing

@testable import DMIO

/// What only moves bytes in memory: made by the client's thread, or by the task that asks, without handing it on.
@Suite struct PromptTests {
  private static let address = UInt(bitPattern: UnsafeMutableRawPointer.allocate(byteCount: 8192, alignment: 4096))
  private static var page: Memory { Memory(contiguous: UnsafeMutableRawPointer(bitPattern: address), byteCount: 8192) }

  /// Writes of a page each to the places 0, 1, 2… of a file.
  private func records(_ count: Int, file: Int32, inTurn: Bool) -> [Stable<PieceRecord>] {
    (0..<count).map { index in
      let record = Stable(allocating: PieceRecord(client: Stable(bits: 8), slot: Stable(bits: 8)))
      record.pointee.operation = .write
      record.pointee.file = file
      record.pointee.writesInTurn = inTurn
      record.pointee.offset = UInt64(index * 4096)
      record.pointee.length = 4096
      record.pointee.cursor = Self.page.start
      return record
    }
  }

  @Test(
    "the client's thread does the work, and others their share where there is much, each piece once",
    arguments: [true, false])
  func sharing(inTurn: Bool) throws {
    let disk = try TemporaryDisk(bytes: 1 << 20, inMemory: true)
    let file = open(disk.path, O_RDWR)
    defer { close(file) }
    let mailbox = try Mailbox()
    let pool = WorkerPool(.prompt, mailbox: mailbox)
    for round in 0..<scaled(200) {
      let records = records(64, file: file, inTurn: inTurn)
      for record in records { pool.push(record) }
      var done: Set<UInt> = []
      while done.count < records.count {
        pool.share()
        if let record = pool.carryOutHere() {
          #expect(record.pointee.result == 4096)
          #expect(done.insert(record.bits).inserted)
        }
        mailbox.takeNodes { node in
          guard case .answer(let record) = node else { return }
          #expect(record.pointee.result == 4096)
          if !done.insert(record.bits).inserted { Issue.record("answered twice, round \(round)") }
        }
      }
      #expect(pool.isEmpty)
      for record in records { record.destroy() }
    }
    pool.stop()
  }

  @Test("no worker takes a processor that is to be left to others, whatever number is asked for")
  func leavesProcessors() throws {
    let disk = try TemporaryDisk(bytes: 1 << 20, inMemory: true)
    let file = open(disk.path, O_RDWR)
    defer { close(file) }
    for others in [sysconf(Int32(_SC_NPROCESSORS_ONLN)) - 1, 1 << 20, Int.max] {
      let mailbox = try Mailbox()
      let pool = WorkerPool(.prompt, mailbox: mailbox, processorsForOthers: others)
      let records = records(64, file: file, inTurn: false)
      for record in records { pool.push(record) }
      for record in records {
        pool.share()
        #expect(pool.carryOutHere() == record)
      }
      #expect(pool.isEmpty && pool.carryOutHere() == nil)
      pool.stop()
      for record in records { record.destroy() }
    }
  }

  @Test("the next write to a file is there when the one before is over") func nextInTurn() throws {
    let disk = try TemporaryDisk(bytes: 1 << 20, inMemory: true)
    let file = open(disk.path, O_RDWR)
    defer { close(file) }
    let pool = WorkerPool(.prompt, mailbox: try Mailbox())
    let records = records(3, file: file, inTurn: true)
    for record in records { pool.push(record) }
    for record in records {
      #expect(!pool.isEmpty)
      #expect(pool.carryOutHere() == record)
    }
    #expect(pool.isEmpty)
    #expect(pool.carryOutHere() == nil)
    for record in records { record.destroy() }
  }

  @Test(
    "requests on a file in memory that outgrow the reservation end, whatever their size",
    arguments: EngineChoice.notRing)
  func outgrown(engine: EngineChoice) throws {
    let disk = try TemporaryDisk(bytes: 16 << 20, inMemory: true)
    let device = try disk.open(direct: false)
    #expect(device.fileReport?.isInMemory == true)
    let client = try BlockClient(pages: 1, kind: .driven, engine: engine)
    var buffer = try PageBuffer(pages: 2048)
    fill(&buffer, pattern(8 << 20))
    let (ended, good) = (Box(0), Box(0))
    for index in 0..<4 {
      let regions = [Region(device, start: UInt64(index * 2), count: 16_384)]
      try client.submit(.write, regions, buffer.memory) { result in
        ended.change { $0 += 1 }
        if result.isSuccess { good.change { $0 += 1 } }
      }
    }
    while ended.value < 4 { try client.poll(wait: true) }
    #expect(good.value == 4)
    #expect(disk.contents(3 * 1024, 8 << 20) == pattern(8 << 20))
    _ = consume buffer
  }

  @Test("a task that asks for bytes in memory is not suspended, until others are to have a turn")
  func withoutSuspension() throws {
    let disk = try TemporaryDisk(bytes: 1 << 20, inMemory: true)
    disk.fill(pattern(1 << 20))
    let device = try disk.open(direct: false)
    let client = try BlockClient(pages: 4, kind: .driven)
    let count = Limits.promptBytesInTurn / 4096
    try client.run {
      var buffer = try! PageBuffer(pages: 1)
      for index in 0..<count {
        let result = try? await client.read(Region(device, start: UInt64(index * 8), count: 8), into: &buffer)
        #expect(result?.isSuccess == true)
        #expect(contents(buffer, 4096) == Array(pattern(1 << 20)[index * 4096..<(index + 1) * 4096]))
      }
      #expect(client.state.pointee.delivered == 0)
      #expect(try! await client.read(Region(device, start: 0, count: 8), into: &buffer).isSuccess)
      #expect(client.state.pointee.delivered == 1)
    }
  }

  @Test("the page cache answers without a suspension, and what it does not hold comes all the same")
  func cachedReads() async throws {
    let disk = try TemporaryDisk(bytes: 1 << 20)
    disk.fill(pattern(1 << 20))
    let device = try disk.open(direct: false)
    let client = try BlockClient(pages: 4)
    var buffer = try PageBuffer(pages: 1)
    // What is not cached any more: a hint only, so that the test shows the right bytes and no more.
    let file = Glibc.open(disk.path, O_RDWR)
    fsync(file)
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
    close(file)
    for index in (0..<256).reversed() {
      #expect(try await client.read(Region(device, start: UInt64(index * 8), count: 8), into: &buffer).isSuccess)
      #expect(contents(buffer, 4096) == Array(pattern(1 << 20)[index * 4096..<(index + 1) * 4096]))
    }
    guard device.fileReport?.nowaitError == nil else { return }
    device.cachedReadsToSkip.store(0, ordering: .relaxed)
    client.close()
    let other = try BlockClient(pages: 4)
    #expect(try await other.read(Region(device, start: 8, count: 8), into: &buffer).isSuccess)
    #expect(other.state.pointee.delivered == 0)
  }

  @Test("what is wrong with a request is said though it could be done at once", arguments: [true, false])
  func refusals(onTheClient: Bool) async throws {
    let (disk, shrinking) = (
      try TemporaryDisk(bytes: 1 << 16, inMemory: true), try TemporaryDisk(bytes: 8192, inMemory: true)
    )
    shrinking.fill(pattern(8192))
    let (device, cut) = (try disk.open(direct: false), try shrinking.open(direct: false))
    truncate(shrinking.path, 4096)
    let client = try BlockClient(pages: 1)
    let body: @Sendable () async throws -> Void = {
      var buffer = try PageBuffer(pages: 2)
      fill(&buffer, [UInt8](repeating: 0xEE, count: 8192))
      for (region, failure) in [
        (Region(device, start: 128, count: 8), RegionFailure(errno: .EIO, sector: 128)),
        (Region(device, start: 1 << 50, count: 8), RegionFailure(errno: .EIO, sector: 1 << 50)),
        (Region(cut, start: 0, count: 16), RegionFailure(errno: .EIO, sector: 8)),
      ] {
        #expect(try await client.read(region, into: &buffer).failure(of: 0) == failure)
      }
      #expect(contents(buffer, 8192) == Array(pattern(8192)[..<4096]) + [UInt8](repeating: 0, count: 4096))
      await #expect(throws: BlockError.invalid(.memoryTooShort)) {
        try await client.perform(.read, Region(device, start: 0, count: 17), Self.page)
      }
      device.close()
      #expect(try await client.read(Region(device, start: 0, count: 8), into: &buffer).failure(of: 0)?.errno == .ENODEV)
    }
    try await onTheClient ? Task(executorPreference: client.executor, operation: body).value : body()
    client.close()
    await #expect(throws: BlockError.closed) {
      try await client.perform(.read, Region(cut, start: 0, count: 1), Self.page)
    }
  }

  @Test(
    "a task that begins inside a callback and asks for a batch takes no answers that the callback's turn is about to give"
  )
  func batchInsideOfACallback() throws {
    let client = try BlockClient(pages: 64, kind: .driven, engine: .uring)
    let device = try BlockDevice.open("/dev/null", FileOptions(characterBytes: 1 << 20))
    let region = Region(device, start: 0, count: 8)
    let (ended, inside) = (Box(0), Box(0))
    for round in 1...40 {
      for index in 0..<32 {
        try client.submit(.write, [region], Self.page) { _ in
          ended.change { $0 += 1 }
          guard index == 3 else { return }
          Task.immediate(executorPreference: client.executor) {
            do {
              try client.queue(.write, [region].span, Self.page, tag: 1)
              let count = try await client.completions { _, _ in }
              inside.change { $0 += count }
            } catch {
              Issue.record(error)
              inside.change { $0 += 1 }
            }
          }
        }
      }
      while ended.value < 32 * round || inside.value < round { try client.poll(wait: true) }
      #expect(ended.value == 32 * round)
      #expect(inside.value == round)
    }
  }

  @Test("a list of another thread is not taken for one that stood at the same place before") func listOfAnother()
    async throws
  {
    let client = try BlockClient(pages: 4, engine: .uring)
    let disk = try TemporaryDisk(bytes: 1 << 16)
    let (device, ram) = (try disk.open(direct: false), try BlockDevice.ram(bytes: 1 << 16))
    // Answered by the system call that submits it: what its callback asks for is not followed by another one.
    let null = try BlockDevice.open("/dev/null", FileOptions(characterBytes: 1 << 20))
    let pages = (0..<2).map { number in
      let page = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 4096)
      page.initializeMemory(as: UInt8.self, repeating: UInt8(number + 1), count: 4096)
      return page
    }
    let node = UnsafeMutablePointer<PageNode>.allocate(capacity: 1)
    defer {
      node.deallocate()
      for page in pages { page.deallocate() }
    }
    for round in 0..<20 {
      node.initialize(to: PageNode(page: pages[0], next: nil))
      let ended = Box(false)
      nonisolated(unsafe) let list = Memory(pages: node, offset: 0)
      try client.submit(.write, [Region(null, start: 8, count: 8)], Self.page) { _ in
        try? client.submit(.write, [Region(ram, start: 0, count: 8)], list) { _ in ended.change { $0 = true } }
      }
      ended.wait { $0 }
      node.initialize(to: PageNode(page: pages[1], next: nil))
      #expect(try await client.perform(.write, Region(device, start: 0, count: 8), list).isSuccess)
      #expect(disk.contents(0, 1) == [2], "round \(round)")
    }
  }
}

extension EngineChoice {
  /// The engines that give a file in memory to the client's own thread.
  static let notRing: [EngineChoice] = [.auto, .threads]
}
