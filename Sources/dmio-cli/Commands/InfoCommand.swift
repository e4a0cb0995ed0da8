internal import ArgumentParser
internal import DMIO
internal import DMIONames

/// `dmio info`: what a device is, and how it would be used.
struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Say what a device can do, how it is used, and why so.",
    discussion: """
      EXAMPLES
        dmio info /dev/sdb
        dmio info --json disk.img,direct=on
        dmio info --engine threads fault:plan.json,ram:64MiB

      The device is opened for reading only, and nothing is changed.
      """)

  @Argument(help: "The device: DEVICE[,direct=auto|on|off].", completion: .file()) var device: String
  @OptionGroup var engine: EngineOptions
  @Flag(help: "Print one JSON object on standard output.") var json = false

  func run() throws {
    let operand = try Operands.wholeDevice(device)
    let opened = try DeviceOpening(stack: DeviceStack(operand.device), mode: operand.direct).open()
    let client: BlockClient
    do throws(BlockError) { client = try Run.client(engine.engine.choice) } catch { throw Refusal("\(error)") }
    let (device, engine) = (DeviceFacts(opened, client), EngineFacts(client))
    let facts = device.facts + [engine.engine, device.lane, engine.registration]
    let head: [(String, JSON)] = [
      ("schema", .number(Receipt.schema)), ("version", .string(toolVersion)), ("exit", .number(0)),
    ]
    StandardStreams.output(json ? JSON.object(head + facts.members).text + "\n" : facts.text)
    Main.end(.good)
  }
}
