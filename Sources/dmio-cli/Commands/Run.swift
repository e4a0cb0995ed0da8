internal import ArgumentParser
internal import DMIO
internal import DMIOCopy

/// From opened operands to the receipt: what all copying commands have in common.
final class Run {
  let client: BlockClient
  private let window: Window
  private let started = ContinuousClock.now
  var policy = CopyPolicy()
  /// How many targets have to be good; nil: one.
  var required: Required?
  /// Mismatches are what the run looks for: a target that has some counts as looked at.
  var isComparison = false
  var throttle: CopyThrottle?
  /// Where what is known goes, if anywhere.
  var maps: Maps?
  var hashing: Hashing?
  var manifest: Manifest?
  var picture: Picture?
  /// What is read in the place of the source.
  private var substitute: (source: CopySource, target: CopyTarget, name: String)?

  /// How long a wait lasts at most, so that signals are seen and progress shows while nothing completes.
  static let tickMilliseconds = 100

  /// - Parameter isHashed: A thread makes a hash beside the copy, which takes as long as one processor needs for it.
  init(_ engine: EngineChoice, _ window: Window = .most, isHashed: Bool = false) throws(Refusal) {
    self.window = window
    do throws(BlockError) {
      client = try Run.client(engine, window, processorsForOthers: isHashed ? 1 : 0)
    } catch {
      throw Refusal("\(error)")
    }
  }

  /// A client with room for the chunks and the pieces of many targets.
  static func client(
    _ engine: EngineChoice, _ window: Window = .most, processorsForOthers: Int = 0
  ) throws(BlockError) -> BlockClient {
    try BlockClient(
      pages: 256, kind: .driven, engine: engine,
      registeredPages: window.chunks * Window.chunkBytes / Limits.pageBytes,
      processorsForOthers: processorsForOthers)
  }

  /// Copies and settles, with progress where it is wanted.
  func carryOut(
    _ source: Source, _ targets: [Target], _ options: ProgressOptions,
    fill: @escaping CopyRun.Fill = { $0.read($1, $2) }
  ) throws(Refusal) {
    do throws(BlockError) {
      let reserve = try Reserve(
        client, chunks: window.chunks, chunkBytes: Window.chunkBytes, readsBack: policy.verification != .none)
      let copy = CopyRun(
        reserve, substitute?.source ?? source.copy, targets.map(\.copy), policy, throttle: throttle, fill: fill)
      copy.isInterrupted = { Interrupts.areWanted }
      if let hashing { copy.onBytes = { hashing.take($0, $1, source.copy) } }
      var progress = Progress(copy, targets.map(\.name), options)
      picture?.begin(copy)
      try drive(copy) {
        progress.tick()
        self.maps?.tick(self.client)
        self.picture?.take(copy)
      }
      noteUnreadable()
      end(targets)
      copy.closeDevices()
      picture?.take(copy, isLast: true)
      progress.finish()
    } catch {
      throw Refusal("\(error)")
    }
  }

  /// Has a target read in the place of the source, as far as its map says that it is good. What cannot be read there is left out.
  func read(from target: Target, _ source: CopySource) {
    let copy = CopySource(device: target.copy.device, start: target.copy.start, bytes: source.bytes)
    for run in target.copy.map.runs where run.status != .done { copy.map.mark(run.sectors, .bad) }
    substitute = (copy, target.copy, target.name)
    if policy.readErrors == .zeros { policy.readErrors = .leave }
  }

  /// A target that was read in the place of the source, and could not be, is not good any more; what was not there, or hung, may be.
  private func noteUnreadable() {
    guard let (source, target, _) = substitute else { return }
    for hole in source.holes.list where hole.errno?.mayPass != true {
      target.addFailure(hole.sector - source.start..<hole.end - source.start, hole.errno ?? .EIO, by: .read)
    }
  }

  /// Nothing more is going to be answered.
  private func end(_ targets: [Target]) {
    if let maps { return maps.end() }
    for target in targets where target.copy.settling.step == .begun {
      target.copy.takeBack(except: SectorMap(sectors: target.copy.map.sectors))
    }
  }

