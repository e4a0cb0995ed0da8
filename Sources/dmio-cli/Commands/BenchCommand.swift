internal import ArgumentParser
internal import DMIO

/// `dmio bench`: how fast a device is through this library.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure throughput, latency and processor time of requests to a device.",
    discussion: """
      EXAMPLES
        dmio bench /dev/sdb                      how fast it is read at random
        dmio bench /dev/sdb --plot sdb.svg       with a picture over time
        dmio bench --operation write /dev/null   what the library itself costs
        dmio bench --operation write /dev/sdc    overwrites what is there

      Each request goes to a block at random. One to several regions counts as one.

      EXIT CODES
        0 good   1 could not start   2 usage   4 reads failed   5 writes failed
        7 interrupted
      """)

  @Argument(help: "The device: DEVICE[,offset=N][,size=N][,direct=auto|on|off].", completion: .file()) var device:
    String
  @OptionGroup var bench: BenchOptions
  @OptionGroup var engine: EngineOptions
  @Flag(help: "Print one JSON object on standard output.") var json = false
  @Option(
    help: ArgumentHelp("Draw throughput and latency over time; replaces a file.", valueName: "file.svg"),
    completion: .file())
  var plot: String?
  @Flag(name: .shortAndLong, help: "Overwrite files and block devices without asking.") var yes = false

  func run() throws {
    let plan = try BenchPlan(bench, engine: engine.engine.choice, isDrawn: plot != nil)
    let operand = try Operands.region(device)
    let picture: ReplacedFile?
    if let plot { picture = try ReplacedFile(at: plot) } else { picture = nil }
    Interrupts.watch()
    let device = try BenchDevice(opening: operand, plan, isAgreed: yes)
    if let picture, let report = device.opened.report, picture.isFile(report.identity) {
      throw Refusal("--plot: is the device; name another file")
    }
    if plan.door == .blocking, let depth = bench.depth, depth > 1 {
      StandardStreams.message("--depth \(depth): a blocking call is one request in flight; more need --threads")
    }
    var result = try Bench(plan, device).run()
    do throws(Refusal) { try picture?.write(BenchPlot(result).svg()) } catch {
      // What was measured is told all the same.
      StandardStreams.message(error.message)
      result.exit = error.exit
    }
    finish(result)
  }

  private func finish(_ result: BenchResult) -> Never {
    if let message = result.errorMessage { StandardStreams.message(message) }
    if result.exit == .interrupted { StandardStreams.message("interrupted") }
    StandardStreams.output(json ? result.json.text + "\n" : result.text)
    Main.end(result.exit)
  }
}
