internal import DMIO
internal import DMIONames

/// What there is to say about an opened device, whatever its kind.
struct DeviceFacts {
  private let opened: OpenDevice
  private let laneReport: EngineReport

  init(_ opened: OpenDevice, _ client: BlockClient) {
    self.opened = opened
    laneReport = client.lane(of: opened.innermost)
  }

  /// What it is, and the way to it.
  var facts: [Fact] {
    let geometry = opened.device.geometry
    let (discard, writeZeroes) = (geometry.discardSectors > 0, geometry.writeZeroesSectors > 0)
    return [
      Fact("device", opened.name, ("device", .string(opened.name))), Fact("kind", kind, ("kind", .string(kind))),
      Fact(
        "size", "\(opened.bytes) bytes (\(ByteSize(bytes: opened.bytes)))", ("bytes", .number(opened.bytes))),
      Fact(
        "logical block", "\(geometry.logicalBlock) bytes", ("logical_block", .number(UInt64(geometry.logicalBlock)))),
      Fact(
        "memory alignment", "\(geometry.memoryAlignment) bytes",
        ("memory_alignment", .number(UInt64(geometry.memoryAlignment)))),
      Fact("discard", discard ? "yes" : "no", ("discard", .bool(discard))),
      Fact("write zeroes", writeZeroes ? "yes" : "no", ("write_zeroes", .bool(writeZeroes))),
      Fact(
        "direct", "\(opened.isDirect ? "on" : "off"): \(opened.directReason)", ("direct", .bool(opened.isDirect)),
        ("direct_reason", .string(opened.directReason))),
    ]
  }

  /// Which engine carries out its I/O.
  var lane: Fact {
    Fact(
      "lane", "\(laneReport.kind.rawValue): \(laneReport.reason)", ("lane", .string(laneReport.kind.rawValue)),
      ("lane_reason", .string(laneReport.reason)))
  }

  private var kind: String {
    opened.report.map { $0.isBlockDevice ? "block device" : "file" } ?? "memory"
  }
}
