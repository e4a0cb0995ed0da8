internal import DMIO
internal import DMIOCopy
internal import DMIOTestSupport
internal import Testing

/// Copies at random, with faults at random: whatever happens, maps, lists and data agree, and the copy ends.
@Suite(.timeLimit(.minutes(10))) struct ModelTests {
  @Test("maps, lists and data agree after any copy with any faults")
  func anyCopy() throws {
    var random = Seeded("any copy")
    for round in 0..<scaled(200) {
      let plan = Plan(&random)
      guard let what = try plan.carryOut() else { continue }
      Issue.record("round \(round), seed \(random.seed): \(what): \(plan)")
      return
    }
  }

  /// What one copy is made of.
  private struct Plan {
    let sectors: Int
    let lastBytes: Int
    let sourceBlock: Int
    let sourceRules: [FaultPlan.Rule]
    var targets: [Target] = []
    let chunks: Int
    let tells: Bool
    let hasGaps: Bool
    var policy = CopyPolicy()

    struct Target {
      var block: Int
      var zeros: CopyTarget.Zeros
      var done: Range<UInt64>
      var rules: [FaultPlan.Rule]
    }

    init(_ random: inout Seeded) {
      // Whole blocks of everybody but for the last one.
      sectors = 1 + random.below(1200)
      lastBytes = 1 + random.below(512)
      sourceBlock = random.once(in: 3) ? 4096 : 512
      chunks = 1 + random.below(5)
      tells = random.once(in: 2)
      hasGaps = random.once(in: 3)
      policy.verification = random.once(in: 2) ? .readback : .none
      policy.findsZeros = random.once(in: 2)
      policy.retries = (random.below(3), random.below(3))
      policy.timeout = .milliseconds(1)
      policy.isSequential = random.once(in: 5)
      policy.readErrors = random.once(in: 5) ? .stop : .zeros
      policy.writeErrors = [.stop, .drop, .drop, .ignore][random.below(4)]
      sourceRules = Self.rules(&random, sectors, [.error, .error, .hang, .short, .vanish])
      for _ in 0..<1 + random.below(4) {
        let spoils: [FaultPlan.Action] = policy.verification == .readback ? [.corrupt, .lost] : []
        let done = random.range(below: (sectors - 1) / 8)
        targets.append(
          Target(
            block: random.once(in: 3) ? 4096 : 512, zeros: [.written, .operation, .there][random.below(3)],
            done: random.once(in: 3) ? UInt64(done.lowerBound * 8)..<UInt64(done.upperBound * 8) : 0..<0,
            rules: Self.rules(&random, sectors, [.error, .error, .hang, .short, .vanish, .torn] + spoils)))
      }
    }

    private static func rules(
      _ random: inout Seeded, _ sectors: Int, _ actions: [FaultPlan.Action]
    ) -> [FaultPlan.Rule] {
      guard !random.once(in: 3) else { return [] }
      return (0..<1 + random.below(3)).map { _ in
        FaultPlan.Rule(
          operation: [nil, .read, .write, .flush, .writeZeroes][random.below(5)], start: UInt64(random.below(sectors)),
          count: UInt64(1 + random.below(20)), action: actions[random.below(actions.count)],
          errno: [.EIO, .ENOSPC, .EOPNOTSUPP][random.below(3)], skip: UInt64(random.below(4)),
          times: random.once(in: 2) ? UInt64(1 + random.below(3)) : nil)
      }.filter { rule in
        switch rule.action {
        // A flush may take as long as it does.
        case .hang: rule.operation != nil && rule.operation != .flush
        // A read that moves nothing and says that it did leaves what another read had put there, and a byte that is
        // changed when it is written and once more when it is read back is what it was: nobody can tell.
        case .lost, .corrupt: rule.operation == .write || rule.operation == .writeZeroes
        default: true
        }
      }
    }

    /// Carries it out, and says what did not agree; nil when everything did.
    func carryOut() throws -> String? {
      let capacity = (sectors + 7) / 8 * 8
      let contents = contents
      let from = Disk(capacity, contents, block: sourceBlock)
      let source = CopySource(
        device: try from.device(sourceRules), start: 0, bytes: UInt64((sectors - 1) * 512 + lastBytes))
      if hasGaps { source.content = { $0 < 300 ? (true, 300) : (false, UInt64(sectors)) } }
      let disks = targets.map { target in
        var bytes = target.zeros == .there ? [UInt8](repeating: 0, count: capacity * 512) : pattern(capacity * 512, 7)
        let done = Int(target.done.lowerBound) * 512..<Int(target.done.upperBound) * 512
        bytes.replaceSubrange(done, with: contents[done])
        return Disk(capacity, bytes, block: target.block, zeroes: target.zeros == .operation)
      }
      let copies = try zip(targets, disks).map { target, disk in
        let copy = try CopyTarget(disk.device(target.rules), sectors: sectors, target.zeros)
        copy.map.mark(target.done, .done)
        return copy
      }
      let trial = try Trial(
        source, copies, chunks: chunks, readsBack: policy.verification == .readback, tells: tells
      ) { $0 = policy }
      try trial.finish()
      return disagreement(trial, from, disks)
    }

    /// The source: a run of zeros among other bytes.
    private var contents: [UInt8] {
      let bytes = pattern((sectors + 7) / 8 * 8 * 512)
      return hasGaps ? zeroed(bytes, min(300, sectors)..<sectors) : zeroed(bytes, min(128, sectors)..<min(400, sectors))
    }

    /// What does not agree; nil when everything does.
    private func disagreement(_ trial: Trial, _ from: Disk, _ disks: [Disk]) -> String? {
      var bytes = Array(from.bytes.prefix(sectors * 512))
      let end = (sectors - 1) * 512 + lastBytes
      bytes.replaceSubrange(end..., with: [UInt8](repeating: 0, count: bytes.count - end))
      let holes = trial.source.holes.list
      if trial.source.map.count(of: .bad) != holes.reduce(0, { $0 + $1.count }) { return "holes \(holes)" }
      for hole in holes { bytes = zeroed(bytes, Int(hole.sector)..<Int(hole.end)) }
      for (index, (target, disk)) in zip(trial.targets, disks).enumerated() {
        // What was done before holds the source's bytes, whether they can still be read or not.
        var wanted = bytes
        let done = Int(targets[index].done.lowerBound) * 512..<Int(targets[index].done.upperBound) * 512
        wanted.replaceSubrange(done, with: from.bytes[done])
        if let what = disagreement(target, disk.bytes, wanted) { return "target \(index): \(what), holes \(holes)" }
      }
      return isToldRightly(trial, bytes) ? nil : "told \(trial.told.map(\.range))"
    }

    private func disagreement(_ target: CopyTarget, _ data: [UInt8], _ bytes: [UInt8]) -> String? {
      let failed = target.failed
      if !target.isSettled { return "not settled" }
      if failed.reduce(0, { $0 + $1.count }) != target.map.sectors - target.map.count(of: .done) {
        return "failed \(failed)"
      }
      for run in target.map.runs where run.status == .done {
        if failed.contains(where: { $0.sectors.overlaps(run.sectors) }) { return "done and failed \(run.sectors)" }
        for sector in Int(run.sectors.lowerBound)..<Int(run.sectors.upperBound) {
          // Behind the last byte of the copy nothing is compared.
          let place = sector * 512..<min(sector * 512 + 512, (sectors - 1) * 512 + lastBytes)
          if !(Array(data[place]) == Array(bytes[place])) {
            return
              "sector \(sector) of \(run.sectors), failed \(failed), holds \(data[place].prefix(8)), not \(bytes[place].prefix(8))"
          }
        }
      }
      return nil
    }

    /// What was told of is in order, and the bytes of the source with its holes.
    private func isToldRightly(_ trial: Trial, _ bytes: [UInt8]) -> Bool {
      var next: UInt64 = 0
      for (range, told) in trial.told {
        guard range.lowerBound >= next else { return false }
        next = range.upperBound
        let place = Int(range.lowerBound) * 512..<Int(range.lowerBound) * 512 + Int(trial.source.bytes(in: range))
        guard (told ?? [UInt8](repeating: 0, count: place.count)) == Array(bytes[place]) else { return false }
      }
      return true
    }
  }
}
