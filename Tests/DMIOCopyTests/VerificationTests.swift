internal import DMIO
internal import DMIOCopy
internal import DMIOTestSupport
internal import Testing

/// Reading targets back, and comparing them without writing.
@Suite(.timeLimit(.minutes(10))) struct VerificationTests {
  private static let sectors = 5 * 128 + 24
  private let sourceDisk = Disk.filled(sectors)

  private func copy(
    to disk: Disk, _ rules: [FaultPlan.Rule], _ change: (inout CopyPolicy) -> Void = { $0.verification = .readback }
  ) throws -> CopyTarget {
    let target = try CopyTarget(disk.device(rules))
    let trial = try Trial(CopySource(sourceDisk.device), [target], readsBack: true, change)
    try trial.finish()
    return target
  }

  @Test(
    "a write that is changed or lost once is found by reading back, and made good",
    arguments: [FaultPlan.Action.corrupt, .lost], [512, 4096])
  func once(action: FaultPlan.Action, block: Int) throws {
    for start in [UInt64(0), 77, 127, 128, 663] {
      let disk = disks(1, Self.sectors, block: block)[0]
      let target = try copy(
        to: disk, [FaultPlan.Rule(operation: .write, start: start, count: 1, action: action, times: 1)])
      #expect(target.isGood && target.mismatches.isEmpty && target.failed.isEmpty)
      #expect(disk.bytes == sourceDisk.bytes)
      #expect(target.bytesSettled == UInt64(Self.sectors * 512))
    }
  }

  @Test("what is changed every time is listed to the sector, and all around it is good", arguments: [512, 4096])
  func always(block: Int) throws {
    let disk = disks(1, Self.sectors, block: block)[0]
    let rules = [(77, 1), (254, 4), (663, 1)].map { start, count in
      FaultPlan.Rule(operation: .write, start: UInt64(start), count: UInt64(count), action: .corrupt)
    }
    let target = try copy(to: disk, rules)
    let bad = [77..<78, 254..<258, 663..<664].map { UInt64($0.lowerBound)..<UInt64($0.upperBound) }
    #expect(target.mismatches.map(\.sectors) == bad && target.failed.map(\.sectors) == bad)
    #expect(!target.isGood && target.failures.list.allSatisfy { $0.errno == .EBADMSG } && !target.isDropped)
    #expect(target.bytesSettled == UInt64((Self.sectors - 6) * 512))
    check(target, disk, sourceDisk.bytes)
  }

  @Test("a read back that fails is a failure of the target where it failed, and nowhere else")
  func unreadable() throws {
    let disk = Disk(Self.sectors)
    let target = try copy(to: disk, [FaultPlan.Rule(operation: .read, start: 200, count: 3)])
    #expect(target.failures.list == [Extent(sector: 200, count: 3, errno: .EIO)] && target.mismatches.isEmpty)
    #expect(target.map.count(of: .done) == UInt64(Self.sectors - 3))
  }

  @Test("comparing alone writes nothing, and lists what differs to the sector")
  func only() throws {
    let disk = Disk(Self.sectors, zeroed(sourceDisk.bytes, 3..<4, 255..<300))
    let target = try copy(to: disk, []) { $0.verification = .only }
    #expect(target.mismatches.map(\.sectors) == [3..<4, 255..<300])
    #expect(disk.asked(.write).isEmpty && disk.asked(.writeZeroes).isEmpty)
    let same = Disk.filled(Self.sectors)
    #expect(try copy(to: same, []) { $0.verification = .only }.map.isDone)
  }

  @Test("of the last sector of a source only its own bytes are compared")
  func lastSector() throws {
    var bytes = sourceDisk.bytes(0..<128)
    for index in 127 * 512 + 100..<128 * 512 { bytes[index] ^= 0xFF }
    let disk = Disk(128, bytes)
    for (count, isSame) in [(127 * 512 + 100, true), (127 * 512 + 101, false)] {
      let source = CopySource(device: try sourceDisk.device, start: 0, bytes: UInt64(count))
      let target = try CopyTarget(disk.device)
      let trial = try Trial(source, [target], readsBack: true) { $0.verification = .only }
      try trial.finish()
      #expect(target.mismatches.map(\.sectors) == (isSame ? [] : [127..<128]))
    }
  }

  @Test("holes and gaps are zeros that are read back, too")
  func zeros() throws {
    let disk = disks(1, Self.sectors)[0]
    let source = try CopySource(sourceDisk.device([FaultPlan.Rule(operation: .read, start: 10, count: 2)]))
    source.content = { $0 < 256 ? (true, 256) : (false, UInt64(Self.sectors)) }
    // What is to be there already is not: it is found, and written.
    let target = try CopyTarget(disk.device, .there)
    let trial = try Trial(source, [target], readsBack: true) { $0.verification = .readback }
    try trial.finish()
    #expect(target.isGood && disk.bytes == zeroed(sourceDisk.bytes, 10..<12, 256..<Self.sectors))
  }
}
