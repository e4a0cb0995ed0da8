/// What a fault device remembers between operations: how often each rule was met, and the random choices.
struct FaultState {
  /// How many matching operations each rule let pass, and how many it hit.
  private var met: [UInt64]
  private var hit: [UInt64]
  private var generator: UInt64
  private var hasVanished = false
  private(set) var isClosed = false
  private var letsHang = true
  private var hanging: [Stable<PieceRecord>] = []

  /// What happens to one operation.
  struct Choice {
    var delayMilliseconds: UInt64 = 0
    var verdict = Verdict.pass
  }

  /// What happens after the delay.
  enum Verdict {
    case pass
    case fail(Errno)
    case hang
    /// Spoiled by the rule of this number.
    case rule(Int)
  }

  init(_ plan: FaultPlan) {
    met = Array(repeating: 0, count: plan.rules.count)
    hit = met
    generator = plan.seed
  }

  /// Tries the rules in order: matching delays add up, the first other match decides.
  mutating func choose(_ plan: FaultPlan, _ kind: Operation.Kind, _ start: UInt64, _ count: UInt64) -> Choice {
    if hasVanished { return Choice(verdict: .fail(.ENODEV)) }
    var choice = Choice()
    var isDecided = false
    for (index, rule) in plan.rules.enumerated() where rule.action == .delay || !isDecided {
      guard rule.matches(kind, start, count), hits(rule, index) else { continue }
      if rule.action == .delay {
        choice.delayMilliseconds = choice.delayMilliseconds.saturatingAdd(rule.delayMilliseconds)
      } else {
        isDecided = true
        choice.verdict = decide(rule.action, index)
      }
    }
    return choice
  }

  private mutating func decide(_ action: FaultPlan.Action, _ index: Int) -> Verdict {
    switch action {
    case .hang: return .hang
    case .vanish:
      hasVanished = true
      return .fail(.ENODEV)
    case .error, .short, .torn, .corrupt, .lost, .delay: return .rule(index)
    }
  }

  /// True if a rule that matches also hits: `skip` matching operations pass first, then as many as `times` are hit.
  private mutating func hits(_ rule: FaultPlan.Rule, _ index: Int) -> Bool {
    guard met[index] >= rule.skip else {
      met[index] += 1
      return false
    }
    if let times = rule.times, hit[index] >= times { return false }
    if rule.probability < 1, random() >= rule.probability { return false }
    hit[index] = hit[index].saturatingAdd(1)
    return true
  }

  /// The next number of the seeded sequence, from 0 up to but not including 1 (SplitMix64).
  mutating func random() -> Double {
    generator &+= 0x9E37_79B9_7F4A_7C15
    var z = generator
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
  }

  /// Keeps a piece that hangs; false when none is to hang any more.
  mutating func keepHanging(_ record: Stable<PieceRecord>) -> Bool {
    guard letsHang else { return false }
    hanging.append(record)
    return true
  }

  /// Lets go of the pieces that hang, for good.
  mutating func takeHanging() -> [Stable<PieceRecord>] {
    defer { hanging = [] }
    letsHang = false
    return hanging
  }

  /// Notes that the device is closed.
  mutating func close() { isClosed = true }
}

extension UInt64 {
  fileprivate func saturatingAdd(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}

extension FaultPlan.Rule {
  /// True for an operation that touches one of the rule's sectors; a flush touches all of them.
  fileprivate func matches(_ kind: Operation.Kind, _ start: UInt64, _ count: UInt64) -> Bool {
    guard operation == nil || operation == kind else { return false }
    if kind == .flush { return true }
    return !sectors(within: start, count).isEmpty
  }

  /// The sectors of an operation that the rule covers.
  func sectors(within start: UInt64, _ count: UInt64) -> Range<UInt64> {
    let (sum, overflow) = self.start.addingReportingOverflow(self.count)
    let end = min(overflow ? .max : sum, start + count)
    let first = max(self.start, start)
    return first < end ? first..<end : first..<first
  }
}

extension Geometry {
  /// Has discards and write-zeroes come in parts of at most `bytes` bytes: a torn one is cut into single blocks.
  mutating func limitZeroing(to bytes: Int) {
    let sectors = UInt64(max(bytes, logicalBlock) / Limits.sectorBytes)
    discardSectors = min(discardSectors, sectors)
    writeZeroesSectors = min(writeZeroesSectors, sectors)
  }
}

extension FaultPlan.GeometryOverride {
  /// The geometry that a fault device over a device with `geometry` has.
  func applied(to geometry: Geometry) throws(BlockError) -> Geometry {
    var applied = geometry
    if let logicalBlock {
      guard logicalBlock >= Limits.sectorBytes, logicalBlock <= 65_536, logicalBlock & (logicalBlock - 1) == 0,
        logicalBlock >= geometry.logicalBlock
      else { throw .system(.EINVAL, "a logical block of \(logicalBlock) bytes over one of \(geometry.logicalBlock)") }
      applied.logicalBlock = logicalBlock
      applied.sectors -= applied.sectors % UInt64(logicalBlock / Limits.sectorBytes)
    }
    if let discard { applied.discardSectors = discard ? max(geometry.discardSectors, Self.unlimited) : 0 }
    if let writeZeroes {
      applied.writeZeroesSectors = writeZeroes ? max(geometry.writeZeroesSectors, Self.unlimited) : 0
    }
    return applied
  }

  /// What a device that pretends to support an operation takes at a time; the wrapped device may still refuse it.
  private static let unlimited = UInt64(1) << 31
}
