internal import ArgumentParser
internal import DMIO

/// From opened operands to the receipt: what copy and write have in common.
struct Run {
  let client: BlockClient
  private let started = ContinuousClock.now

  init(_ engine: EngineChoice) throws(Refusal) {
    do throws(BlockError) { client = try Run.client(engine) } catch { throw Refusal("\(error)") }
  }

  /// A client with room for the chunks and the pieces of many targets.
  static func client(_ engine: EngineChoice) throws(BlockError) -> BlockClient {
    try BlockClient(pages: 256, kind: .driven, engine: engine, registeredPages: Chunk.pages)
  }

  /// Copies and settles, with a bar where it is wanted.
  func carryOut(
    _ source: Source, _ targets: [Target], progress: Bool?, fill: @escaping Copier.Fill
  ) throws(Refusal) -> Copier {
    do throws(BlockError) {
      let copier = try Copier(client: client, source: source, targets: targets, fill: fill)
      var bar = Progress(copier, progress)
      copier.onTick = { bar.draw() }
      try copier.run()
      try copier.settle()
      copier.closeDevices()
      bar.finish()
      return copier
    } catch {
      throw Refusal("\(error)")
    }
  }

  /// Copies, settles, and ends the process with the receipt.
  ///
  /// - Parameter failure: Says afterwards what was wrong with the run as a whole, if anything was.
  func copy(
    _ source: Source, _ targets: [Target], _ options: ReceiptOptions, fill: @escaping Copier.Fill = { $0.read($1, $2) },
    failure: () -> Refusal? = { nil }
  ) throws(Refusal) {
    let copier = try carryOut(source, targets, progress: options.progress, fill: fill)
    let failure = failure()
    finish(Receipt(copier, milliseconds: milliseconds), failure, options)
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

  /// Milliseconds since the beginning.
  var milliseconds: UInt64 { UInt64(max(0, (ContinuousClock.now - started) / .milliseconds(1))) }
}
