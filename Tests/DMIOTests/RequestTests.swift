import DMIO
import DMIOTestSupport
import Testing

/// What one request does to its regions: T3 to T7, T10 to T18, T23 and T27 of the kernel's history.
@Suite struct RequestTests {
  private func bad(_ start: UInt64, _ count: UInt64 = 1, _ kind: DMIO.Operation.Kind? = nil) -> FaultPlan.Rule {
    FaultPlan.Rule(operation: kind, start: start, count: count)
  }

  @Test(
    "T3: 256 segments of one sector, three regions, one fails: its bit alone, and the others' data", arguments: Way.all)
  func exactlyFull(way: Way) throws {
    let disks = try (0..<3).map { try WatchedDisk($0 == 2 ? [bad(300)] : []) }
    let memory = Bytes(.vectors([512], shift: 0), count: 256 * 512)
    memory.contents = pattern(256 * 512)
    let answer = try Rig(way).perform(.write, disks.map { $0.region(100, 256) }, memory.memory)
    #expect(answer == .failure(2, .EIO, 100))
    for disk in disks.prefix(2) {
      #expect(disk.operands == [Operand(.write, 100, 256, runs: 256)])
      #expect(disk.contents(100, 256) == pattern(256 * 512))
    }
    #expect(disks[2].contents(100, 256) == [UInt8](repeating: 0, count: 256 * 512))
  }

  @Test("T4: large counts carry every byte", arguments: Way.all, [2032, 2039, 2040, 2041, 4096])
  func large(way: Way, count: Int) throws {
    try carry(way, count)
  }

  @Test("T4: 65,536 sectors carry every byte", arguments: Way.all.filter { $0.kind == .shared && $0.door == .closure })
  func largest(way: Way) throws {
    try carry(way, 65_536)
  }

  private func carry(_ way: Way, _ count: Int) throws {
    let rig = try Rig(way, pages: 2)
    let disk = try WatchedDisk(bytes: (count + 16) * 512)
    let bytes = pattern(count * 512, UInt64(count))
    for form in [Bytes.Form.contiguous(shift: 0), .pages(offset: 512)] {
      let memory = Bytes(form, count: count * 512)
      memory.contents = bytes
      #expect(try rig.perform(.write, [disk.region(8, count)], memory.memory) == .success)
      #expect(disk.contents(8, count) == bytes)
      memory.contents = [UInt8](repeating: 1, count: bytes.count)
      #expect(try rig.perform(.read, [disk.region(8, count)], memory.memory) == .success)
      #expect(memory.contents == bytes)
      #expect(memory.isGuardIntact)
    }
  }

  @Test("T5: an operation has at most 256 runs, unless the device can take more", arguments: Way.noFiles)
  func runs(way: Way) throws {
    let memory = Bytes(.pages(offset: 0), count: 600 * 4096)
    let plain = RecordingDevice(Geometry(bytes: 1 << 30))
    let wide = RecordingDevice(Geometry(bytes: 1 << 30, pieceBytes: 4 << 20, pieceRuns: 1024))
    let rig = try Rig(way)
    for pages in [1, 255, 256] {
      plain.operands.change { $0 = [] }
      _ = try rig.perform(.write, [Region(try plain.device, start: 0, count: UInt64(pages * 8))], memory.memory)
      #expect(plain.operands.value == [Operand(.write, 0, UInt64(pages * 8), runs: pages)])
    }
    plain.operands.change { $0 = [] }
    _ = try rig.perform(.write, [Region(try plain.device, start: 0, count: 4800)], memory.memory)
    #expect(plain.operands.value.map(\.runs) == [256, 256, 88])
    _ = try rig.perform(.write, [Region(try wide.device, start: 0, count: 4800)], memory.memory)
    #expect(wide.operands.value == [Operand(.write, 0, 4800, runs: 600)])
  }

