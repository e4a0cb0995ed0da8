internal import ArgumentParser
internal import DMIO
internal import DMIOCopy
internal import DMIONames

/// `dmio verify`: compares targets with a source, and writes nothing.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Compare one or more devices with a source, sector by sector; nothing is written.",
    discussion: """
      EXAMPLES
        dmio verify golden.img /dev/sdb /dev/sdc         are the disks what the image is?
        dmio verify --json --hash sha256 disk.img copy.img
        dmio verify disk.img,size=1MiB /dev/sdb          the first MiB only

      Of a target that is longer only what the source has is compared; one that is shorter lacks the rest.

      EXIT CODES
        0 all the same   1 could not start   2 usage
        3 some targets could not be read   4 the source had unreadable sectors
        5 fewer targets could be read than --require wants
        6 a target differs   7 interrupted
        Where several apply, the first of 7, 5, 6, 3, 4.
      """)

  @Argument(help: "What is right: DEVICE[,offset=N][,size=N][,direct=auto|on|off].", completion: .file()) var source:
    String
  @Argument(help: "What is compared with it; at most 64.", completion: .file()) var targets: [String]
  @OptionGroup var policy: PolicyOptions
  @OptionGroup var hash: HashOptions
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Compare at most so much a second, such as 50MiB.", valueName: "SIZE"),
    transform: ByteCount.init
  )
  var rate: ByteCount?
  @OptionGroup var engine: EngineOptions
  @OptionGroup var receipt: ReceiptOptions

  func run() throws {
    let (source, targetOperands) = try policy.begin(source, targets)
    let from = source.source(isSparse: false)
    var (to, devices) = ([Target](), [source.opened])
    for operand in targetOperands {
      let target = try SourceOperand(opening: operand)
      try DeviceLock.share(target.opened)
      to.append(target.compared(with: from.copy))
      devices.append(target.opened)
    }
    try DeviceLock.share(source.opened)
    let extras = try Extras(hash, nil, source, [])
    let run = try Run(engine.engine.choice, Window(devices, bytes: source.bytes))
    run.policy = policy.policy
    run.policy.verification = .only
    run.policy.flushes.targets = false
    run.policy.leavesLaggards = false
    run.required = policy.require
    run.isComparison = true
    run.throttle = rate.map { CopyThrottle(bytesPerSecond: $0.bytes) }
    try extras.equip(run)
    try run.copy(from, to, receipt)
  }
}

extension SourceOperand {
  /// The operand as a target that is only read. What it lacks of the source's length is missing from it.
  func compared(with source: CopySource) -> Target {
    let copy = CopyTarget(opened.device, start: offset / 512, sectors: source.sectors)
    if bytes < source.bytes { copy.addMismatch(bytes / 512..<source.sectors) }
    return Target(name: opened.name, isDirect: opened.isDirect, directReason: opened.directReason, copy: copy)
  }
}
