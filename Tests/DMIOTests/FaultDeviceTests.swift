import DMIO
import DMIOTestSupport
import Testing

/// What each action of a fault plan does to an operation.
@Suite struct FaultDeviceTests {
  private static let ways = Way.all.filter { $0.door == .blocking || $0.door == .closure }

  private func disk(_ rules: FaultPlan.Rule...) throws -> WatchedDisk {
    let disk = try WatchedDisk(rules)
    disk.file.fill(pattern(64 * 512))
    return disk
  }

  private func differing(_ left: [UInt8], _ right: [UInt8]) -> [Int] { left.indices.filter { left[$0] != right[$0] } }

  @Test("delay: the operation goes on after its time; matching delays add up", arguments: ways)
  func delay(way: Way) throws {
    let disk = try disk(
      .init(operation: .write, action: .delay, delayMilliseconds: 15),
      .init(operation: .write, action: .delay, delayMilliseconds: 15), .init(start: 20, count: 1, errno: .ENOSPC))
    let rig = try Rig(way)
    let clock = ContinuousClock()
    var answer: Answer?
    let time = try clock.measure { answer = try rig.write([disk.region(8, 8)], pattern(4096, 2)) }
    #expect(answer == .success)
    #expect(time >= .milliseconds(29))
    #expect(disk.contents(8, 8) == pattern(4096, 2))
    #expect(try rig.write([disk.region(16, 8)], pattern(4096, 2)) == .failure(0, .ENOSPC, 16))
  }

  @Test("a delayed operation lets others pass", arguments: ways.filter { $0.door == .closure })
  func delayOvertaken(way: Way) throws {
    let disk = try disk(.init(start: 8, count: 1, action: .delay, delayMilliseconds: 300))
    let rig = try Rig(way)
    let memory = Bytes(.contiguous(shift: 0), count: 512)
    let order = Box<[String]>([])
    let slow = try rig.start(.write, [disk.region(8, 1)], memory.memory) { _ in order.change { $0.append("slow") } }
    let quick = try rig.start(.write, [disk.region(9, 1)], memory.memory) { _ in order.change { $0.append("quick") } }
    rig.wait(for: quick)
    rig.wait(for: slow)
    #expect(order.value == ["quick", "slow"])
  }

