internal import ArgumentParser
internal import DMIO
internal import DMIOCopy
internal import DMIONames

/// What follows when something cannot be read or written.
struct PolicyOptions: ParsableArguments {
  enum OnError: String, ExpressibleByArgument, CaseIterable { case drop, retry, stop }

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Targets that have to be good: all, any or a number.", valueName: "N"),
    transform: Required.init)
  var require = Required.any
  @Option(help: "What a failing target means.")
  var onError = OnError.drop
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Tries of a bad block. (default: 0, on retry 3)", valueName: "N"),
    transform: Retries.init)
  var retries: Retries?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Longest wait for a read or write, such as 30s.", valueName: "TIME"),
    transform: TimeSpan.init)
  var timeout: TimeSpan?

  /// Reads the operands of a copy, and opens its source; from here on signals are counted.
  ///
  /// - Parameter open: Opens the source, beside the targets.
  func begin(
    _ source: String, _ targets: [String],
    open: (RegionOperand, [RegionOperand]) throws(Refusal) -> SourceOperand = { source, _ throws(Refusal) in
      try SourceOperand(opening: source)
    }
  ) throws(Refusal) -> (SourceOperand, [RegionOperand]) {
    let sourceOperand = try Operands.region(source)
    let targetOperands = try Operands.regions(targets)
    try Streams.refuse([sourceOperand] + targetOperands)
    try check(targets: targetOperands.count)
    Interrupts.watch()
    return (try open(sourceOperand, targetOperands), targetOperands)
  }

  /// Refuses what cannot be met.
  private func check(targets: Int) throws(Refusal) {
    guard require.count(of: targets) <= targets else {
      let there = targets == 1 ? "is only 1 target" : "are only \(targets) targets"
      throw Refusal("--require \(require.count(of: targets)): there \(there)", exit: .usage)
    }
  }

  var policy: CopyPolicy {
    var policy = CopyPolicy()
    if onError == .stop { (policy.readErrors, policy.writeErrors) = (.stop, .stop) }
    policy.retries = (read: retries?.count ?? 0, write: retries?.count ?? (onError == .retry ? 3 : 0))
    policy.timeout = timeout?.duration
    policy.leavesLaggards = true
    policy.stopsWithoutSource = true
    return policy
  }
}

/// Where a run's maps are.
struct MapOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Keep ddrescue maps in DIR: source.map, target-1.map, …", valueName: "DIR"),
    completion: .directory)
  var map: String?
  @Flag(help: "Continue what the maps in DIR say is not done.") var resume = false
  @Option(
    parsing: .unconditional, help: ArgumentHelp("How often maps are saved. (default: 5s)", valueName: "TIME"),
    transform: TimeSpan.init)
  var mapInterval: TimeSpan?

  /// How often maps are saved where nobody says.
  static let interval = Duration.seconds(5)

  func validate() throws {
    if resume, map == nil { throw ValidationError("--resume: say with --map where the maps are") }
    if map == "" { throw ValidationError("--map: the name of a folder is missing") }
  }
}

/// What is looked at again.
struct VerifyOptions: ParsableArguments {
  enum Verify: String, ExpressibleByArgument, CaseIterable { case readback }

  @Option(help: "Compare after writing.") var verify: Verify?
}

/// Sums of what was read.
struct HashOptions: ParsableArguments {
  enum Hash: String, ExpressibleByArgument, CaseIterable { case sha256 }

  @Option(help: "Hash the source for the receipt.") var hash: Hash?
  @Option(
    help: ArgumentHelp("Write the hash into FILE, in the form of sha256sum.", valueName: "FILE"), completion: .file())
  var manifest: String?

  /// What the hash goes into.
  var isWanted: Bool { hash != nil || manifest != nil }
}

/// What happens to runs of zeros.
struct SparseOptions: ParsableArguments {
  enum Sparse: String, ExpressibleByArgument, CaseIterable { case auto, off }

  @Option(help: "Runs of zeros: left out, or written.") var sparse = Sparse.auto
  @Flag(help: "The targets hold zeros: write none.") var targetIsZero = false
  /// The word that other tools have for it.
  @Flag(help: .hidden) var destinationIsZero = false

  var targetsAreZero: Bool { targetIsZero || destinationIsZero }
}
