internal import ArgumentParser
internal import DMIO
internal import DMIOCopy
internal import Glibc

/// `dmio read`: a region to standard output.
struct ReadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "read", abstract: "Read a region to standard output.",
    usage: "dmio read [<options>] <region>",
    discussion: """
      EXAMPLES
        dmio read /dev/sdb,size=1MiB | xxd | less
        dmio read disk.img,offset=2048s,size=8MiB >part.img

      Sectors that cannot be read are zeros in the output and named on standard error; the exit code is then 4. Standard
      output carries the bytes and nothing else, so there is no --json here.
      """)

  @Argument(help: "What is read: DEVICE[,offset=N][,size=N][,direct=auto|on|off].", completion: .file()) var region:
    String
  @OptionGroup var engine: EngineOptions
  @OptionGroup var progress: ProgressOptions

  func validate() throws { try progress.refuseStandardOutput("the bytes of the region go") }

  func run() throws {
    if isatty(STDOUT_FILENO) == 1 { throw Refusal("standard output is a terminal; send the bytes to a file or a pipe") }
    let operand = try SourceOperand(opening: Operands.region(region))
    try DeviceLock.share(operand.opened)
    let run = try Run(engine.engine.choice)
    Interrupts.watch()
    let output = StandardOutput()
    let source = operand.source(isSparse: false)
    try run.carryOut(source, [], progress) { copier, chunk, whenDone in
      copier.read(chunk) {
        chunk.zero(from: Int(copier.source.bytes(in: chunk.range)))
        output.take(copier, chunk, whenDone)
      }
    }
    let receipt = run.receipt(source, [])
    // Nobody reads any more: nothing is wrong that anybody would want to hear of.
    if output.errno == .EPIPE { Main.end(.fatal) }
    Report.tellFailures(receipt)
    if let errno = output.errno { throw Refusal("standard output: \(errno.message)") }
    Main.end(receipt.exit)
  }
}
