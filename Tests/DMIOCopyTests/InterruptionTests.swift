internal import DMIO
internal import DMIOCopy
internal import DMIOTestSupport
internal import Testing

/// A copy that is to end while it looks for the bad sectors of a range that failed: what it does not find out stays open.
@Suite struct InterruptionTests {
  private static let sectors = 4 * 128 + 40
  private static let bad: Range<UInt64> = 77..<80

  /// What fails, and on which device: 0 for the source, then the targets.
  enum Fault: CaseIterable {
    case read, write, readBack

    var kind: DMIO.Operation.Kind { self == .write ? .write : .read }
    var place: Int { self == .read ? 0 : 1 }

    func disk(_ disk: Int, _ bytes: [UInt8]) -> Disk {
      Disk(sectors, bytes) { [self] in
        disk == place && $0.kind == kind && bad.overlaps($0.sector..<$0.sector + $0.count) ? .EIO : nil
      }
    }
  }

  /// The devices of a copy, and how often they were asked.
  private struct Setting {
    let disks: [Disk]
    let fault: Fault

    init(_ fault: Fault) {
      self.fault = fault
      disks = (0..<3).map { fault.disk($0, pattern(sectors * 512, UInt64($0) + 1)) }
    }

    var asked: Int { disks.reduce(0) { $0 + $1.operands.value.count } }

    func trial() throws -> Trial {
      try Trial(
        CopySource(disks[0].device), disks.dropFirst().map { try CopyTarget($0.device) },
        readsBack: fault == .readBack
      ) {
        $0.writeErrors = .ignore
        if fault == .readBack { $0.verification = .readback }
      }
    }

    /// Everything agrees, and nothing is called bad that is not.
    func check(_ trial: Trial) {
      let expected = expected(trial.source, disks[0])
      for (target, disk) in zip(trial.targets, disks.dropFirst()) { DMIOCopyTests.check(target, disk, expected) }
      let (holes, failures) = (trial.source.holes.list, trial.targets.map(\.failures.list))
      for extent in holes + failures.flatMap({ $0 }) { #expect(bad.contains(extent.sectors), "\(extent)") }
      #expect((fault == .read || holes.isEmpty) && (fault != .read || failures.allSatisfy(\.isEmpty)))
    }
  }

  @Test(
    "whenever a copy is interrupted, no good sector is called bad, and another run does the rest",
    arguments: Fault.allCases)
  func interrupted(_ fault: Fault) throws {
    var operations = 0
    var wasCut = true
    while wasCut {
      operations += 1
      let setting = Setting(fault)
      let first = try setting.trial()
      wasCut = false
      first.run.isInterrupted = { setting.asked >= operations }
      try first.go(until: {
        if setting.asked >= operations { (first.run.isStopped, wasCut) = (true, true) }
        return false
      })
      setting.check(first)
      let second = try setting.trial()
      goOn(from: first, with: second)
      try second.finish()
      setting.check(second)
      first.end()
      let found = fault == .read ? second.source.holes.list : second.targets[0].failures.list
      #expect(found == [Extent(sector: 77, count: 3, errno: .EIO)], "after \(operations) operations: \(found)")
      #expect(second.targets.allSatisfy { $0.map.first(from: 0, where: \.isOpen) == nil })
    }
    #expect(operations > 30, "narrowing was met")
  }

  /// Hands on what a run knows, as maps do.
  private func goOn(from first: Trial, with second: Trial) {
    second.source.map = first.source.map
    for hole in first.source.holes.list { second.source.addHole(hole.sectors, hole.errno ?? .EIO) }
    for (old, new) in zip(first.targets, second.targets) {
      new.map = old.map
      for extent in old.failures.list { new.addFailure(extent.sectors, extent.errno ?? .EIO) }
    }
  }
}

extension Range<UInt64> {
  fileprivate func contains(_ other: Range<UInt64>) -> Bool { clamped(to: other) == other }
}
