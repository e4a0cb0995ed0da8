internal import ArgumentParser
internal import DMIO

/// `dmio copy`: one source to many targets, with a receipt.
struct CopyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "copy", abstract: "Copy one source to one or more targets at once, reading it once.",
    discussion: """
      EXAMPLES
        dmio copy disk.img copy.img                      a file to a file
        dmio copy --yes golden.img /dev/sdb /dev/sdc     an image to two disks
        dmio copy --json /dev/sr0 a.iso b.iso            with a receipt in JSON
        dmio copy a.img,size=1MiB b.img,offset=2048s     the first MiB into a file

      A target that fails is dropped, the others finish. Sectors that cannot be read are written as zeros and listed. On a
      block device the last sector is filled up with zeros; a file that is named without offset or size is overwritten.

      EXIT CODES
        0 all good   1 could not start   2 usage   3 some targets failed   4 the source had unreadable sectors
        5 no target is good   7 interrupted
      """)

  @Argument(help: "What is copied: DEVICE[,offset=N][,size=N][,direct=auto|on|off].") var source: String
  @Argument(help: "Where it goes: files, block devices, regions of them; at most 64.") var targets: [String]
  @OptionGroup var engine: EngineOptions
  @OptionGroup var receipt: ReceiptOptions

  func run() throws {
    let sourceOperand = try Operands.region(source)
    let targetOperands = try Operands.regions(targets)
    Interrupts.watch()
    let source = try SourceOperand(opening: sourceOperand)
    let set = try TargetSet(opening: targetOperands, bytes: source.bytes, keepsFiles: false)
    try set.check(source: source, isAgreed: receipt.yes)
    let run = try Run(engine.engine.choice)
    try run.copy(source.source, set.commit(), receipt)
  }
}
