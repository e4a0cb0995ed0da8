internal import DMIO
internal import DMIOCopy

/// What a run did, for people and for programs.
struct Receipt {
  /// Version of the form of the JSON.
  static let schema: UInt64 = 1

  let exit: ExitCode
  let engine: EngineReport
  let milliseconds: UInt64
  let source: Source
  let targets: [Target]

  init(_ source: Source, _ targets: [Target], engine: EngineReport, milliseconds: UInt64) {
    self.source = source
    self.targets = targets
    self.engine = engine
    self.milliseconds = milliseconds
    exit = .of(
      interrupted: Interrupts.areWanted, good: targets.count { $0.copy.isGood }, targets: targets.count,
      holes: !source.copy.holes.isEmpty)
  }

  /// One JSON object.
  var json: JSON {
    .object([
      ("schema", .number(Receipt.schema)), ("version", .string(toolVersion)), ("exit", .number(UInt64(exit.rawValue))),
      ("engine", .string(engine.kind.rawValue)), ("seconds", .literal(seconds)),
      (
        "source",
        .object([
          ("device", .string(source.name)), ("bytes", .number(source.copy.bytes)), ("direct", .bool(source.isDirect)),
          ("holes", .array(source.copy.holes.merged.map(\.json))),
        ])
      ),
      ("targets", .array(targets.map(\.json))),
    ])
  }

  /// What a run that could not start leaves.
  static func json(_ refusal: Refusal) -> JSON {
    .object([
      ("schema", .number(schema)), ("version", .string(toolVersion)), ("exit", .number(UInt64(refusal.exit.rawValue))),
      ("error", .string(refusal.message)),
    ])
  }

  /// Seconds with three decimals.
  var seconds: String {
    let fraction = String(milliseconds % 1000)
    return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
  }
}

extension Target {
  /// The failure that a reader is told first: the lowest sector's, or that of what came after the writes.
  var firstFailure: (errno: Errno, sector: UInt64?)? {
    if let error = copy.settling.error { return (error.errno, nil) }
    for extent in copy.failed { if let errno = extent.errno { return (errno, extent.sector) } }
    return nil
  }

  fileprivate var json: JSON {
    let first = firstFailure
    return .object([
      ("device", .string(name)), ("ok", .bool(copy.isGood)), ("bytes_written", .number(copy.bytesWritten)),
      ("errno", .string(orNull: first?.errno.name)), ("first_bad_sector", .number(orNull: first?.sector)),
      ("failed", .array(copy.failed.map(\.json))), ("flushed", .bool(copy.settling.isFlushed)),
      ("direct", .bool(isDirect)),
    ])
  }
}

extension Extent {
  var json: JSON {
    .object([("sector", .number(sector)), ("count", .number(count)), ("errno", .string(orNull: errno?.name))])
  }
}
