internal import DMIO
internal import DMIOCopy
internal import DMIOTestSupport
internal import Testing

/// Slow targets: they keep nobody waiting, and have all their data in the end.
@Suite(.timeLimit(.minutes(10))) struct LaggardTests {
  private static let sectors = 64 * 128
  private let sourceDisk = Disk.filled(sectors)

  @Test("a target that answers nothing is left behind, the others are complete before it, and it catches up")
  func catchesUp() throws {
    let (held, slow, fast) = (
      HeldDevice(Geometry(bytes: UInt64(Self.sectors * 512))), Disk(Self.sectors), disks(2, Self.sectors)
    )
    let below = try slow.device
    let targets = [try CopyTarget(fast[0].device), try CopyTarget(held.device), try CopyTarget(fast[1].device)]
    let trial = try Trial(CopySource(sourceDisk.device), targets, tells: true) { $0.leavesLaggards = true }
    try trial.go { targets[0].isSettled && targets[2].isSettled }
    #expect(targets[1].isLeftBehind && !targets[1].isSettled && targets[1].map.count(of: .done) == 0)
    #expect(fast[0].bytes == sourceDisk.bytes && fast[1].bytes == sourceDisk.bytes)
    try trial.go {
      for piece in held.takeAll() { piece.send(to: below) }
      return false
    }
    #expect(trial.isGood && slow.bytes == sourceDisk.bytes)
    // The source was read again for it, but told of once.
    #expect(sourceDisk.asked(.read).count > 64)
    #expect(trial.told.flatMap { $0.bytes ?? [] } == sourceDisk.bytes)
    trial.end()
  }

  @Test("a laggard outlives a target that fails while it is away, and all is told of once")
  func othersFail() throws {
    let (held, slow, fast) = (
      HeldDevice(Geometry(bytes: UInt64(Self.sectors * 512))), Disk(Self.sectors), Disk(Self.sectors)
    )
    let below = try slow.device
    let failing = try fast.device([FaultPlan.Rule(operation: .write, start: 1500, count: 1)])
    let targets = [CopyTarget(failing), try CopyTarget(held.device)]
    let trial = try Trial(CopySource(sourceDisk.device), targets, tells: true) { $0.leavesLaggards = true }
    try trial.go { targets[0].isDropped }
    #expect(targets[1].isLeftBehind)
    try trial.go {
      for piece in held.takeAll() { piece.send(to: below) }
      return false
    }
    #expect(targets[1].isGood && slow.bytes == sourceDisk.bytes)
    check(targets[0], fast, sourceDisk.bytes)
    #expect(trial.told.flatMap { $0.bytes ?? [] } == sourceDisk.bytes)
    trial.end()
  }

  @Test("where all targets are slow, none is left behind")
  func allSlow() throws {
    let held = [HeldDevice(Geometry(bytes: 1 << 20)), HeldDevice(Geometry(bytes: 1 << 20))]
    let (source, below) = (Disk.filled(2048), disks(2, 2048))
    let devices = try below.map { try $0.device }
    let trial = try Trial(CopySource(source.device), held.map { try CopyTarget($0.device) }) {
      $0.leavesLaggards = true
    }
    try trial.go { held.allSatisfy { $0.count == 4 } }
    // Longer than anybody's patience; all that is looked at is the time of the requests.
    let begin = ContinuousClock.now
    try trial.go { ContinuousClock.now - begin > .milliseconds(150) }
    #expect(trial.targets.allSatisfy { !$0.isLeftBehind })
    try trial.go {
      for (device, below) in zip(held, devices) { for piece in device.takeAll() { piece.send(to: below) } }
      return false
    }
    #expect(trial.isGood && below.allSatisfy { $0.bytes == source.bytes })
    trial.end()
  }

  /// Two targets that answer when they are told to, the second one left behind after its first chunks.
  private func leaveOneBehind(chunks: Int = 4) throws -> (Trial, [HeldDevice], [Disk], serve: (Int) -> Bool) {
    let held = (0..<2).map { _ in HeldDevice(Geometry(bytes: UInt64(Self.sectors * 512))) }
    let below = disks(2, Self.sectors)
    let devices = try below.map { try $0.device }
    let serve = { (index: Int) in
      let pieces = held[index].takeAll()
      for piece in pieces { piece.send(to: devices[index]) }
      return !pieces.isEmpty
    }
    let targets = try held.map { CopyTarget(try $0.device) }
    let trial = try Trial(CopySource(sourceDisk.device), targets, chunks: chunks, tells: true) {
      $0.leavesLaggards = true
    }
    try trial.go(until: { targets[1].isLeftBehind || targets[0].isSettled }) { serve(0) }
    #expect(targets[1].isLeftBehind && !targets[0].isSettled)
    return (trial, held, below, serve)
  }

  @Test("the others go on in the moment in which one is left behind: nothing else would happen to wait for")
  func goesOnAtOnce() throws {
    let (trial, _, _, serve) = try leaveOneBehind()
    // Without another step, something more is read than the four chunks of the window.
    let hasMore = sourceDisk.asked(.read).count > 4
    #expect(try hasMore || trial.client.poll(waitMilliseconds: 10_000) > 0)
    try trial.go(serve: { serve(0) || serve(1) })
    #expect(trial.isGood)
    trial.end()
  }

  @Test("while the others write, a laggard is given what it missed, and takes part again when it has it")
  func catchesUpMeanwhile() throws {
    let (trial, _, below, serve) = try leaveOneBehind()
    let (other, laggard) = (trial.targets[0], trial.targets[1])
    var idle = 0
    try trial.go(until: { !laggard.isLeftBehind || idle > 50 }) {
      if serve(1) { idle = 0 } else { idle += 1 }
      return false
    }
    #expect(!laggard.isLeftBehind && !other.isSettled)
    #expect(laggard.map.count(of: .done) >= other.map.count(of: .done) && laggard.map.count(of: .done) > 0)
    try trial.go(serve: { serve(0) || serve(1) })
    #expect(trial.isGood && below.allSatisfy { $0.bytes == sourceDisk.bytes })
    #expect(trial.told.flatMap { $0.bytes ?? [] } == sourceDisk.bytes)
    trial.end()
  }

  @Test("a laggard that holds what it was given takes no chunk from the others, and gets no more")
  func takesNothingFromOthers() throws {
    let (trial, held, below, serve) = try leaveOneBehind()
    _ = serve(1)
    let before = held[1].count
    var idle = 0
    try trial.go(until: { held[1].count > before || idle > 50 }) {
      idle += 1
      return false
    }
    #expect(held[1].count == before + 1 && trial.targets[1].isLeftBehind)
    try trial.go(until: { trial.targets[0].inFlight >= 4 || trial.targets[0].isSettled }) { serve(0) }
    #expect(trial.targets[0].inFlight >= 4)
    try trial.go(until: { trial.targets[0].isSettled }) { serve(0) }
    #expect(held[1].count == before + 1)
    try trial.go(serve: { serve(1) })
    #expect(trial.isGood && below.allSatisfy { $0.bytes == sourceDisk.bytes })
    trial.end()
  }

  @Test("a target that is complete beforehand makes no laggards of the others: the source is read once")
  func completeBeforehand() throws {
    let held = (0..<2).map { _ in HeldDevice(Geometry(bytes: UInt64(Self.sectors * 512))) }
    let below = disks(3, Self.sectors)
    let devices = try below.map { try $0.device }
    let targets = [CopyTarget(devices[2])] + (try held.map { CopyTarget(try $0.device) })
    targets[0].map.mark(0..<UInt64(Self.sectors), .done)
    let trial = try Trial(CopySource(sourceDisk.device), targets) { $0.leavesLaggards = true }
    // Longer than anybody's patience, with all chunks taken.
    let begin = ContinuousClock.now
    try trial.go { ContinuousClock.now - begin > .milliseconds(150) }
    #expect(held.allSatisfy { $0.count == 4 } && targets.allSatisfy { !$0.isLeftBehind })
    try trial.go {
      for (device, below) in zip(held, devices) { for piece in device.takeAll() { piece.send(to: below) } }
      return false
    }
    #expect(trial.isGood && below[0].bytes == sourceDisk.bytes && below[1].bytes == sourceDisk.bytes)
    #expect(sourceDisk.asked(.read).count == Self.sectors / 128)
    trial.end()
  }

  @Test("a target that pauses again and again never takes all chunks from the others")
  func pausesAgain() throws {
    let (trial, held, below, serve) = try leaveOneBehind(chunks: 8)
    let (other, laggard) = (trial.targets[0], trial.targets[1])
    for _ in 0..<3 {
      // It catches up while the other waits, takes part again, and pauses.
      try trial.go(until: { !laggard.isLeftBehind }) { serve(1) }
      try trial.go(until: { laggard.isLeftBehind || other.isSettled }) { serve(0) }
      #expect(laggard.isLeftBehind && !other.isSettled)
      var idle = 0
      try trial.go(until: { other.inFlight >= 4 || idle > 50 }) {
        idle += 1
        return false
      }
      #expect(other.inFlight >= 4 && held[1].count > 0)
    }
    try trial.go(serve: { serve(0) || serve(1) })
    #expect(trial.isGood && below.allSatisfy { $0.bytes == sourceDisk.bytes })
    trial.end()
  }

  @Test("a target that is slow only in being read back is left behind, too, and others go on to be read")
  func slowReading() throws {
    let held = HeldDevice(Geometry(bytes: UInt64(Self.sectors * 512)))
    let below = disks(2, Self.sectors)
    let devices = try below.map { try $0.device }
    let targets = [CopyTarget(devices[0]), CopyTarget(try held.device)]
    let trial = try Trial(CopySource(sourceDisk.device), targets, readsBack: true) {
      $0.leavesLaggards = true
      $0.verification = .readback
    }
    var reads: [HeldPiece] = []
    func serve() -> Bool {
      let pieces = held.takeAll()
      for piece in pieces {
        if piece.operand.kind == .read { reads.append(piece) } else { piece.send(to: devices[1]) }
      }
      return !pieces.isEmpty
    }
    try trial.go(until: { targets[0].isSettled }, serve: serve)
    #expect(targets[1].isLeftBehind && !targets[1].isSettled && !reads.isEmpty)
    try trial.go {
      _ = serve()
      for piece in reads { piece.send(to: devices[1]) }
      reads = []
      return false
    }
    #expect(trial.isGood && below.allSatisfy { $0.bytes == sourceDisk.bytes })
    trial.end()
  }

  @Test("what is wanted anew while it waits to be told of is told of once, and nothing is left waiting")
  func toldOnce() throws {
    let clock = Box(ContinuousClock.now)
    let throttle = CopyThrottle(percent: 100, bytesPerSecond: 64 << 10) { clock.value }
    let reading = HeldDevice(Geometry(bytes: 384 * 512))
    let (source, below) = (Disk.filled(384), disks(3, 384))
    let from = try source.device
    let targets = try below.map { try CopyTarget($0.device) }
    targets[0].map.mark(0..<256, .done)
    targets[1].map.mark(0..<128, .done)
    targets[2].map.mark(0..<384, .done)
    let trial = try Trial(CopySource(reading.device), targets, chunks: 8, throttle: throttle, tells: true)
    // The second chunk is for one laggard alone, and is not read for a long time.
    #expect(!trial.run.step())
    let slow = reading.next()
    targets[2].reopen(0..<128)
    targets[2].reopen(256..<384)
    for index in [1, 2] { targets[index].isLeftBehind = true }
    // The third is written to the first target, then wanted by the other laggard, with the first one.
    let goOn = {
      clock.change { $0 += .seconds(60) }
      for piece in reading.takeAll() { piece.send(to: from) }
      return false
    }
    try trial.go(
      until: { targets[0].map.isDone && targets[2].map.isDone && reading.count == 4 }, serve: goOn)
    slow.send(to: from)
    try trial.go(serve: goOn)
    #expect(trial.isGood && trial.told.flatMap { $0.bytes ?? [] } == Array(source.bytes[(128 * 512)...]))
    #expect(below[1].bytes[(128 * 512)...] == source.bytes[(128 * 512)...])
    trial.end()
  }
}