  /// Moves a copy until it is over, or nothing is to be waited for any more.
  private func drive(_ copy: CopyRun, onTick: () -> Void) throws(BlockError) {
    let tick = Duration.milliseconds(min(Run.tickMilliseconds, maps?.milliseconds ?? .max))
    var lastTick = ContinuousClock.now
    while !Interrupts.areUrgent {
      if Interrupts.areWanted { copy.isStopped = true }
      hashing?.giveBack(to: copy)
      if copy.step() { break }
      try client.poll(waitMilliseconds: copy.mayBeKeptWaiting ? 2 : Int(tick / .milliseconds(1)))
      guard ContinuousClock.now - lastTick >= tick else { continue }
      lastTick = .now
      copy.tick()
      onTick()
    }
    try finishHash(copy, onTick)
  }

  /// Waits for the thread that makes the hash: a gap that costs the copy nothing may be terabytes of zeros for it.
  private func finishHash(_ copy: CopyRun, _ onTick: () -> Void) throws(BlockError) {
    guard let hashing else { return }
    while hashing.isBusy, !Interrupts.areWanted {
      hashing.giveBack(to: copy)
      try client.poll(waitMilliseconds: Run.tickMilliseconds)
      onTick()
    }
    if hashing.isBusy { hashing.cancel() }
  }

  /// Copies, settles, and ends the process with the receipt.
  ///
  /// - Parameter failure: Says afterwards what was wrong with the run as a whole, if anything was.
  func copy(
    _ source: Source, _ targets: [Target], _ options: ReceiptOptions,
    fill: @escaping CopyRun.Fill = { $0.read($1, $2) },
    failure: () -> Refusal? = { nil }
  ) throws(Refusal) {
    try carryOut(source, targets, options.progress, fill: fill)
    let failure = failure()
    var receipt = receipt(source, targets)
    if failure == nil {
      // What was copied is told all the same. Of a map that could not be written the reader heard at that time.
      receipt.trouble = maps?.failure
      Run.tell(manifest?.write(receipt), in: &receipt)
      // The picture shows the exit code, so that it comes last.
      Run.tell(picture?.write(receipt), in: &receipt)
    }
    finish(receipt, failure, options)
  }

  /// What the run did, once it is over. A signal that came too late to cut anything short is none.
  func receipt(_ source: Source, _ targets: [Target]) -> Receipt {
    let milliseconds = { (end: ContinuousClock.Instant) in UInt64(max(0, (end - self.started) / .milliseconds(1))) }
    let required = required?.count(of: targets.count) ?? min(1, targets.count)
    let sha256 = hashing?.text(of: source.copy)
    let isWhole = !targets.isEmpty && targets.allSatisfy(\.copy.isThrough) && hashing?.wasCancelled != true
    return Receipt(
      source, targets, engine: client.engine, milliseconds: milliseconds,
      Receipt.Terms(
        required: required, isComparison: isComparison, isInterrupted: Interrupts.areWanted && !isWhole, sha256: sha256)
    )
  }

  /// Tells what failed beside the copy, which decides how the run ends.
  private static func tell(_ trouble: Refusal?, in receipt: inout Receipt) {
    guard let trouble else { return }
    StandardStreams.message(trouble.message)
    receipt.trouble = receipt.trouble ?? trouble
  }

  private func finish(_ receipt: Receipt, _ failure: Refusal?, _ options: ReceiptOptions) -> Never {
    Report.tellFailures(receipt, hasMaps: maps != nil)
    if let substitute {
      Report.tell(substitute.source.holes.list.filter { $0.errno?.mayPass == true }, substitute.name, "read")
      if substitute.source.isGone {
        StandardStreams.message("\(substitute.name): is gone; put it back, and repeat the repair")
      }
    }
    if let failure { Main.end(failure, json: options.json) }
    if hashing != nil, manifest == nil, receipt.terms.sha256 == nil {
      StandardStreams.message("\(receipt.source.name): no hash, because not all of it was read in this run")
    }
    if options.json {
      StandardStreams.output(receipt.json.text + "\n")
    } else {
      Report.tellSummary(receipt)
    }
    Main.end(receipt.exit)
  }
}
