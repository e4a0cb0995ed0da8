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
        ("direct", .bool(source.opened.isDirect)),
      ])
      let plan = JSON.object([
        ("schema", .number(Receipt.schema)), ("version", .string(toolVersion)), ("exit", .number(0)),
        ("dry_run", .bool(true)),
        ("source", what), ("targets", .array(list)),
      ])
      StandardStreams.output(plan.text + "\n")
    } else {
      StandardStreams.message(
        "\(source.opened.name): \(ByteSize(bytes: source.bytes)) would be read, \(way(source.opened))")
      for (target, bytes) in zip(targets, rest) {
        let kind =
          target.place != nil ? "would be created" : target.isWholeFile ? "would be overwritten" : "would be written to"
        StandardStreams.message("\(target.stack.name): \(kind), \(ByteSize(bytes: bytes)), \(way(target.opened))")
      }
    }
    Main.end(.good)
  }

  private static func way(_ opened: OpenDevice) -> String {
    opened.isDirect ? "direct" : "buffered: \(opened.directReason)"
  }
}