  @Test("T6: of 64 regions exactly those that failed have their bits", arguments: Way.all)
  func bits(way: Way) throws {
    let bad: [UInt64] = [0, 31, 32, 63]
    let disk = try WatchedDisk(bad.map { self.bad($0 * 8 + 3) })
    let rig = try Rig(way, pages: 2)
    let memory = Bytes(.contiguous(shift: 0), count: 4096)
    memory.contents = pattern(4096)
    let answer = try rig.perform(.write, (0..<64).map { disk.region($0 * 8, 8) }, memory.memory)
    #expect(answer.bits == 0x8000_0001_8000_0001)
    #expect(answer.failures.keys.sorted() == bad.map(Int.init))
    for index in bad { #expect(answer.failures[Int(index)] == RegionFailure(errno: .EIO, sector: index * 8)) }
    for index in 0..<64 where !bad.contains(UInt64(index)) { #expect(disk.contents(index * 8, 8) == pattern(4096)) }
  }

  @Test("T7: a write of two regions may have any flags", arguments: Way.all)
  func flags(way: Way) throws {
    let flags: [DMIO.Operation.Flags] = [.sync, .fua, .preflush, [.sync, .fua, .preflush]]
    for flags in flags {
      let disks = try [WatchedDisk(), WatchedDisk()]
      #expect(try Rig(way).write(disks.map { $0.region(8, 8) }, pattern(4096), flags) == .success)
      for disk in disks {
        #expect(disk.contents(8, 8) == pattern(4096))
        let kinds: [DMIO.Operation.Kind] = flags.contains(.preflush) ? [.flush, .write] : [.write]
        #expect(disk.operands.map(\.kind) == kinds)
        #expect(disk.operands.last?.flags == flags)
      }
    }
  }

  @Test(
    "T10: a flush that the device does not know is tried once, sets its bit, and poisons nothing", arguments: Way.all)
  func unsupportedFlush(way: Way) throws {
    let rule = FaultPlan.Rule(operation: .flush, errno: .EOPNOTSUPP)
    let disks = try [WatchedDisk([rule]), WatchedDisk()]
    let rig = try Rig(way)
    #expect(try rig.perform(.flush, disks.map { $0.region(0, 0) }, .none) == .failure(0, .EOPNOTSUPP, 0))
    #expect(disks.map(\.operands.count) == [1, 1])
    #expect(try rig.write([disks[0].region(0, 8)], pattern(4096)) == .success)
  }

  @Test("T11: PREFLUSH over three empty regions is three flushes and no write", arguments: Way.all)
  func emptyFlushes(way: Way) throws {
    for failing in [nil, 0, 1, 2] {
      let disks = try (0..<3).map { try WatchedDisk($0 == failing ? [bad(0, .max, .flush)] : []) }
      let answer = try Rig(way).perform(.write(.preflush), disks.map { $0.region(0, 0) }, .none)
      let expected = failing.map { Answer.failure($0, .EIO, 0) } ?? Answer.success
      #expect(answer == expected)
      #expect(disks.map { $0.operands.map(\.kind) } == [[.flush], [.flush], [.flush]])
    }
  }

  @Test("T11: PREFLUSH over counts 0, 8, 0 is three flushes and one write, which comes last", arguments: Way.all)
  func flushesAndWrite(way: Way) throws {
    let disks = try (0..<3).map { _ in try WatchedDisk() }
    let regions = zip(disks, [0, 8, 0]).map { $0.region(0, $1) }
    #expect(try Rig(way).write(regions, pattern(4096), .preflush) == .success)
    #expect(disks.map { $0.operands.map(\.kind) } == [[.flush], [.flush, .write], [.flush]])
    #expect(disks[1].contents(0, 8) == pattern(4096))
  }

  @Test("T11: a preflush that fails keeps its device's data back, on every region of that device", arguments: Way.all)
  func failedPreflush(way: Way) throws {
    let bad = try WatchedDisk([bad(0, .max, .flush)])
    let good = try WatchedDisk()
    let rig = try Rig(way)
    let answer = try rig.write([bad.region(8, 8), good.region(0, 8), bad.region(16, 8)], pattern(4096), .preflush)
    #expect(answer.bits == 0b101)
    #expect(answer.failures[0] == RegionFailure(errno: .EIO, sector: 8))
    #expect(answer.failures[2] == RegionFailure(errno: .EIO, sector: 16))
    #expect(bad.operands.map(\.kind) == [.flush])
    #expect(good.operands.map(\.kind) == [.flush, .write])
    let memory = Bytes(.contiguous(shift: 0), count: 4096)
    memory.contents = pattern(4096)
    let read = try rig.perform(Operation(.read, .preflush), [bad.region(8, 8)], memory.memory)
    #expect(read == .failure(0, .EIO, 8))
    #expect(memory.contents == [UInt8](repeating: 0, count: 4096), "what was not read is zero")
  }

  @Test("T12: zero counts and zero regions succeed without an operation", arguments: Way.all)
  func zeroCounts(way: Way) throws {
    let disk = try WatchedDisk()
    let rig = try Rig(way)
    for kind in [DMIO.Operation.Kind.read, .write, .discard, .writeZeroes] {
      #expect(try rig.perform(Operation(kind), [], .none) == .success)
      #expect(try rig.perform(Operation(kind), [disk.region(5, 0)], .none) == .success)
      guard kind != .read else { continue }
      #expect(try rig.perform(Operation(kind), (0..<3).map { disk.region($0, 0) }, .none) == .success)
    }
    #expect(try rig.perform(.flush, [], .none) == .success)
    #expect(disk.operands.isEmpty)
  }

  @Test("T13: a discard needs no memory", arguments: Way.all) func discard(way: Way) throws {
    let disks = try (0..<3).map { _ in try WatchedDisk() }
    for disk in disks { disk.file.fill(pattern(1 << 20)) }
    #expect(try Rig(way).perform(.discard, disks.map { $0.region(80, 160) }, .none) == .success)
    for disk in disks {
      #expect(disk.contents(80, 160) == [UInt8](repeating: 0, count: 160 * 512))
      #expect(disk.contents(0, 80) == Array(pattern(1 << 20).prefix(80 * 512)))
      #expect(disk.contents(240, 80) == Array(pattern(1 << 20)[240 * 512..<320 * 512]))
    }
  }

  @Test("T14: a device that cannot discard fails its region, another cuts at its limit", arguments: Way.noFiles)
  func limits(way: Way) throws {
    for kind in [DMIO.Operation.Kind.discard, .writeZeroes] {
      let cannot = RecordingDevice(Geometry(bytes: 1 << 30))
      let can = RecordingDevice(Geometry(bytes: 1 << 30, discardSectors: 1000, writeZeroesSectors: 1000))
      let regions = [Region(try cannot.device, start: 7, count: 2500), Region(try can.device, start: 7, count: 2500)]
      #expect(try Rig(way).perform(Operation(kind), regions, .none) == .failure(0, .EOPNOTSUPP, 7))
      #expect(cannot.operands.value.isEmpty)
      let pieces: [(UInt64, UInt64)] = [(7, 1000), (1007, 1000), (2007, 500)]
      #expect(can.operands.value == pieces.map { Operand(kind, $0.0, $0.1, runs: 0) })
    }
  }

  @Test("T14: a limit that is no whole number of blocks is rounded down", arguments: Way.noFiles)
  func oddLimits(way: Way) throws {
    let device = RecordingDevice(Geometry(bytes: 1 << 30, logicalBlock: 4096, pieceBytes: 10_000, discardSectors: 1001))
    let rig = try Rig(way)
    #expect(try rig.perform(.discard, [Region(try device.device, start: 8, count: 2000)], .none) == .success)
    #expect(device.operands.value.map(\.count) == [1000, 1000])
    device.operands.change { $0 = [] }
    let memory = Bytes(.contiguous(shift: 0), count: 24 * 512)
    #expect(try rig.perform(.write, [Region(try device.device, start: 8, count: 24)], memory.memory) == .success)
    #expect(device.operands.value.map(\.count) == [16, 8])
  }

  @Test("T17: every region gets the same bytes from the start, whatever the memory", arguments: Way.all, Bytes.Form.all)
  func sameBytes(way: Way, form: Bytes.Form) throws {
    let disks = try (0..<3).map { _ in try WatchedDisk(pieceBytes: 8192) }
    let memory = Bytes(form, count: 40 * 512)
    memory.contents = pattern(40 * 512)
    let regions = zip(disks, [40, 17, 40]).map { $0.region(3, $1) }
    #expect(try Rig(way, pages: 1).perform(.write, regions, memory.memory) == .success)
    for (disk, count) in zip(disks, [40, 17, 40]) {
      #expect(disk.contents(3, count) == Array(pattern(40 * 512).prefix(count * 512)))
      #expect(disk.contents(3 + count, 8) == [UInt8](repeating: 0, count: 8 * 512))
    }
    #expect(memory.contents == pattern(40 * 512))
    #expect(memory.isGuardIntact)
  }

  @Test("T18: eight sectors that begin 512 bytes into a page are one operation of two runs", arguments: Way.all)
  func offsetMemory(way: Way) throws {
    let disk = try WatchedDisk()
    let memory = Bytes(.pages(offset: 512), count: 4096)
    memory.contents = pattern(4096)
    #expect(try Rig(way).perform(.write, [disk.region(8, 8)], memory.memory) == .success)
    #expect(disk.operands == [Operand(.write, 8, 8, runs: 2)])
    #expect(disk.contents(8, 8) == pattern(4096))
  }

  @Test("T19: an atomic write that would need two pieces is EINVAL, and nothing is written", arguments: Way.all)
  func atomic(way: Way) throws {
    let disk = try WatchedDisk()
    let memory = Bytes(.vectors([512], shift: 0), count: 257 * 512)
    memory.contents = pattern(257 * 512)
    let answer = try Rig(way).perform(.write(.atomic), [disk.region(8, 257)], memory.memory)
    #expect(answer == .failure(0, .EINVAL, 8))
    #expect(disk.operands.isEmpty)
    #expect(disk.contents(0, 512) == [UInt8](repeating: 0, count: 512 * 512))
  }

  @Test("T19: an atomic write that fits into one piece is given to the device as one", arguments: Way.noFiles)
  func atomicFits(way: Way) throws {
    let recorder = RecordingDevice(Geometry(bytes: 1 << 20))
    let memory = Bytes(.vectors([512], shift: 0), count: 256 * 512)
    #expect(
      try Rig(way).perform(.write(.atomic), [Region(try recorder.device, start: 8, count: 256)], memory.memory)
        == .success)
    #expect(recorder.operands.value == [Operand(.write, 8, 256, runs: 256, .atomic)])
  }

  @Test("T23: of a read in four pieces exactly the failed piece's memory is zero", arguments: Way.all, Bytes.Form.all)
  func zeroing(way: Way, form: Bytes.Form) throws {
    let disk = try WatchedDisk(pieceBytes: 8192, [bad(8 + 16 + 5)])
    disk.file.fill(pattern(1 << 20))
    let memory = Bytes(form, count: 64 * 512)
    memory.contents = [UInt8](repeating: 0x77, count: 64 * 512)
    let rig = try Rig(way)
    let answer = try rig.perform(.read, [disk.region(8, 64)], memory.memory)
    // A piece of bounce pages may be as long as a whole one; each piece is found by what the device was given.
    let pieces = disk.operands
    let failed = try #require(pieces.first { $0.sector <= 29 && 29 < $0.sector + $0.count })
    #expect(answer == .failure(0, .EIO, failed.sector))
    #expect(pieces.count >= 4)
    var expected = Array(pattern(1 << 20)[8 * 512..<72 * 512])
    for index in Int(failed.sector - 8) * 512..<Int(failed.sector - 8 + failed.count) * 512 { expected[index] = 0 }
    #expect(memory.contents == expected)
    #expect(memory.isGuardIntact)
  }

  @Test("T27: a piece that fails stops neither the other pieces nor the other regions", arguments: Way.all)
  func otherPieces(way: Way) throws {
    let disks = try (0..<3).map { try WatchedDisk(pieceBytes: 4096, $0 == 1 ? [bad(8 + 2 * 8 + 1)] : []) }
    let answer = try Rig(way, pages: 1).write(disks.map { $0.region(8, 64) }, pattern(64 * 512))
    #expect(answer == .failure(1, .EIO, 24))
    for (index, disk) in disks.enumerated() {
      let starts: [UInt64] = [8, 16, 24, 32, 40, 48, 56, 64]
      #expect(disk.operands.map(\.sector).sorted() == starts)
      var expected = pattern(64 * 512)
      if index == 1 { for byte in 16 * 512..<24 * 512 { expected[byte] = 0 } }
      #expect(disk.contents(8, 64) == expected)
    }
  }

  @Test("a region that does not fit its device is its own bit, and nothing of it is submitted", arguments: Way.all)
  func misfits(way: Way) throws {
    let disk = try WatchedDisk(logicalBlock: 4096)
    let rig = try Rig(way)
    let memory = Bytes(.contiguous(shift: 0), count: 4096)
    memory.contents = pattern(4096)
    let regions = [
      disk.region(1, 8), disk.region(8, 7), disk.region(2048, 8), disk.region(2040, 16), disk.region(16, 8),
    ]
    let long = Bytes(.contiguous(shift: 0), count: 8192)
    let answer = try rig.perform(.write, regions, long.memory)
    #expect(answer.bits == 0b1111)
    #expect((0..<4).map { answer.failures[$0]?.errno } == [.EINVAL, .EINVAL, .EIO, .EIO])
    #expect(disk.operands.map(\.sector) == [16])
    #expect(try rig.perform(.read, [disk.region(2048, 8)], memory.memory) == .failure(0, .EIO, 2048))
    #expect(memory.contents == [UInt8](repeating: 0, count: 4096))
  }
}