  @Test("hang: no answer until the device is closed, then ENODEV", arguments: ways.filter { $0.door == .closure })
  func hang(way: Way) throws {
    let disk = try disk(.init(operation: .read, start: 8, count: 1, action: .hang))
    let rig = try Rig(way)
    let memory = Bytes(.contiguous(shift: 0), count: 4096)
    memory.contents = pattern(4096)
    let pending = try rig.start(.read, [disk.region(8, 8)], memory.memory)
    for _ in 0..<20 { #expect(try rig.read(disk.region(16, 8)).answer == .success) }
    #expect(pending.answer.value == nil)
    disk.fault.close()
    rig.wait(for: pending)
    #expect(pending.answer.value == .failure(0, .ENODEV, 8))
    #expect(memory.contents == [UInt8](repeating: 0, count: 4096))
  }

  @Test("torn: some sectors are new, the others old, none is half, and the errno is the answer", arguments: ways)
  func torn(way: Way) throws {
    let disk = try disk(.init(operation: .write, action: .torn, errno: .ENOLINK))
    #expect(try Rig(way).write([disk.region(0, 64)], pattern(64 * 512, 2)) == .failure(0, .ENOLINK, 0))
    let (old, new, found) = (pattern(64 * 512), pattern(64 * 512, 2), disk.contents(0, 64))
    var written = 0
    for sector in 0..<64 {
      let range = sector * 512..<(sector + 1) * 512
      if found[range] == new[range] { written += 1 } else { #expect(found[range] == old[range]) }
    }
    #expect((1..<64).contains(written))
  }

  @Test(
    "corrupt: one byte of each covered sector differs, the answer is success, the caller's memory is as it was",
    arguments: ways)
  func corrupt(way: Way) throws {
    for kind in [DMIO.Operation.Kind.read, .write] {
      let disk = try disk(.init(operation: kind, start: 10, count: 3, action: .corrupt))
      let rig = try Rig(way)
      let memory = Bytes(.vectors([1536, 512], shift: 0), count: 16 * 512)
      memory.contents = pattern(16 * 512, 2)
      #expect(try rig.perform(Operation(kind), [disk.region(8, 16)], memory.memory) == .success)
      let (left, right) =
        kind == .write
        ? (disk.contents(8, 16), pattern(16 * 512, 2))
        : (memory.contents, Array(pattern(64 * 512)[8 * 512..<24 * 512]))
      #expect(differing(left, right).map { $0 / 512 } == [2, 3, 4])
      if kind == .write { #expect(memory.contents == pattern(16 * 512, 2)) }
    }
  }

  @Test("lost: success, and nothing happened", arguments: ways) func lost(way: Way) throws {
    let disk = try disk(.init(start: 8, count: 1, action: .lost))
    let rig = try Rig(way)
    #expect(try rig.write([disk.region(8, 8)], pattern(4096, 2)) == .success)
    #expect(try rig.perform(.writeZeroes, [disk.region(8, 8)], .none) == .success)
    #expect(disk.contents(8, 8) == Array(pattern(64 * 512)[4096..<8192]))
  }

  @Test("vanish: from then on everything is ENODEV", arguments: ways) func vanish(way: Way) throws {
    let disk = try disk(.init(operation: .write, action: .vanish, skip: 1, times: 1))
    let rig = try Rig(way)
    #expect(try rig.write([disk.region(0, 8)], pattern(4096, 2)) == .success)
    #expect(try rig.write([disk.region(8, 8)], pattern(4096, 2)) == .failure(0, .ENODEV, 8))
    let read = try rig.read(disk.region(0, 8))
    #expect(read.answer == .failure(0, .ENODEV, 0))
    #expect(read.bytes == [UInt8](repeating: 0, count: 4096))
    #expect(try rig.perform(.discard, [disk.region(8, 8)], .none) == .failure(0, .ENODEV, 8))
    #expect(try rig.perform(.flush, [disk.region(0, 0)], .none) == .failure(0, .ENODEV, 0))
    #expect(disk.contents(0, 8) == pattern(4096, 2))
  }

  @Test("the first match that is no delay decides; what it leaves alone the next may hit") func order() throws {
    let rig = try Rig(Way.noFiles[0])
    let disk = try disk(
      .init(start: 8, count: 1, errno: .ENOSPC, times: 1), .init(start: 8, count: 1, errno: .ENOLINK, times: 1))
    #expect(try rig.write([disk.region(8, 8)], pattern(4096)) == .failure(0, .ENOSPC, 8))
    #expect(try rig.write([disk.region(8, 8)], pattern(4096)) == .failure(0, .ENOLINK, 8))
    #expect(try rig.write([disk.region(8, 8)], pattern(4096)) == .success)
  }

  @Test("with a probability, skip counts operations that match and times those that are hit", arguments: 1...5)
  func skipAndProbability(seed: UInt64) throws {
    let rule = FaultPlan.Rule(operation: .write, skip: 3, times: 2, probability: 0.5)
    let device = try BlockDevice.fault(.ram(bytes: 1 << 20), FaultPlan(seed: seed, rules: [rule]))
    let client = try BlockClient(pages: 1)
    let bytes = [UInt8](repeating: 1, count: 512)
    var failed: [Int] = []
    for index in 0..<64 {
      let region = Region(device, start: UInt64(index), count: 1)
      if try !client.writeBlocking([region], from: bytes.span.bytes).isSuccess { failed.append(index) }
    }
    #expect(failed.count == 2 && failed.allSatisfy { $0 >= 3 })
  }

  @Test("skip lets the first pass, times bounds the hits", arguments: [(0, 2), (3, 1), (2, 4)])
  func skipAndTimes(skip: Int, times: Int) throws {
    let disk = try disk(.init(operation: .write, start: 0, count: 16, skip: UInt64(skip), times: UInt64(times)))
    let rig = try Rig(Way.noFiles[0])
    let failed = try (0..<10).filter { _ in
      // Neither counts: not the operation, not the sectors.
      _ = try rig.read(disk.region(0, 8))
      _ = try rig.write([disk.region(16, 8)], pattern(4096))
      return try rig.write([disk.region(8, 8)], pattern(4096)).bits != 0
    }
    #expect(failed == Array(skip..<skip + times))
  }

  @Test("the same seed makes the same choices, another makes others") func seeds() throws {
    func choices(_ seed: UInt64) throws -> [Bool] {
      let plan = FaultPlan(seed: seed, rules: [.init(operation: .write, probability: 0.3)])
      let device = try BlockDevice.fault(BlockDevice.ram(bytes: 1 << 16), plan)
      let rig = try Rig(Way.noFiles[0])
      return try (0..<200).map { _ in try rig.write([Region(device, start: 0, count: 1)], pattern(512)).bits != 0 }
    }
    let first = try choices(7)
    #expect(try choices(7) == first)
    #expect(try choices(8) != first)
    #expect((30...90).contains(first.count { $0 }))
    #expect(try choices(0) != first)
  }

  @Test("eight may be stacked, each with its own rules, a ninth is refused") func nesting() throws {
    var device = try BlockDevice.ram(bytes: 1 << 16)
    for level in 0..<8 {
      device = try BlockDevice.fault(device, FaultPlan(rules: [.init(start: UInt64(level * 8), count: 1)]))
    }
    let rig = try Rig(Way.noFiles[0])
    let answer = try rig.write((0..<9).map { Region(device, start: UInt64($0 * 8), count: 8) }, pattern(4096))
    #expect(answer.bits == 0xFF)
    #expect(throws: BlockError.self) { try BlockDevice.fault(device, FaultPlan()) }
  }

  @Test("a short transfer on large blocks ends at a block", arguments: ways) func shortBlocks(way: Way) throws {
    let file = try TemporaryDisk(bytes: 1 << 16)
    let ram = try BlockDevice.ram(bytes: 1 << 16, logicalBlock: 4096)
    for inner in [try file.open(), ram] {
      let device = try BlockDevice.fault(
        inner, FaultPlan(geometry: .init(logicalBlock: 4096), rules: [.init(start: 13, count: 1, action: .short)]))
      let answer = try Rig(way).write([Region(device, start: 0, count: 32)], pattern(16_384))
      #expect(answer == .failure(0, .EIO, 8))
    }
  }
}
