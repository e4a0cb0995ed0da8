internal import DMIO
internal import DMIOCopy
internal import DMIONames

/// A receipt in words, on standard error.
enum Report {
  /// Extents that are told for one device; the receipt in JSON has all.
  private static let extents = 20

  /// Tells what went wrong, for every reader.
  ///
  /// - Parameter hasMaps: The run can be gone on with.
  static func tellFailures(_ receipt: Receipt, hasMaps: Bool = false) {
    tell(receipt.source.copy.holes.list, receipt.source.name, "read")
    if receipt.source.copy.isGone { tellGone(receipt.source.name) }
    for target in receipt.targets { tellFailures(target, isComparison: receipt.terms.isComparison) }
    tellSize(receipt)
    if receipt.terms.isInterrupted {
      StandardStreams.message("interrupted" + (hasMaps ? "; --resume goes on with it" : ""))
    }
  }

  private static func tellFailures(_ target: Target, isComparison: Bool) {
    let copy = target.copy
    tell(copy.failures(by: .write), target.name, "write")
    tell(copy.failures(by: .read), target.name, "read")
    tell(copy.failures(by: .readBack), target.name, isComparison ? "read" : "read back")
    tell(copy.failures(by: .earlier), target.name, "failed before")
    tell(copy.mismatches, target.name)
    if let (errno, step) = copy.settling.error {
      StandardStreams.message("\(target.name): \(step): \(errno.message)")
    }
    let isGone = [.write, .readBack, .flush].contains { copy.failures(by: $0).contains { $0.errno?.saysGone == true } }
    if isGone, !isComparison { tellGone(target.name) }
    tellUntried(target)
  }

  private static func tellGone(_ name: String) {
    StandardStreams.message(
      "\(name): is gone; put it back, and with --map the copy goes on where it was with --resume")
  }

  /// Tells that the source's file is not as long any more as it was at the start.
  private static func tellSize(_ receipt: Receipt) {
    let source = receipt.source
    guard let now = source.copy.bytesNow() else { return }
    let end = source.copy.start * 512 + source.copy.bytes
    if now < end {
      let gone = min(end - now, source.copy.bytes)
      StandardStreams.message("\(source.name): has shrunk: the last \(gone) bytes that were to be read are gone")
    }
    // A copy behind the source, into the same file, makes it longer itself.
    let isOurs = receipt.targets.contains { $0.copy.device.isFile(of: source.copy.device) }
    if now > end, source.isToTheEnd, !isOurs {
      let what = receipt.terms.isComparison ? "compared" : "copied"
      StandardStreams.message("\(source.name): has grown; the \(now - end) bytes added were not \(what)")
    }
  }

  /// Tells how it ended, for people: a line for each device.
  static func tellSummary(_ receipt: Receipt) {
    let source = receipt.source
    var lines = [
      "\(source.name): \(ByteSize(bytes: source.copy.bytes))\(part(receipt)) in \(receipt.seconds) s (\(receipt.engine.kind.rawValue)), "
        + way(source.isDirect, source.directReason)
        + (source.copy.holes.isEmpty ? "" : ", with holes")
    ]
    if let hash = receipt.terms.sha256 {
      let zeros = source.copy.holes.isEmpty ? "" : " (with zeros for what could not be read)"
      lines.append("sha256 \(hash)  \(source.name)\(zeros)")
    }
    for target in receipt.targets where receipt.terms.isComparison {
      let state =
        target.copy.isGood ? "the same" : target.copy.mismatches.isEmpty ? "not compared as a whole" : "DIFFERS"
      lines.append("\(target.name): \(state), \(way(target.isDirect, target.directReason))")
    }
    for target in receipt.targets where !receipt.terms.isComparison {
      let state = target.copy.isGood ? "good" : target.firstFailure == nil ? "not complete" : "FAILED"
      let flushed = target.copy.settling.isFlushed ? "flushed" : "not flushed"
      let verified = target.copy.isGood && target.copy.wasVerified ? "verified, " : ""
      lines.append(
        "\(target.name): \(state), \(ByteSize(bytes: target.copy.bytesWritten)) written, \(flushed), \(verified)"
          + way(target.isDirect, target.directReason))
    }
    StandardStreams.error(lines.map { "dmio: \($0)\n" }.joined())
  }

  /// How much of it was read, where that is not all.
  private static func part(_ receipt: Receipt) -> String {
    let source = receipt.source.copy
    guard receipt.terms.isInterrupted else { return "" }
    return ", of which \(ByteSize(bytes: min(source.bytesRead, source.bytes))) were read,"
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

  private static func tellUntried(_ target: Target) {
    let extents = target.copy.failed.filter { $0.errno == nil }
    guard let first = extents.first else { return }
    let sectors = extents.reduce(0) { $0 + $1.count }
    // Of what was written to a target that failed since then nobody knows.
    var state = "not tried"
    if target.copy.bytesWritten > 0, target.copy.wasVerified { state += ", or not read back" }
    if target.copy.wasTakenBack { state += ", or not flushed" }
    let count =
      sectors == 1
      ? "1 sector from sector \(first.sector) on was" : "\(sectors) sectors from sector \(first.sector) on were"
    StandardStreams.message("\(target.name): \(count) \(state)")
  }
}
