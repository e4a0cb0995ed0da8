internal import DMIO
internal import DMIOCopy
internal import DMIOTestSupport
internal import Testing

/// Fail the k-th operation of a copy, for every k, until k is beyond the last: maps, lists and data agree every time.
@Suite struct EveryFailureTests {
  private static let chunks = 5
  private static let sectors = 4 * 128 + 40

  /// One source and two targets, of which one device is spoiled.
  private struct Case {
    let sourceDisk = Disk.filled(sectors)
    let disks = DMIOCopyTests.disks(2, sectors)
    let trial: Trial

    /// - Parameter place: 0 for the source, then the targets.
    init(_ rule: FaultPlan.Rule, at place: Int, _ change: (inout CopyPolicy) -> Void = { _ in }) throws {
      let source = try sourceDisk.device(place == 0 ? [rule] : [])
      let targets = try disks.enumerated().map { try CopyTarget($1.device(place == $0 + 1 ? [rule] : [])) }
      trial = try Trial(CopySource(source), targets, change)
      try trial.finish()
    }

    func check(at location: SourceLocation = #_sourceLocation) {
      let expected = expected(trial.source, sourceDisk, at: location)
      for (target, disk) in zip(trial.targets, disks) { DMIOCopyTests.check(target, disk, expected, at: location) }
    }
  }

  @Test(
    "the k-th read fails: its chunk is read by parts, and what cannot be read is a hole of zeros",
    arguments: [1, 3, 99])
  func reads(times: UInt64) throws {
    for hits in 0...Self.chunks {
      let run = try Case(FaultPlan.Rule(operation: .read, skip: UInt64(hits), times: times), at: 0)
      run.check()
      #expect(run.trial.isGood)
      // One failure is made good by reading the halves; a block that fails by itself is a hole.
      if times == 1 || hits == Self.chunks { #expect(run.trial.source.holes.isEmpty) }
      if times == 99 { #expect(run.trial.source.holes.isEmpty == (hits == Self.chunks)) }
    }
  }

  @Test(
    "the k-th write of either target fails: it alone has a failure, where the data is missing", arguments: [1, 2],
    [1, 99])
  func writes(place: Int, times: UInt64) throws {
    for hits in 0...Self.chunks {
      let rule = FaultPlan.Rule(operation: .write, errno: .ENOSPC, skip: UInt64(hits), times: times)
      let run = try Case(rule, at: place)
      run.check()
      let (spoiled, other) = (run.trial.targets[place - 1], run.trial.targets[2 - place])
      #expect(other.isGood)
      #expect(spoiled.isGood == spoiled.failures.isEmpty)
      #expect(spoiled.isDropped == !spoiled.failures.isEmpty)
      #expect(spoiled.failures.list.allSatisfy { $0.errno == .ENOSPC })
      #expect(spoiled.isGood == (times == 1 || hits == Self.chunks))
    }
  }

  @Test("writes that fail are ignored where that is wanted: all other sectors arrive", arguments: [1, 2])
  func ignoredWrites(place: Int) throws {
    let bad: Range<UInt64> = 200..<203
    let rule = FaultPlan.Rule(operation: .write, start: bad.lowerBound, count: 3)
    let run = try Case(rule, at: place) { $0.writeErrors = .ignore }
    run.check()
    #expect(run.trial.targets[place - 1].failed == [Extent(sector: 200, count: 3, errno: .EIO)])
    #expect(run.trial.targets[place - 1].map.count(of: .done) == UInt64(Self.sectors) - 3)
    #expect(run.trial.targets[2 - place].isGood)
  }

  @Test("the k-th flush fails: nothing on that target is trusted any more, the other one is good", arguments: [1, 2])
  func flushes(place: Int) throws {
    let run = try Case(FaultPlan.Rule(operation: .flush), at: place)
    run.check()
    let (spoiled, other) = (run.trial.targets[place - 1], run.trial.targets[2 - place])
    #expect(!spoiled.isGood && other.isGood)
    #expect(spoiled.failed == [Extent(sector: 0, count: UInt64(Self.sectors), errno: .EIO)])
    #expect(spoiled.settling.error?.errno == .EIO)
    #expect(spoiled.settling.error?.step == "flush")
    let second = try Case(FaultPlan.Rule(operation: .flush, skip: 1), at: place)
    #expect(second.trial.isGood)
  }

  @Test("a block that fails fewer times than it is retried is good, one that fails more often is not")
  func retries() throws {
    let read = FaultPlan.Rule(operation: .read, start: 77, count: 1, times: 10)
    // A chunk of 128 sectors is halved seven times down to the block, which then fails twice more.
    let enough = try Case(read, at: 0) { $0.retries.read = 3 }
    #expect(enough.trial.source.holes.isEmpty)
    enough.check()
    let less = try Case(read, at: 0) { $0.retries.read = 2 }
    #expect(less.trial.source.holes.list == [Extent(sector: 77, count: 1, errno: .EIO)])
    less.check()
    let write = FaultPlan.Rule(operation: .write, start: 77, count: 1, times: 10)
    let written = try Case(write, at: 1) { $0.retries.write = 3 }
    #expect(written.trial.isGood)
    let failed = try Case(write, at: 1) { $0.retries.write = 2 }
    #expect(failed.trial.targets[0].failures.list == [Extent(sector: 77, count: 1, errno: .EIO)])
  }

  @Test("a device that is gone costs one operation a chunk, not one a block", arguments: [0, 1])
  func vanished(place: Int) throws {
    let run = try Case(FaultPlan.Rule(action: .vanish, skip: 1), at: place)
    run.check()
    if place == 0 {
      #expect(run.trial.source.holes.list == [Extent(sector: 128, count: UInt64(Self.sectors) - 128, errno: .ENODEV)])
      #expect(run.trial.isGood)
    } else {
      #expect(run.trial.targets[0].failures.list.allSatisfy { $0.errno == .ENODEV })
      #expect(run.trial.targets[0].map.count(of: .done) == 128)
      #expect(run.trial.targets[1].isGood)
    }
  }

  @Test("a hole is zeros on the targets, also where a read that was cut short had brought something")
  func shortRead() throws {
    let (from, to) = (Disk.filled(Self.sectors), disks(1, Self.sectors)[0])
    let source = try CopySource(
      from.device([
        FaultPlan.Rule(operation: .read, start: 5, count: 1, action: .short, times: 1),
        FaultPlan.Rule(operation: .read, errno: .ENODEV),
      ]))
    let trial = try Trial(source, [CopyTarget(to.device)])
    try trial.finish()
    #expect(source.holes.list == [Extent(sector: 0, count: UInt64(Self.sectors), errno: .ENODEV)])
    #expect(trial.isGood && to.bytes == [UInt8](repeating: 0, count: Self.sectors * 512))
  }

  @Test("reading stops a copy where that is wanted: what was begun ends, nothing else is written, all is listed")
  func stopAtRead() throws {
    let run = try Case(FaultPlan.Rule(operation: .read, start: 300, count: 1), at: 0) { $0.readErrors = .stop }
    run.check()
    #expect(run.trial.source.holes.list == [Extent(sector: 300, count: 1, errno: .EIO)])
    for target in run.trial.targets {
      #expect(target.failures.isEmpty)
      // The third chunk held the bad sector: it is nowhere.
      #expect(target.map.runs(in: 256..<384) == [SectorMap.Run(256..<384, .untried)])
    }
  }

  @Test("what cannot be read is left where that is wanted, and all around it is copied", arguments: [1, 8])
  func leaveBad(block: Int) throws {
    let (from, to) = (Disk.filled(520, block: block * 512), disks(2, 520, block: block * 512))
    let rules = [77, 300, 519].map { FaultPlan.Rule(operation: .read, start: UInt64($0), count: 1) }
    let source = CopySource(try from.device(rules))
    // Known beforehand, and not asked for.
    source.map.mark(200..<201, .bad)
    let trial = try Trial(source, to.map { try CopyTarget($0.device) }) { $0.readErrors = .leave }
    try trial.finish()
    let left = [77, 200, 300, 519].map { $0 / block * block }
    for (target, disk) in zip(trial.targets, to) {
      DMIOCopyTests.check(target, disk, from.bytes)
      #expect(
        target.failed == left.map { Extent(sector: UInt64($0), count: UInt64(block), errno: nil) }, "\(target.failed)")
    }
    #expect(source.holes.list.allSatisfy { $0.errno == .EIO } && source.holes.list.count == 3)
    #expect(!from.asked(.read).contains { $0.count == UInt64(block) && $0.sector == UInt64(200 / block * block) })
  }

  @Test("a flush that fails takes back what was written, and says nothing of the rest") func flushOfPart() throws {
    let target = try CopyTarget(Disk(100).device)
    target.addFailure(10..<12, .ENOSPC)
    target.map.mark(0..<10, .done)
    target.flushFailed(.ENODEV)
    // Every later one is refused for that.
    target.flushFailed(.EIO)
    #expect(target.settling.error?.errno == .ENODEV)
    #expect(
      target.failed == [
        Extent(sector: 0, count: 10, errno: .ENODEV), Extent(sector: 10, count: 2, errno: .ENOSPC),
        Extent(sector: 12, count: 88, errno: nil),
      ])
  }

