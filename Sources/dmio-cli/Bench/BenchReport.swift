internal import DMIO
internal import DMIONames

/// The result of a bench for programs and for people.
extension BenchResult {
  /// One JSON object.
  var json: JSON {
    .object(
      [
        ("schema", .number(Receipt.schema)), ("version", .string(toolVersion)),
        ("exit", .number(UInt64(exit.rawValue))),
        ("device", .string(device.name)), ("operation", .string(plan.operation.rawValue)),
        ("block_size", .number(UInt64(plan.blockBytes))), ("depth", .number(UInt64(plan.depth))),
        ("regions", .number(UInt64(plan.regions))), ("memory", .string(plan.memory.rawValue)),
        ("door", .string(plan.door.rawValue)), ("threads", .number(UInt64(plan.threads))),
        ("shared", .bool(plan.isShared)), ("direct", .bool(device.isDirect)),
        ("direct_reason", .string(device.directReason)),
        ("engine", .string(engines.engine.kind.rawValue)), ("engine_reason", .string(engines.engine.reason)),
        ("lane", .string(engines.lane.kind.rawValue)), ("lane_reason", .string(engines.lane.reason)),
      ] + measured)
  }

  private var measured: [(String, JSON)] {
    [
      ("seconds", .decimal(seconds, 6)), ("ios", .number(UInt64(good))), ("iops", .decimal(requestsPerSecond, 1)),
      ("mib_per_s", .decimal(mebibytesPerSecond, 2)), ("cpu_ns_per_io", .decimal(cpuNanosecondsPerRequest, 2)),
      (
        "latency_us",
        .object([
          ("p50", .decimal(latency(0.5), 3)), ("p99", .decimal(latency(0.99), 3)),
          ("p999", .decimal(latency(0.999), 3)),
          ("max", .decimal(longest, 3)), ("samples", .number(samples)),
        ])
      ),
      ("errors", .number(UInt64(errors))),
      (
        "first_error",
        firstFailure.map {
          .object([
            ("device", .string(device.name)), ("sector", .number($0.sector)), ("errno", .string($0.errno.name)),
          ])
        } ?? .null
      ),
    ]
  }

  /// What was measured, in words.
  var title: String { "\(device.name): \(conditions)" }

  /// How it was measured, in words.
  var conditions: String {
    var parts = ["\(plan.operation.rawValue) \(ByteSize(bytes: UInt64(plan.blockBytes)))"]
    parts.append("depth \(plan.depth)")
    if plan.regions > 1 { parts.append("\(plan.regions) regions") }
    if plan.memory != .contiguous { parts.append(plan.memory == .list ? "page list" : "scattered") }
    parts.append("door \(plan.door.rawValue)")
    // Of memory, and in a blocking call, no engine need have a part.
    let isFile = device.report != nil
    if isFile, plan.door != .blocking { parts.append("engine \(engines.lane.kind.rawValue)") }
    parts.append(plan.threads == 1 ? "1 thread" : "\(plan.threads) threads")
    if plan.isShared { parts.append("shared client") }
    if isFile { parts.append(device.isDirect ? "direct" : "buffered") }
    return parts.joined(separator: ", ")
  }

  /// Lines for people.
  var text: String {
    var lines = [title]
    lines.append(
      "  \(grouped(requestsPerSecond)) I/O/s, \(grouped(mebibytesPerSecond)) MiB/s"
        + (cpuNanosecondsPerRequest.map { ", \(grouped($0)) ns of CPU an I/O" } ?? ""))
    if let p50 = latency(0.5), let p99 = latency(0.99), let p999 = latency(0.999), let longest {
      lines.append(
        "  latency in µs: p50 \(fixedPoint(p50, 2)), p99 \(fixedPoint(p99, 2)), p99.9 \(fixedPoint(p999, 2)), "
          + "max \(fixedPoint(longest, 2)) (of \(grouped(Double(samples))) samples)")
    }
    lines.append("  \(grouped(Double(good))) I/Os in \(fixedPoint(seconds, 3)) s, \(grouped(Double(errors))) errors")
    return lines.map { $0 + "\n" }.joined()
  }

  /// The first error in words, for standard error; nil when there was none.
  var errorMessage: String? {
    firstFailure.map {
      "\(device.name): \(errors) of \(good + errors) I/Os failed; the first at sector \($0.sector): \($0.errno.message)"
    }
  }
}

extension JSON {
  /// A number with so many digits behind the point.
  static func decimal(_ value: Double?, _ digits: Int) -> JSON {
    value.map { .literal(fixedPoint($0, digits)) } ?? .null
  }
}
