internal import ArgumentParser
internal import DMIO
internal import DMIOCopy
internal import DMIONames

/// `dmio repair`: tries again what a copy with maps could not do.
struct RepairCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "repair",
    abstract: "Redo what failed in a copy that kept maps: unreadable sectors, and failed targets.",
    discussion: """
      EXAMPLES
        dmio repair --map rescue /dev/sdb a.img b.img    the operands of the copy, in their order
        dmio repair --map rescue --from-target 1 /dev/sdb a.img b.img
                                                         b.img from a.img, which is good

      Read are the sectors that the source's map calls bad, and what a target lacks. Exit codes and receipt are those of copy.
      """)

  @Argument(help: "The source of the copy.", completion: .file()) var source: String
  @Argument(help: "Its targets, in their order.", completion: .file()) var targets: [String]
  @Option(help: ArgumentHelp("The folder of the copy's maps.", valueName: "DIR"), completion: .directory) var map:
    String
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Read from this target, counted from 1, in the place of the source.", valueName: "N"))
  var fromTarget: Int?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("How often maps are saved. (default: 5s)", valueName: "TIME"),
    transform: TimeSpan.init)
  var mapInterval: TimeSpan?
  @OptionGroup var policy: PolicyOptions
  @OptionGroup var verify: VerifyOptions
  @OptionGroup var engine: EngineOptions
  @OptionGroup var receipt: ReceiptOptions
  @OptionGroup var overwrite: OverwriteOptions
  /// Known so that its refusal can say what to use.
  @Option(help: .hidden) var hash: String?
  @Option(help: .hidden) var manifest: String?

  func validate() throws {
    if let fromTarget, !(1...max(1, targets.count)).contains(fromTarget) {
      throw ValidationError("--from-target \(fromTarget): there are \(targets.count) targets")
    }
    if hash != nil || manifest != nil {
      throw ValidationError(
        "\(hash != nil ? "--hash" : "--manifest"): a repair does not read all of the source; use dmio verify after it")
    }
  }

  func run() throws {
    let (source, targetOperands) = try policy.begin(source, targets, open: open)
    let set = try TargetSet(opening: targetOperands, bytes: source.bytes, keepsFiles: false)
    let plan = try MapPlan(
      going: map, interval: mapInterval?.duration ?? MapOptions.interval, source, set.operands,
      isReadBack: verify.verify != nil)
    // Whoever began the copy has agreed.
    try set.check(source: source.absent == nil ? source : nil) { _ in true }
    let run = try Run(
      engine.engine.choice, Window([source.opened] + set.operands.map(\.opened), bytes: source.bytes))
    run.policy = policy.policy
    if verify.verify != nil { run.policy.verification = .readback }
    run.required = policy.require
    let from = source.source(isSparse: false)
    let to = try set.commit(keeping: plan.keeps) { to throws(Refusal) in
      try plan.begin(run, from, to, set.operands) { source, targets throws(Refusal) in
        try reopen(source, targets, to, run)
      }
    }
    try run.copy(from, to, receipt)
  }

  /// Opens the source; one that is gone is not needed when a target is read in its place.
  private func open(_ source: RegionOperand, _ targets: [RegionOperand]) throws(Refusal) -> SourceOperand {
    do throws(Refusal) { return try SourceOperand(opening: source) } catch {
      guard let fromTarget, let map = try MapFolder(map).read(nil) else { throw error }
      return try SourceOperand(absent: source, by: map, beside: targets[fromTarget - 1])
    }
  }

  private func reopen(_ source: CopySource, _ targets: [CopyTarget], _ to: [Target], _ run: Run) throws(Refusal) {
    guard let good = fromTarget.map({ to[$0 - 1] }) else { return source.reopen(targets) }
    // One that is good in part helps where others are not.
    guard good.copy.map.isDone || targets.contains(where: { good.copy.map.has($0.map) }) else {
      throw Refusal("\(good.name): is not good by its map, so that nothing can be repaired from it")
    }
    for target in targets where target !== good.copy { target.reopen() }
    run.read(from: good, source)
  }
}

extension SectorMap {
  /// True if some sectors are done by this map that are not by the other.
  fileprivate func has(_ other: SectorMap) -> Bool {
    runs.contains { run in run.status == .done && other.runs(in: run.sectors).contains { $0.status != .done } }
  }
}

extension CopySource {
  /// What could not be read is tried again, for all targets, as they hold zeros there.
  fileprivate func reopen(_ targets: [CopyTarget]) {
    for target in targets {
      target.reopen()
      for run in map.runs where run.status == .bad { target.reopen(run.sectors) }
    }
    for run in map.runs where run.status == .bad { forget(run.sectors) }
  }
}
