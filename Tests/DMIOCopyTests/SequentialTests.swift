internal import DMIO
internal import DMIOCopy
internal import DMIOTestSupport
internal import Testing

/// Sequential copies: the order of the writes, and their end after a failure.
@Suite(.timeLimit(.minutes(10))) struct SequentialTests {
  @Test("T36: sequential writes are in the order of their sectors, though reads complete in reverse")
  func reversedReads() throws {
    let (source, target, held) = (Disk.filled(12 * 128), Disk(12 * 128), HeldDevice(Geometry(bytes: 12 << 16)))
    let client = try CopyClient(chunks: 4, chunkBytes: 64 << 10)
    let (ended, from) = (Box<CopyResult?>(nil), try source.device)
    try client.copy(Region(whole: held.device), to: [Region(whole: target.device)], .sequentialWrites) { result in
      ended.change { $0 = result }
    }
    for round in 1...3 {
      held.wait(4 * round)
      for piece in held.takeAll().reversed() { piece.send(to: from) }
    }
    #expect(ended.waited().isSuccess && target.bytes == source.bytes)
    #expect(target.asked(.write).map(\.sector) == (0..<12).map { UInt64($0 * 128) })
    try client.close()
  }

  @Test("T37: a sequential copy to a device that dies after a chunk completes with its bit, and ignores no error")
  func deadTarget() async throws {
    for options in [CopyOptions.sequentialWrites, [.sequentialWrites, .ignoreErrors]] {
      let (source, bad, good) = (Disk.filled(1280), Disk(1280), Disk(1280))
      let client = try CopyClient(chunks: 4, chunkBytes: 64 << 10)
      let dying = try bad.device([FaultPlan.Rule(operation: .write, action: .vanish, skip: 1)])
      let result = try await client.copy(
        Region(whole: source.device), to: [Region(whole: dying), Region(whole: good.device)], options)
      #expect(result.writeErrors == .region(0) && result.writeErrno(of: 0) == .ENODEV)
      #expect(bad.bytes == zeroed(source.bytes, 128..<1280))
      #expect(good.asked(.write).map(\.sector) == good.asked(.write).map(\.sector).sorted())
      try client.close()
    }
  }

  @Test("T37: a sequential copy to a device with a bad sector writes nothing twice, and nothing behind the failure")
  func badSector() async throws {
    for options in [CopyOptions.sequentialWrites, [.sequentialWrites, .ignoreErrors]] {
      let (source, bad, good) = (Disk.filled(1280), Disk(1280), Disk(1280))
      let client = try CopyClient(chunks: 4, chunkBytes: 64 << 10)
      let failing = try bad.device([FaultPlan.Rule(operation: .write, start: 300, count: 1)])
      let result = try await client.copy(
        Region(whole: source.device), to: [Region(whole: failing), Region(whole: good.device)], options)
      #expect(result.writeErrors == .region(0) && result.writeErrno(of: 0) == .EIO)
      #expect(result.unwritten[0].first == Extent(sector: 256, count: 128, errno: .EIO))
      #expect(bad.bytes == zeroed(source.bytes, 256..<1280))
      #expect(bad.asked(.write).allSatisfy { $0.sector < 256 })
      try client.close()
    }
  }

  @Test("T37: a sequential copy whose source fails completes, and nothing is written behind the failure")
  func deadSource() async throws {
    for bad in [UInt64(0), 300, 1279] {
      let (source, target) = (Disk.filled(1280), Disk(1280))
      let client = try CopyClient(chunks: 4, chunkBytes: 64 << 10)
      let failing = try source.device([FaultPlan.Rule(operation: .read, start: bad, count: 1)])
      let result = try await client.copy(Region(whole: failing), to: [Region(whole: target.device)], .sequentialWrites)
      #expect(result.readFailed && result.unreadable == [Extent(sector: bad, count: 1, errno: .EIO)])
      #expect(target.bytes == zeroed(source.bytes, Int(bad) / 128 * 128..<1280))
      try client.close()
    }
  }

  @Test("T37: chunks that were read behind one whose read fails later are not written, and the copy ends")
  func lateFailure() throws {
    let (source, target, held) = (Disk.filled(512), Disk(512), HeldDevice(Geometry(bytes: 512 * 512)))
    let client = try CopyClient(chunks: 4, chunkBytes: 64 << 10)
    let (ended, from) = (Box<CopyResult?>(nil), try source.device)
    try client.copy(Region(whole: held.device), to: [Region(whole: target.device)], .sequentialWrites) { result in
      ended.change { $0 = result }
    }
    held.wait(4)
    let reads = held.takeAll().sorted { $0.operand.sector < $1.operand.sector }
    for index in [3, 0, 2] { reads[index].send(to: from) }
    reads[1].fail(.ENODEV)
    let result = ended.waited()
    #expect(result.readFailed && target.bytes == zeroed(source.bytes, 128..<512))
    try client.close()
  }

  @Test("a sequential copy passes over what its map calls done")
  func partial() throws {
    let (source, target) = (Disk.filled(1000), Disk(1000))
    let trial = try Trial(CopySource(source.device), [CopyTarget(target.device)]) { $0.isSequential = true }
    for done in [UInt64(0)..<200, 400..<401, 900..<1000] { trial.targets[0].map.mark(done, .done) }
    try trial.finish()
    #expect(trial.isGood && target.bytes == zeroed(source.bytes, 0..<200, 400..<401, 900..<1000))
  }
}
