internal import ArgumentParser
internal import DMIO
internal import DMIOCopy

/// From opened operands to the receipt: what copy and write have in common.
struct Run {
  let client: BlockClient
  private let started = ContinuousClock.now

  /// Chunks in flight, and their bytes; with the client's own pages well below 64 MiB.
  static let chunks = (count: 16, bytes: 1 << 20)
  /// How long a wait lasts at most, so that signals are seen and progress shows while nothing completes.
  static let tickMilliseconds = 100

  init(_ engine: EngineChoice) throws(Refusal) {
    do throws(BlockError) { client = try Run.client(engine) } catch { throw Refusal("\(error)") }
  }

  /// A client with room for the chunks and the pieces of many targets.
  static func client(_ engine: EngineChoice) throws(BlockError) -> BlockClient {
    try BlockClient(
      pages: 256, kind: .driven, engine: engine, registeredPages: chunks.count * chunks.bytes / Limits.pageBytes)
  }

  /// Copies and settles, with a bar where it is wanted.
  func carryOut(
    _ source: Source, _ targets: [Target], progress: Bool?, fill: @escaping CopyRun.Fill
  ) throws(Refusal) {
    do throws(BlockError) {
      let count = min(
        Run.chunks.count, Int((source.copy.bytes + UInt64(Run.chunks.bytes) - 1) / UInt64(Run.chunks.bytes)))
      let reserve = try Reserve(client, chunks: max(1, count), chunkBytes: Run.chunks.bytes)
      let copy = CopyRun(reserve, source.copy, targets.map(\.copy), fill: fill)
      copy.isInterrupted = { Interrupts.areWanted }
      var bar = Progress(copy, progress)
      try drive(copy) { bar.draw() }
      copy.closeDevices()
      bar.finish()
    } catch {
      throw Refusal("\(error)")
    }
  }

  /// Moves a copy until it is over, or nothing is to be waited for any more.
  private func drive(_ copy: CopyRun, onTick: () -> Void) throws(BlockError) {
    var lastTick = ContinuousClock.now
    while !Interrupts.areUrgent {
      if Interrupts.areWanted { copy.isStopped = true }
      if copy.step() { break }
      try client.poll(waitMilliseconds: Run.tickMilliseconds)
      guard ContinuousClock.now - lastTick >= .milliseconds(Run.tickMilliseconds) else { continue }
      lastTick = .now
      copy.tick()
      onTick()
    }
  }

  /// Copies, settles, and ends the process with the receipt.
  ///
  /// - Parameter failure: Says afterwards what was wrong with the run as a whole, if anything was.
  func copy(
    _ source: Source, _ targets: [Target], _ options: ReceiptOptions,
    fill: @escaping CopyRun.Fill = { $0.read($1, $2) },
    failure: () -> Refusal? = { nil }
  ) throws(Refusal) {
    try carryOut(source, targets, progress: options.progress, fill: fill)
    let failure = failure()
    finish(receipt(source, targets), failure, options)
  }

  /// What the run did.
  func receipt(_ source: Source, _ targets: [Target]) -> Receipt {
    let milliseconds = UInt64(max(0, (ContinuousClock.now - started) / .milliseconds(1)))
    return Receipt(source, targets, engine: client.engine, milliseconds: milliseconds)
  }

  private func finish(_ receipt: Receipt, _ failure: Refusal?, _ options: ReceiptOptions) -> Never {
    Report.tellFailures(receipt)
    if let failure { Main.end(failure, json: options.json) }
    if options.json {
      StandardStreams.output(receipt.json.text + "\n")
    } else {
      Report.tellSummary(receipt)
    }
    Main.end(receipt.exit)
  }
}
