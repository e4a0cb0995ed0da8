internal import DMIO
internal import DMIONames

/// The bytes that an operand means, on the file or device where they really are.
struct Whereabouts {
  enum Base: Hashable {
    case file(device: UInt64, inode: UInt64)
    case block(UInt64)
    /// A file that does not exist yet, by its directory.
    case name(device: UInt64, inode: UInt64, [UInt8])
  }

  let name: String
  let base: Base
  let range: Range<UInt64>

  private init(name: String, base: Base, range: Range<UInt64>) {
    self.name = name
    self.base = base
    self.range = range
  }

  /// Nil for what has its bytes nowhere else: memory.
  private init?(_ name: String, _ opened: OpenDevice, _ range: Range<UInt64>) {
    guard let report = opened.report else { return nil }
    let (base, start) = Whereabouts.resolve(
      report.isBlockDevice
        ? .block(report.special) : .file(device: report.identity.device, inode: report.identity.inode))
    let moved = range.lowerBound.addingSaturated(start)..<range.upperBound.addingSaturated(start)
    self.init(name: name, base: base, range: moved)
  }

  /// A loop device over a file, a partition of a disk: what counts is where the bytes end up, and from which byte on.
  static func resolve(_ base: Base) -> (base: Base, start: UInt64) {
    var (base, start) = (base, UInt64(0))
    while case .block(let special) = base {
      let numbers = BlockNumbers(special)
      if let backing = numbers.backing {
        base = backing.base
        start = start.addingSaturated(backing.bytes)
      } else if let disk = numbers.disk {
        base = .block(disk.special)
        start = start.addingSaturated(disk.bytes)
      } else {
        break
      }
    }
    return (base, start)
  }

  init?(of source: SourceOperand) {
    // An empty region still means its file.
    let end = source.offset + max(1, (source.bytes + 511) / 512 * 512)
    self.init(source.opened.name, source.opened, source.offset..<end)
  }

  init?(of target: TargetOperand) {
    let offset = target.operand.offset
    let deviceEnd = target.opened.isRegularFile ? UInt64.max : target.opened.bytes
    let end = target.isWholeFile ? .max : target.operand.size.map { offset + $0 } ?? deviceEnd
    let range = min(offset, end)..<max(end, offset.addingSaturated(1))
    if let place = target.place {
      let folder = place.directoryStatus
      let base = Base.name(device: folder.device, inode: folder.inode, place.name)
      self.init(name: target.stack.name, base: base, range: range)
    } else {
      self.init(target.stack.name, target.opened, range)
    }
  }

  func overlaps(_ other: Whereabouts) -> Bool { base == other.base && range.overlaps(other.range) }

  /// Refuses a source that would be written to, and targets that would overwrite each other.
  static func refuseOverlaps(_ source: SourceOperand?, _ targets: [TargetOperand]) throws(Refusal) {
    let source = source.flatMap { Whereabouts(of: $0) }
    var seen: [Whereabouts] = []
    for target in targets {
      guard let extent = Whereabouts(of: target) else { continue }
      if let source, source.overlaps(extent) {
        throw Refusal("\(extent.name): is the source (\(source.name)), or overlaps it")
      }
      if let other = seen.first(where: { $0.overlaps(extent) }) {
        throw Refusal("\(extent.name): is a target already (\(other.name)), or overlaps one")
      }
      seen.append(extent)
    }
  }
}

extension UInt64 {
  func addingSaturated(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
