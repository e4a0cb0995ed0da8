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

  @Argument(help: "The device: DEVICE[,direct=auto|on|off].") var device: String
  @OptionGroup var engine: EngineOptions
  @Flag(help: "Print one JSON object on standard output.") var json = false

  func run() throws {
    let operand = try Operands.region(device)
    if operand.namedOffset != nil || operand.size != nil {
      throw Refusal("'offset=' and 'size=': here a whole device is wanted, not a region of one", exit: .usage)
    }
    let opened = try DeviceOpening(stack: DeviceStack(operand.device), mode: operand.direct).open()
    let client: BlockClient
    do throws(BlockError) { client = try Run.client(engine.engine.choice) } catch { throw Refusal("\(error)") }
    let facts = DeviceFacts(opened, client)
    StandardStreams.output(json ? facts.json.text + "\n" : facts.text)
    Main.end(.good)
  }
}

/// What there is to say about a device.
struct DeviceFacts {
  private let opened: OpenDevice
  private let engine: EngineReport
  private let lane: EngineReport
  private let registration: RegistrationReport

  init(_ opened: OpenDevice, _ client: BlockClient) {
    self.opened = opened
    engine = client.engine
    registration = client.registration
    lane = client.lane(of: opened.innermost)
  }

  private var geometry: Geometry { opened.device.geometry }

  private var kind: String {
    opened.report.map { $0.isBlockDevice ? "block device" : "file" } ?? "memory"
  }

  /// Lines for people.
  var text: String {
    [
      ("device", opened.name), ("kind", kind),
      ("size", "\(opened.bytes) bytes (\(ByteSize(bytes: opened.bytes)))"),
      ("logical block", "\(geometry.logicalBlock) bytes"), ("memory alignment", "\(geometry.memoryAlignment) bytes"),
      ("discard", geometry.discardSectors == 0 ? "no" : "yes"),
      ("write zeroes", geometry.writeZeroesSectors == 0 ? "no" : "yes"),
      ("direct", "\(opened.isDirect ? "on" : "off"): \(opened.directReason)"),
      ("engine", "\(engine.kind.rawValue): \(engine.reason)"), ("lane", "\(lane.kind.rawValue): \(lane.reason)"),
      ("registered", "\(registration.registeredPages) of \(registration.pages) pages: \(registration.reason)"),
    ]
    .map { label, value in label + ":" + String(repeating: " ", count: 18 - label.count) + value + "\n" }.joined()
  }

  /// The same for programs.
  var json: JSON {
    .object([
      ("schema", .number(Receipt.schema)), ("version", .string(toolVersion)), ("exit", .number(0)),
      ("device", .string(opened.name)), ("kind", .string(kind)), ("bytes", .number(opened.bytes)),
      ("logical_block", .number(UInt64(geometry.logicalBlock))),
      ("memory_alignment", .number(UInt64(geometry.memoryAlignment))),
      ("discard", .bool(geometry.discardSectors > 0)), ("write_zeroes", .bool(geometry.writeZeroesSectors > 0)),
      ("direct", .bool(opened.isDirect)), ("direct_reason", .string(opened.directReason)),
      ("engine", .string(engine.kind.rawValue)), ("engine_reason", .string(engine.reason)),
      ("lane", .string(lane.kind.rawValue)), ("lane_reason", .string(lane.reason)),
      ("registered_pages", .number(UInt64(registration.registeredPages))),
      ("registered_reason", .string(registration.reason)),
    ])
  }
}
