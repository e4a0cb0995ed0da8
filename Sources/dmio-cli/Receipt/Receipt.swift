internal import DMIO
internal import DMIOCopy

/// What a run did, for people and for programs.
struct Receipt {
  /// Version of the form of the JSON.
  static let schema: UInt64 = 1

  /// By what a run is judged, and what it found out beside copying.
  struct Terms {
    /// Targets that have to be good.
    var required: Int
    /// Mismatches are what the run looks for: a target that has some counts as looked at.
    var isComparison = false
    /// A signal ended the run before all was done. Asked once: what comes later changes nothing that is told.
    var isInterrupted: Bool
    /// The hash of the source, in hexadecimal.
    var sha256: String?
  }

  let engine: EngineReport
  let milliseconds: UInt64
  let source: Source
  let targets: [Target]

  let terms: Terms
  /// Something beside the copy that failed: its maps, its manifest, its picture.
  var trouble: Refusal?
  private let time: (ContinuousClock.Instant) -> UInt64

  /// - Parameter milliseconds: The time from the beginning to an instant.
  init(
    _ source: Source, _ targets: [Target], engine: EngineReport,
    milliseconds: @escaping (ContinuousClock.Instant) -> UInt64,
    _ terms: Terms
  ) {
    self.source = source
    self.targets = targets
    self.engine = engine
    self.terms = terms
    time = milliseconds
    self.milliseconds = milliseconds(.now)
  }

  /// How the run ended.
  var exit: ExitCode {
    if let trouble { return trouble.exit }
    let mismatching = targets.count { !$0.copy.mismatches.isEmpty }
    let good = targets.count { $0.copy.isGood }
    return .of(
      .init(
        isInterrupted: terms.isInterrupted, good: good + (terms.isComparison ? mismatching : 0),
        targets: targets.count,
        required: terms.required, hasMismatches: mismatching > 0, hasHoles: !source.copy.holes.isEmpty))
  }

  /// One JSON object.
  var json: JSON {
    .object(
      [
        ("schema", .number(Receipt.schema)), ("version", .string(toolVersion)),
        ("exit", .number(UInt64(exit.rawValue))),
      ] + (trouble.map { [("error", .string($0.message))] } ?? []) + [
        ("engine", .string(engine.kind.rawValue)), ("seconds", .literal(Receipt.seconds(milliseconds))),
        (
          "source",
          .object([
            ("device", .string(source.name)), ("bytes", .number(source.copy.bytes)), ("direct", .bool(source.isDirect)),
            ("holes", .array(source.copy.holes.list.map(\.json))), ("sha256", .string(orNull: terms.sha256)),
          ])
        ),
        ("targets", .array(targets.map(json))),
      ])
  }

  /// What a run that could not start leaves.
  static func json(_ refusal: Refusal) -> JSON {
    .object([
      ("schema", .number(schema)), ("version", .string(toolVersion)), ("exit", .number(UInt64(refusal.exit.rawValue))),
      ("error", .string(refusal.message)),
    ])
  }

  var seconds: String { Receipt.seconds(milliseconds) }

  /// Seconds with three decimals.
  private static func seconds(_ milliseconds: UInt64) -> String {
    let fraction = String(milliseconds % 1000)
    return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
  }
}

extension Target {
  /// The failure that a reader is told first: that of the lowest sector that failed by itself, or of what came after the writes.
  var firstFailure: (errno: Errno, sector: UInt64?)? {
    let own = CopyTarget.Fault.allCases.filter { $0 != .flush }.flatMap { copy.failures(by: $0) }
    if let first = own.min(by: { $0.sector < $1.sector }), let errno = first.errno { return (errno, first.sector) }
    return copy.settling.error.map { ($0.errno, nil) }
  }
}

extension Receipt {
  private func json(_ target: Target) -> JSON {
    let (copy, first) = (target.copy, target.firstFailure)
    // All of it was read back, and was what the source gave: so it has the source's hash.
    let sha256 = copy.isGood && copy.wasVerified ? terms.sha256 : nil
    return .object([
      ("device", .string(target.name)), ("ok", .bool(copy.isGood)), ("bytes_written", .number(copy.bytesWritten)),
      ("errno", .string(orNull: first?.errno.name)), ("first_bad_sector", .number(orNull: first?.sector)),
      ("failed", .array(copy.failed.map(\.json))), ("flushed", .bool(copy.settling.isFlushed)),
      ("direct", .bool(target.isDirect)),
      ("seconds", copy.settling.end.map { .literal(Receipt.seconds(time($0))) } ?? .null),
      ("mismatches", .array(copy.mismatches.map(\.sectors.json))), ("sha256", .string(orNull: sha256)),
    ])
  }
}

extension Extent {
  var json: JSON {
    .object([("sector", .number(sector)), ("count", .number(count)), ("errno", .string(orNull: errno?.name))])
  }
}

extension Range<UInt64> {
  fileprivate var json: JSON { .object([("sector", .number(lowerBound)), ("count", .number(UInt64(count)))]) }
}
