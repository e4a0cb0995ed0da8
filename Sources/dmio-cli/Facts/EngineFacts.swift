internal import DMIO

/// What there is to say about a client, whatever the device.
struct EngineFacts {
  private let report: EngineReport
  private let memory: RegistrationReport

  init(_ client: BlockClient) {
    report = client.engine
    memory = client.registration
  }

  /// Who carries out I/O.
  var engine: Fact {
    Fact(
      "engine", "\(report.kind.rawValue): \(report.reason)", ("engine", .string(report.kind.rawValue)),
      ("engine_reason", .string(report.reason)))
  }

  /// How much of a copy's memory its ring knows.
  var registration: Fact {
    Fact(
      "registered", "\(memory.registeredPages) of \(memory.pages) pages: \(memory.reason)",
      ("registered_pages", .number(UInt64(memory.registeredPages))), ("registered_reason", .string(memory.reason)))
  }
}