  @Test("bad sectors that a map knows in smaller pieces than the source's block: whole blocks only are left alone")
  func mapOfSmallerBlocks() throws {
    // 8 sectors a block: one of whole blocks, one within a block that fails, one within a block that does not, and the end.
    let sectors: UInt64 = 403
    let (from, to) = (Disk.filled(408, block: 4096), Disk(408))
    let source = CopySource(
      device: try from.device([FaultPlan.Rule(operation: .read, start: 100, count: 1)]), start: 0, bytes: sectors * 512)
    for bad in [UInt64(16)..<33, 100..<101, 200..<203, 397..<403] { source.addHole(bad, .ENODATA) }
    let trial = try Trial(source, [CopyTarget(to.device, sectors: Int(sectors))])
    try trial.finish()
    #expect(from.asked(.read).allSatisfy { $0.sector % 8 == 0 && $0.count % 8 == 0 })
    #expect(!from.asked(.read).contains { ($0.sector..<$0.sector + $0.count).overlaps(16..<32) })
    #expect(
      source.holes.list == [
        Extent(sector: 16, count: 16, errno: .ENODATA), Extent(sector: 96, count: 8, errno: .EIO),
        Extent(sector: 400, count: 3, errno: .ENODATA),
      ])
    #expect(source.map.count(of: .bad) == 27)
    let expected = zeroed(from.bytes, 16..<32, 96..<104, 400..<403)
    #expect(trial.isGood && to.bytes.prefix(403 * 512) == expected.prefix(403 * 512))
  }
}
