internal import DMIO
internal import DMIOCopy
internal import DMIOTestSupport
internal import Testing

/// Devices that do not answer: they are given up, with the memory that they hold, and nobody waits for them.
@Suite(.timeLimit(.minutes(10))) struct TimeoutTests {
  private static let sectors = 16 * 128
  private let sourceDisk = Disk.filled(sectors)

  @Test("a target that hangs in a write is dropped, all others complete, and the copy ends without its answer")
  func write() throws {
    let disks = disks(3, Self.sectors)
    let rule = FaultPlan.Rule(operation: .write, action: .hang, skip: 2)
    let targets = try disks.enumerated().map { try CopyTarget($1.device($0 == 1 ? [rule] : [])) }
    let trial = try Trial(CopySource(sourceDisk.device), targets) { $0.timeout = .milliseconds(1) }
    try trial.go()
    #expect(targets.map(\.isStuck) == [false, true, false] && targets.map(\.isDropped) == [false, true, false])
    #expect(targets[0].isGood && targets[2].isGood && targets.allSatisfy { $0.isSettled })
    let errors = targets[1].failures.list.map(\.errno)
    #expect(!errors.isEmpty && errors.allSatisfy { $0 == .ETIMEDOUT })
    for (target, disk) in zip(targets, disks) { check(target, disk, sourceDisk.bytes) }
    trial.end()
  }

  @Test("a read that hangs is a hole ETIMEDOUT, and the data around it is right")
  func read() throws {
    let disks = disks(2, Self.sectors)
    let rule = FaultPlan.Rule(operation: .read, start: 1000, count: 1, action: .hang)
    let source = try CopySource(sourceDisk.device([rule]))
    let trial = try Trial(source, try disks.map { try CopyTarget($0.device) }, tells: true) {
      $0.timeout = .milliseconds(1)
    }
    try trial.finish()
    #expect(source.holes.list == [Extent(sector: 896, count: 128, errno: .ETIMEDOUT)])
    for disk in disks { #expect(disk.bytes == zeroed(sourceDisk.bytes, 896..<1024)) }
    #expect(trial.isGood && trial.told.flatMap { $0.bytes ?? [] } == disks[0].bytes)
  }

  @Test("an answer that comes after all changes no data: its memory was left to it")
  func lateAnswer() throws {
    let bytes = UInt64(Self.sectors * 512)
    let (heldSource, heldTarget) = (HeldDevice(Geometry(bytes: bytes)), HeldDevice(Geometry(bytes: bytes)))
    let disk = Disk(Self.sectors)
    let (from, to) = (try sourceDisk.device, try disk.device)
    let source = try CopySource(heldSource.device)
    let trial = try Trial(source, [CopyTarget(heldTarget.device)], chunks: 2) { $0.timeout = .milliseconds(1) }
    // All but the third chunk goes through at once; that is read late, and its zeros are about to be written meanwhile.
    var (read, write): (HeldPiece?, HeldPiece?)
    func serve() -> Bool {
      let (reads, writes) = (heldSource.takeAll(), heldTarget.takeAll())
      for piece in reads { if piece.operand.sector == 256 { read = piece } else { piece.send(to: from) } }
      for piece in writes { if piece.operand.sector == 256, read != nil { write = piece } else { piece.send(to: to) } }
      return !reads.isEmpty || !writes.isEmpty
    }
    try trial.go(until: { write != nil }, serve: serve)
    read?.fill(0xEE, count: 128 * 512)
    read?.succeed()
    write?.send(to: to)
    try trial.go(serve: serve)
    #expect(source.holes.list == [Extent(sector: 256, count: 128, errno: .ETIMEDOUT)])
    #expect(trial.isGood && disk.bytes == zeroed(sourceDisk.bytes, 256..<384))
    trial.end()
  }

  @Test("a source that always hangs ends the copy when no memory is left, and what was not tried is listed so")
  func exhausted() throws {
    let (large, disk) = (Disk.filled(40 * 128), Disk(40 * 128))
    let source = try CopySource(large.device([FaultPlan.Rule(operation: .read, action: .hang)]))
    let trial = try Trial(source, [CopyTarget(disk.device)], tells: true) { $0.timeout = .milliseconds(1) }
    try trial.finish()
    check(trial.targets[0], disk, expected(source, large))
    // The spare chunks, and those of the window, one hole each.
    #expect(source.map.count(of: .bad) == UInt64((4 + Reserve.spare) * 128))
    #expect(!trial.isGood)
  }

  @Test(
    "a target that hangs when it is read back, or written again, is dropped, and the others are verified",
    arguments: [false, true])
  func readback(isRewrite: Bool) throws {
    let disks = disks(3, Self.sectors)
    let rules: [FaultPlan.Rule] =
      isRewrite
      ? [
        FaultPlan.Rule(operation: .write, start: 130, count: 1, action: .lost, times: 1),
        FaultPlan.Rule(operation: .write, start: 130, count: 1, action: .hang),
      ] : [FaultPlan.Rule(operation: .read, action: .hang, skip: 1)]
    let targets = try disks.enumerated().map { try CopyTarget($1.device($0 == 0 ? rules : [])) }
    let trial = try Trial(CopySource(sourceDisk.device), targets, readsBack: true) {
      $0.timeout = .milliseconds(1)
      $0.verification = .readback
    }
    try trial.finish()
    #expect(targets[0].isStuck && targets[1].isGood && targets[2].isGood)
    for (target, disk) in zip(targets, disks) { check(target, disk, sourceDisk.bytes) }
  }

  @Test("where targets that hang when they are read back hold all memory, the others fail, and the copy ends")
  func noReader() throws {
    let disks = disks(Reserve.spare + 8, Self.sectors)
    let targets = try disks.enumerated().map { index, disk in
      try CopyTarget(disk.device(index == 0 ? [] : [FaultPlan.Rule(operation: .read, action: .hang)]))
    }
    // The first is the last to be read back: each chunk is handed to the targets in their order.
    let trial = try Trial(CopySource(sourceDisk.device), targets.reversed(), readsBack: true) {
      $0.timeout = .milliseconds(1)
      $0.verification = .readback
    }
    try trial.finish()
    #expect(targets.count(where: \.isStuck) >= Reserve.spare && !targets[0].isStuck)
    #expect(targets[0].failures.list.allSatisfy { $0.errno == .ENOMEM } && !targets[0].failures.isEmpty)
    for (target, disk) in zip(targets, disks) { check(target, disk, sourceDisk.bytes) }
  }
}
