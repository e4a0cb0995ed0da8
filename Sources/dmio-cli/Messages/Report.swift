internal import DMIO
internal import DMIOCopy
internal import DMIONames

/// A receipt in words, on standard error.
enum Report {
  /// Extents that are told for one device; the receipt in JSON has all.
  private static let extents = 20

  /// Tells what went wrong, for every reader.
  static func tellFailures(_ receipt: Receipt) {
    tell(receipt.source.copy.holes.list, receipt.source.name, "read")
    if receipt.source.copy.isGone {
      StandardStreams.message(
        "\(receipt.source.name): is gone; put it back, and with --map the copy goes on where it was with --resume")
    }
    for target in receipt.targets {
      let extents = target.copy.failed
      if let (errno, step) = target.copy.settling.error {
        StandardStreams.message("\(target.name): \(step): \(errno.message)")
      } else {
        tell(
          extents.filter { $0.errno != nil && $0.errno != .EBADMSG }, target.name,
          receipt.terms.isComparison ? "read" : "write")
        tell(target.copy.mismatches.list, target.name)
      }
      tellUntried(extents.filter { $0.errno == nil }, target.name)
    }
    if let now = receipt.source.copy.bytesNow(), receipt.source.isToTheEnd {
      let end = receipt.source.copy.start * 512 + receipt.source.copy.bytes
      if now > end {
        StandardStreams.message("\(receipt.source.name): has grown; the \(now - end) bytes added were not copied")
      }
    }
    if Interrupts.areWanted { StandardStreams.message("interrupted") }
  }

  /// Tells how it ended, for people: a line for each device.
  static func tellSummary(_ receipt: Receipt) {
    let source = receipt.source
    var lines = [
      "\(source.name): \(ByteSize(bytes: source.copy.bytes)) in \(receipt.seconds) s (\(receipt.engine.kind.rawValue)), "
        + way(source.isDirect, source.directReason)
        + (source.copy.holes.isEmpty ? "" : ", with holes")
    ]
    for target in receipt.targets where receipt.terms.isComparison {
      let state =
        target.copy.isGood ? "the same" : target.copy.mismatches.isEmpty ? "not compared as a whole" : "DIFFERS"
      lines.append("\(target.name): \(state), \(way(target.isDirect, target.directReason))")
    }
    for target in receipt.targets where !receipt.terms.isComparison {
      let state = target.copy.isGood ? "good" : target.firstFailure == nil ? "not complete" : "FAILED"
      let flushed = target.copy.settling.isFlushed ? "flushed" : "not flushed"
      lines.append(
        "\(target.name): \(state), \(ByteSize(bytes: target.copy.bytesWritten)) written, \(flushed), "
          + way(target.isDirect, target.directReason))
    }
    StandardStreams.error(lines.map { "dmio: \($0)\n" }.joined())
  }

  private static func way(_ isDirect: Bool, _ reason: String) -> String {
    isDirect ? "direct" : "buffered: \(reason)"
  }

  static func tell(_ extents: [Extent], _ name: String, _ operation: String) {
    for extent in extents.prefix(Report.extents) {
      let why = extent.errno?.message ?? "not tried"
      StandardStreams.message("\(name): sector \(extent.sector) (+\(extent.count)): \(operation): \(why)")
    }
    if extents.count > Report.extents {
      StandardStreams.message("\(name): and \(extents.count - Report.extents) more extents; --json lists all")
    }
  }

  private static func tell(_ mismatches: [Extent], _ name: String) {
    for extent in mismatches.prefix(Report.extents) {
      StandardStreams.message("\(name): sector \(extent.sector) (+\(extent.count)): differs from the source")
    }
    if mismatches.count > Report.extents {
      StandardStreams.message("\(name): and \(mismatches.count - Report.extents) more extents differ; --json lists all")
    }
  }

  private static func tellUntried(_ extents: [Extent], _ name: String) {
    guard let first = extents.first else { return }
    let sectors = extents.reduce(0) { $0 + $1.count }
    StandardStreams.message("\(name): \(sectors) sectors from sector \(first.sector) on were not tried")
  }
}
