internal import ArgumentParser
internal import DMIO
internal import DMIONames

/// `dmio doctor`: what will be used for devices and why, and the command that changes what is in the way.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Say what will be used for devices and why, and what would fix it.",
    discussion: """
      EXAMPLES
        dmio doctor /dev/sdb                  before an image is copied there
        dmio doctor --json /dev/sd? disk.img  several, for a script
        dmio doctor ram:64MiB                 the engine and its memory alone

      Every finding is something that is in the way or costs time, with the command
      that changes it if there is one. Devices are opened for reading only, and
      nothing is changed. One that cannot be opened does not keep the next from being
      looked at.

      EXIT CODES
        0 all devices were looked at, whatever was found
        1 one of them could not be opened   2 usage
      """)

  @Argument(help: "The devices: DEVICE[,direct=auto|on|off].", completion: .file()) var devices: [String]
  @Flag(help: "Print one JSON object on standard output.") var json = false

  func run() throws {
    var operands: [RegionOperand] = []
    for device in devices { operands.append(try Operands.wholeDevice(device)) }
    let client: BlockClient
    do throws(BlockError) { client = try Run.client(.auto) } catch { throw Refusal("\(error)") }
    let uses = Uses()
    let engine = EngineCheckup(client)
    let devices = operands.map { DeviceCheckup($0, client, uses) }
    for device in devices { if let refusal = device.refusal { StandardStreams.message(refusal.message) } }
    let exit: ExitCode = devices.allSatisfy { $0.refusal == nil } ? .good : .fatal
    StandardStreams.output(json ? document(engine, devices, exit).text + "\n" : report(engine, devices))
    Main.end(exit)
  }

  private func report(_ engine: EngineCheckup, _ devices: [DeviceCheckup]) -> String {
    ([engine.facts.text + engine.findings.text] + devices.compactMap(\.text)).joined(separator: "\n")
  }

  private func document(_ engine: EngineCheckup, _ devices: [DeviceCheckup], _ exit: ExitCode) -> JSON {
    .object(
      [
        ("schema", .number(Receipt.schema)), ("version", .string(toolVersion)),
        ("exit", .number(UInt64(exit.rawValue))),
      ] + engine.facts.members + [
        ("findings", .array(engine.findings.map(\.json))), ("devices", .array(devices.map(\.json))),
      ])
  }
}
