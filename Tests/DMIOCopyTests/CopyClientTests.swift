internal import DMIO
internal import DMIOCopy
internal import DMIOTestSupport
internal import Testing

/// What a copy client promises to who hands in a job.
@Suite(.timeLimit(.minutes(10))) struct CopyClientTests {
  private static let engines: [EngineChoice] = [.uring, .threads]

  @Test("a copy of files arrives on all targets, with either engine", arguments: engines)
  func files(engine: EngineChoice) async throws {
    let bytes = pattern(3 << 20, 5)
    let source = try TemporaryDisk(bytes: bytes.count)
    source.fill(bytes)
    let targets = try (0..<3).map { _ in try TemporaryDisk(bytes: bytes.count) }
    let client = try CopyClient(chunks: 4, chunkBytes: 128 << 10, engine: engine)
    let regions = try targets.map { Region(whole: try $0.open()) }
    let result = try await client.copy(Region(whole: source.open()), to: regions)
    #expect(result.isSuccess && result.unwritten == [[], [], []])
    for target in targets { #expect(target.contents(0, bytes.count) == bytes) }
    let zeros = try await client.zero([regions[1]])
    #expect(zeros.isSuccess)
    #expect(targets[1].contents(0, bytes.count) == [UInt8](repeating: 0, count: bytes.count))
    try client.close()
  }

  @Test("only the sectors of the regions are read and written")
  func regions() async throws {
    let (source, target) = (Disk.filled(64), Disk.filled(64, seed: 2))
    let client = try CopyClient()
    let result = try await client.copy(
      Region(source.device, start: 3, count: 11), to: [Region(target.device, start: 40, count: 11)])
    #expect(result.isSuccess)
    let before = pattern(64 * 512, 2)
    #expect(target.bytes == before[..<(40 * 512)] + source.bytes(3..<14) + before[(51 * 512)...])
    try client.close()
  }

  @Test("a region that does not consist of whole blocks is EINVAL: nothing around it may be touched")
  func blocks() throws {
    let (source, target) = (Disk.filled(64), Disk.filled(64, seed: 2, block: 4096))
    let client = try CopyClient()
    for (start, count) in [(UInt64(0), UInt64(3)), (4, 8)] {
      let error = #expect(throws: BlockError.self) {
        try client.copy(
          Region(source.device, start: 0, count: count), to: [Region(target.device, start: start, count: count)]
        ) { _ in Issue.record("a completion of what was refused") }
      }
      #expect(error?.errno == .EINVAL)
    }
    try client.close()
    #expect(target.operands.value.isEmpty)
  }

  @Test("regions whose counts differ are EINVAL, and no completion comes")
  func counts() throws {
    let (source, target) = (try Disk(64).device, try Disk(64).device)
    let client = try CopyClient()
    let refused: @Sendable (CopyResult) -> Void = { _ in Issue.record("a completion of what was refused") }
    let region = Region(target, start: 0, count: 8)
    let shorter = Region(target, start: 8, count: 7)
    #expect(throws: BlockError.self) { try client.copy(Region(whole: source), to: [region], completion: refused) }
    #expect(throws: BlockError.self) { try client.zero([region, shorter], completion: refused) }
    #expect(throws: BlockError.self) { try client.copy(region, to: [], completion: refused) }
    #expect(throws: BlockError.self) { try client.zero([], completion: refused) }
    let endless = Region(target, start: .max, count: 8)
    #expect(throws: BlockError.self) { try client.copy(region, to: [endless], completion: refused) }
    try client.close()
    let late = #expect(throws: BlockError.self) { try client.zero([region], completion: refused) }
    #expect(late?.errno == .ESHUTDOWN)
  }

  @Test("completions come on the client's thread, one after the other, never inside the call, and may hand in jobs")
  func completions() throws {
    let disk = try Disk.filled(64).device
    let client = try CopyClient()
    let region = Region(disk, start: 0, count: 8)
    let (inside, running, ended) = (Box(false), Box(0), Box(0))
    let other = try Disk(64).device
    @Sendable func completed(_ rest: Int) {
      #expect(
        !inside.value
          && running.change {
            $0 += 1; return $0
          } == 1)
      if rest > 0 {
        inside.change { $0 = true }
        #expect(throws: Never.self) {
          try client.copy(region, to: [Region(other, start: 0, count: 8)]) { _ in completed(rest - 1) }
        }
        inside.change { $0 = false }
      }
      running.change { $0 -= 1 }
      ended.change { $0 += 1 }
    }
    for _ in 0..<4 {
      try client.copy(region, to: [Region(other, start: 0, count: 8)]) { _ in completed(scaled(50)) }
    }
    ended.wait { $0 == 4 * (scaled(50) + 1) }
    try client.close()
  }

  @Test("close waits for every job, and throws in a completion")
  func close() throws {
    let held = HeldDevice(Geometry(bytes: 1 << 20))
    let client = try CopyClient()
    let (ended, thrown) = (Box(0), Box<Errno?>(nil))
    let target = try Disk(64).device
    for _ in 0..<3 {
      try client.copy(Region(held.device, start: 0, count: 8), to: [Region(target, start: 0, count: 8)]) { _ in
        do throws(BlockError) { try client.close() } catch { thrown.change { $0 = error.errno } }
        ended.change { $0 += 1 }
      }
    }
    held.wait(3)
    let isClosed = Box(false)
    let closing = OwnThread {
      #expect(throws: Never.self) { try client.close() }
      #expect(ended.value == 3)
      isClosed.change { $0 = true }
    }
    #expect(!isClosed.value)
    for piece in held.takeAll() { piece.succeed() }
    closing.join()
    #expect(thrown.value == .EDEADLK)
    // Any thread may do it again, whatever number the system gives it.
    OwnThread.run(scaled(20)) { _ in #expect(throws: Never.self) { try client.close() } }
  }

  @Test("progress only grows, and reaches all bytes")
  func progress() throws {
    let (source, target) = (Disk.filled(1024), HeldDevice(Geometry(bytes: 1024 * 512)))
    let client = try CopyClient(chunks: 2, chunkBytes: 64 << 10)
    let ended = Box<CopyResult?>(nil)
    let job = try client.copy(Region(whole: source.device), to: [Region(whole: target.device)]) { result in
      ended.change { $0 = result }
    }
    var last: UInt64 = 0
    for _ in 0..<8 {
      #expect(job.bytesDone >= last && job.bytesDone < 1024 * 512)
      last = job.bytesDone
      target.next().succeed()
    }
    #expect(ended.waited().isSuccess)
    #expect(job.bytesDone == 1024 * 512 && job.sectors == 1024)
    try client.close()
  }

  @Test("zeros are the devices' own operation only if every target has it")
  func zeroOperation() async throws {
    let client = try CopyClient(chunkBytes: 64 << 10)
    let (able, other, unable) = (Disk(512, zeroes: true), Disk(512, zeroes: true), Disk.filled(512))
    #expect(try await client.zero([Region(whole: able.device), Region(whole: other.device)]).isSuccess)
    #expect(able.operands.value.map(\.kind) == [.writeZeroes] && other.operands.value.map(\.kind) == [.writeZeroes])
    #expect(try await client.zero([Region(whole: able.device), Region(whole: unable.device)]).isSuccess)
    #expect(able.asked(.writeZeroes).count == 1 && able.asked(.write).count == 4)
    #expect(unable.bytes == [UInt8](repeating: 0, count: 512 * 512))
    try client.close()
  }

  @Test(
    "a device that refuses its own operation after all gets plain zeros", arguments: [CopyOptions(), .sequentialWrites])
  func refusedZeroes(options: CopyOptions) async throws {
    let disk = Disk(4096, pattern(4096 * 512), zeroes: true) { $0.kind == .writeZeroes ? .EOPNOTSUPP : nil }
    let client = try CopyClient(chunks: 2, chunkBytes: 64 << 10)
    let ended = Box<CopyResult?>(nil)
    let job = try client.zero([Region(whole: disk.device)], options) { result in ended.change { $0 = result } }
    #expect(ended.waited().isSuccess)
    #expect(disk.bytes == [UInt8](repeating: 0, count: 4096 * 512))
    #expect(job.bytesDone == 4096 * 512)
    try client.close()
  }
}
