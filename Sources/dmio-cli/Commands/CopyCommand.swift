internal import ArgumentParser
internal import DMIO
internal import DMIOCopy
internal import DMIONames

/// `dmio copy`: one source to many targets, with a receipt.
struct CopyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "copy", abstract: "Copy one source to one or more targets at once, reading it once.",
    discussion: """
      EXAMPLES
        dmio copy disk.img copy.img                      a file to a file
        dmio copy --yes golden.img /dev/sdb /dev/sdc     an image to two disks
        dmio copy --verify=readback --hash sha256 …      compared, with a hash
        dmio copy --map rescue /dev/sdb disk.img         a rescue with maps …
        dmio copy --map rescue --resume /dev/sdb disk.img    … goes on any time
        dmio repair --map rescue /dev/sdb disk.img       … failures tried again

      A target that fails is dropped, the others finish. Sectors that cannot be read are zeros on the targets, and listed. A \
      longer file is cut to the size of the source. With --map, Ctrl-C leaves a state that --resume continues. --resume \
      leaves alone what failed; dmio repair tries it again.

      EXIT CODES
        0 all good   1 could not start   2 usage   3 some targets failed
        4 the source had unreadable sectors   5 too few good targets
        6 a target is not what was written   7 interrupted, --resume goes on
        Where several apply, the first of 7, 5, 6, 3, 4.
      """)

  @Argument(help: "What is copied, such as img,offset=2048s,size=8MiB.", completion: .file()) var source: String
  @Argument(help: "Files, block devices, regions of them; at most 64.", completion: .file()) var targets: [String]
  @OptionGroup var maps: MapOptions
  @OptionGroup var policy: PolicyOptions
  @OptionGroup var verify: VerifyOptions
  @OptionGroup var hash: HashOptions
  @OptionGroup var sparse: SparseOptions
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Copy at most so much a second, such as 50MiB.", valueName: "SIZE"),
    transform: ByteCount.init)
  var rate: ByteCount?
  @Option(help: ArgumentHelp("Draw throughput and errors over time.", valueName: "file.svg"), completion: .file())
  var plot: String?
  @Flag(name: [.customShort("n"), .long], help: "Check everything, and change nothing.") var dryRun = false
  @OptionGroup var engine: EngineOptions
  @OptionGroup var receipt: ReceiptOptions
  @OptionGroup var overwrite: OverwriteOptions

  func run() throws {
    let (source, targetOperands) = try policy.begin(source, targets)
    let set = try TargetSet(opening: targetOperands, bytes: source.bytes, keepsFiles: false)
    let maps = try MapPlan(self.maps, source, set.operands, isReadBack: verify.verify != nil)
    let extras = try Extras(hash, plot, source, set.operands, maps)
    try set.check(source: source) { overwrite.yes || dryRun || maps?.keeps($0) == true }
    if dryRun { DryRun.tell(source, set.operands, maps, receipt) }
    let run = try Run(
      engine.engine.choice, Window([source.opened] + set.operands.map(\.opened), bytes: source.bytes),
      isHashed: hash.isWanted)
    run.policy = policy.policy
    run.policy.findsZeros = sparse.sparse == .auto
    if verify.verify != nil { run.policy.verification = .readback }
    run.required = policy.require
    run.throttle = rate.map { CopyThrottle(bytesPerSecond: $0.bytes) }
    try extras.equip(run)
    let from = source.source(isSparse: sparse.sparse == .auto)
    let to = try set.commit(
      keeping: { maps?.keeps($0) == true }, sparse, isReadBack: verify.verify != nil
    ) { to throws(Refusal) in try maps?.begin(run, from, to, set.operands) }
    try run.copy(from, to, receipt)
  }
}
