internal import ArgumentParser
internal import DMIO
internal import DMIOCopy
internal import DMIONames

/// `dmio write`: standard input to one or more regions of one size.
struct WriteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "write", abstract: "Write standard input to one or more regions, exactly their size.",
    usage: "dmio write [<options>] <regions> ...",
    discussion: """
      EXAMPLES
        dmio write --yes /dev/sdb,size=4MiB <boot.img         the first 4 MiB of a disk
        dmio write a.img,offset=2048s,size=1MiB b.img,size=1MiB <part
        head -c 1MiB /dev/urandom | dmio write new.img,size=1MiB

      All regions have one size, and the input has it too: one that is shorter or longer is an error (exit 1). Bytes around a
      region stay as they are. Exit codes and receipt are those of copy.
      """)

  @Argument(help: "Where the input goes: DEVICE[,offset=N][,size=N][,direct=auto|on|off].", completion: .file())
  var regions: [String]
  @OptionGroup var engine: EngineOptions
  @OptionGroup var receipt: ReceiptOptions
  @OptionGroup var overwrite: OverwriteOptions

  func run() throws {
    let operands = try Operands.regions(regions)
    try Streams.refuse(operands, readsInput: true)
    Interrupts.watch()
    let set = try TargetSet(opening: operands, bytes: nil, keepsFiles: true)
    for target in set.operands where target.place != nil && target.operand.size == nil {
      throw Refusal("\(target.stack.name): does not exist, so its size is unknown; write ,size= behind it")
    }
    let bytes = set.operands.first?.bytes ?? 0
    for target in set.operands where target.bytes != bytes {
      throw Refusal(
        "\(target.stack.name): has \(target.bytes) bytes, the first region has \(bytes); name one size for all")
    }
    let input = StandardInput(wanted: bytes)
    try input.check()
    try set.check(source: nil) { _ in overwrite.yes }
    let run = try Run(engine.engine.choice)
    let source = Source(
      name: "standard input", isDirect: false, directReason: "a stream",
      copy: CopySource(device: nil, start: 0, bytes: bytes))
    try run.copy(source, set.commit(), receipt, fill: input.fill) {
      input.checkEnd()
      return input.refusal
    }
  }
}
