internal import DMIO
internal import DMIOCopy
internal import DMIOTestSupport
internal import Testing

/// Zeros that are known before, or found: skipped, left to the device, or written; and the order in which bytes are told of.
@Suite(.timeLimit(.minutes(10))) struct GapTests {
  private static let sectors = 8 * 128 + 13
  /// What a sparse file would say: data up to 100, a gap up to 701, data up to 900, a gap to the end.
  private static func content(_ sector: UInt64) -> (isData: Bool, end: UInt64) {
    for (isData, end) in [(true, UInt64(100)), (false, 701), (true, 900)] where sector < end { return (isData, end) }
    return (false, UInt64(sectors))
  }
  private let bytes = zeroed(pattern(sectors * 512), 100..<701, 900..<sectors)

  private func source(_ disk: Disk) throws -> CopySource {
    let source = CopySource(device: try disk.device, start: 0, bytes: UInt64(Self.sectors * 512))
    source.content = Self.content
    return source
  }

  @Test(
    "a gap is not read; it is skipped, left to the device, or written as zeros, as each target wants",
    arguments: [512, 4096])
  func gaps(block: Int) throws {
    let from = Disk(Self.sectors, bytes)
    let capacity = (Self.sectors + 7) / 8 * 8
    let there = Disk(capacity, block: block)
    let operation = Disk(capacity, pattern(capacity * 512, 2), block: block, zeroes: true)
    let written = Disk(capacity, pattern(capacity * 512, 3), block: block)
    for disks in [[there], [operation], [written], [there, operation, written]] {
      let targets = try disks.map { disk in
        try CopyTarget(
          disk.device, sectors: Self.sectors, disk === there ? .there : disk === operation ? .operation : .written)
      }
      let trial = try Trial(source(from), targets, tells: true)
      try trial.finish()
      #expect(trial.isGood)
      for disk in disks { #expect(disk.bytes(0..<Self.sectors) == bytes) }
      #expect(trial.told.flatMap { $0.bytes ?? [UInt8](repeating: 0, count: $0.range.count * 512) } == bytes)
    }
    // Edges of a gap within a block are read with their block.
    let isInGap = { (operand: Operand) in operand.sector >= 104 && operand.sector + operand.count <= 696 }
    #expect(from.operands.value.allSatisfy { !isInGap($0) } && there.operands.value.allSatisfy { !isInGap($0) })
    #expect(!operation.asked(.writeZeroes).isEmpty && written.asked(.writeZeroes).isEmpty)
  }

  @Test("runs of zeros that are read are not written where that has the same effect")
  func foundZeros() throws {
    let from = Disk(Self.sectors, bytes)
    let (there, operation) = (Disk(Self.sectors), Disk(Self.sectors, pattern(Self.sectors * 512, 2), zeroes: true))
    let targets = [
      try CopyTarget(there.device, .there), try CopyTarget(operation.device, .operation),
    ]
    let trial = try Trial(CopySource(from.device), targets, chunkBytes: 128 << 10) { $0.findsZeros = true }
    try trial.finish()
    #expect(trial.isGood && there.bytes == bytes && operation.bytes == bytes)
    let written = there.asked(.write).reduce(0) { $0 + Int($1.count) }
    #expect(written < 600 && !operation.asked(.writeZeroes).isEmpty)
    #expect(targets[0].bytesWritten == UInt64(written * 512) && targets[0].bytesSettled == UInt64(Self.sectors * 512))
  }

  @Test(
    "a gap that is longer than any memory is one operation, and where that is refused, it is written",
    arguments: [0, 1, 3])
  func refusedGap(errors: Int) throws {
    let count = 1 << 14
    let seen = Box(0)
    let disk = Disk(count, pattern(count * 512), zeroes: true) { operand in
      guard operand.kind == .writeZeroes else { return nil }
      // Errors first, so that the gap is being looked at by parts when the device refuses.
      return seen.change {
        $0 += 1; return $0
      } <= errors ? .EIO : .EOPNOTSUPP
    }
    let source = CopySource(device: nil, start: 0, bytes: UInt64(count * 512))
    source.content = { _ in (false, UInt64(count)) }
    let trial = try Trial(source, [CopyTarget(disk.device, .operation)], tells: true)
    try trial.finish()
    #expect(trial.isGood && disk.bytes == [UInt8](repeating: 0, count: count * 512))
    #expect(trial.run.bytesDone == UInt64(count * 512))
    #expect(trial.told.reduce(0) { $0 + $1.range.count } == count)
  }

  @Test("bytes are told of in their order and once, though reads complete in any")
  func order() throws {
    let (held, from, to) = (HeldDevice(Geometry(bytes: 1 << 20)), Disk.filled(2048), Disk(2048))
    let (below, source) = (try from.device, try CopySource(held.device))
    let trial = try Trial(source, [CopyTarget(to.device)], tells: true)
    try trial.go {
      for piece in held.takeAll().reversed() { piece.send(to: below) }
      return false
    }
    #expect(trial.isGood && to.bytes == from.bytes && trial.told.flatMap { $0.bytes ?? [] } == from.bytes)
    #expect(trial.told.map(\.range.lowerBound) == (0..<16).map { UInt64($0 * 128) })
    trial.end()
  }

  @Test("what a map calls done is neither read nor told of, and holds up nothing that is")
  func partial() throws {
    let (from, to) = (Disk.filled(1000), Disk(1000))
    let trial = try Trial(CopySource(from.device), [CopyTarget(to.device)], tells: true)
    for done in [UInt64(0)..<200, 400..<401, 900..<1000] { trial.targets[0].map.mark(done, .done) }
    try trial.finish()
    #expect(trial.isGood && to.bytes == zeroed(from.bytes, 0..<200, 400..<401, 900..<1000))
    #expect(trial.told.flatMap { $0.bytes ?? [] } == from.bytes(200..<400) + from.bytes(401..<900))
  }

  @Test("a copy that a read error stops ends, though bytes behind the error wait to be told of")
  func stopped() throws {
    for bad in [UInt64(0), 300, 900] {
      let (from, to) = (Disk.filled(1000), Disk(1000))
      let source = try CopySource(from.device([FaultPlan.Rule(operation: .read, start: bad, count: 1)]))
      let trial = try Trial(source, [CopyTarget(to.device)], tells: true) { $0.readErrors = .stop }
      try trial.finish()
      check(trial.targets[0], to, expected(source, from))
      #expect(trial.told.allSatisfy { !$0.range.contains(bad) })
    }
  }
}
