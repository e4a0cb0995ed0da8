internal import DMIO
internal import DMIOCopy
internal import DMIONames

/// What a copy would do, told in the place of doing it.
enum DryRun {
  static func tell(_ source: SourceOperand, _ targets: [TargetOperand], _ maps: MapPlan?, _ options: ReceiptOptions)
    -> Never
  {
    let from = source.source(isSparse: false).copy
    let to = targets.map { CopyTarget($0.opened.device, start: $0.operand.offset / 512, sectors: from.sectors) }
    maps?.apply(from, to)
    let toRead = left(from, to)
    let rest = to.map { $0.map.runs.reduce(0) { $0 + ($1.status.isOpen ? from.bytes(in: $1.sectors) : 0) } }
    if options.json {
      let list = zip(targets, rest).map { target, bytes in
        JSON.object([
          ("device", .string(target.stack.name)), ("bytes", .number(bytes)), ("direct", .bool(target.opened.isDirect)),
          ("exists", .bool(target.place == nil)),
        ])
      }
      let what = JSON.object([
        ("device", .string(source.opened.name)), ("bytes", .number(source.bytes)),
        ("bytes_left", .number(toRead)), ("direct", .bool(source.opened.isDirect)),
      ])
      let plan = JSON.object([
        ("schema", .number(Receipt.schema)), ("version", .string(toolVersion)), ("exit", .number(0)),
        ("dry_run", .bool(true)),
        ("source", what), ("targets", .array(list)),
      ])
      StandardStreams.output(plan.text + "\n")
    } else {
      StandardStreams.message(
        "\(source.opened.name): \(part(toRead, source.bytes)) would be read, \(way(source.opened))")
      for (index, target) in targets.enumerated() {
        let what = change(target, isKept: maps?.keeps(index) == true, rest[index], source.bytes)
        StandardStreams.message("\(target.stack.name): \(what), \(way(target.opened))")
      }
    }
    Main.end(.good)
  }

  /// Bytes of the source that some target lacks, and that are not known to be unreadable.
  private static func left(_ source: CopySource, _ targets: [CopyTarget]) -> UInt64 {
    // Here done means that somebody wants it.
    var wanted = SectorMap(sectors: source.sectors)
    for target in targets { for run in target.map.runs where run.status.isOpen { wanted.mark(run.sectors, .done) } }
    for run in source.map.runs where run.status == .bad { wanted.mark(run.sectors, .untried) }
    return wanted.runs.reduce(0) { $0 + ($1.status == .done ? source.bytes(in: $1.sectors) : 0) }
  }

  private static func change(_ target: TargetOperand, isKept: Bool, _ rest: UInt64, _ all: UInt64) -> String {
    if isKept { return "\(part(rest, all)) would be written" }
    let kind =
      target.place != nil ? "would be created" : target.isWholeFile ? "would be overwritten" : "would be written to"
    return "\(kind), \(ByteSize(bytes: rest))"
  }

  private static func part(_ some: UInt64, _ all: UInt64) -> String {
    some == all ? "\(ByteSize(bytes: all))" : "\(ByteSize(bytes: some)) of \(ByteSize(bytes: all))"
  }

  private static func way(_ opened: OpenDevice) -> String {
    opened.isDirect ? "direct" : "buffered: \(opened.directReason)"
  }
}
