internal import DMIO
internal import DMIOCopy
internal import DMIONames

/// What an earlier run left in its maps, checked against the devices of this one. Nothing is changed here.
struct Resuming {
  private let folder: MapFolder
  private let source: MapFile?
  private let targets: [MapFile?]
  /// Bytes that there are of each target's part of the copy, where there are fewer than there will be.
  private var lengths: [UInt64?] = []
  /// The maps are about memory that is gone, or there are none: the copy begins at its beginning.
  var isFresh: Bool { source == nil && targets.allSatisfy { $0 == nil } }

  /// Reads the maps of a run over `count` targets, and refuses those of another.
  init(_ folder: MapFolder, _ source: SourceOperand, _ targets: [TargetOperand]) throws(Refusal) {
    self.folder = folder
    let map = try folder.read(nil)
    self.source = map
    if let map {
      let opened = source.absent == nil ? source.opened : nil
      try Resuming.check(map, folder.name(of: nil), opened, source.offset, source.bytes)
    }
    var maps: [MapFile?] = []
    for (index, target) in targets.enumerated() {
      maps.append(try Resuming.map(folder, index, target, source))
      lengths.append(target.isWholeFile && target.bytesBefore < source.bytes ? target.bytesBefore : nil)
    }
    self.targets = maps
    let isDone = maps.contains { $0.map(\.saysDone) ?? false }
    if let map, isDone, source.absent == nil, map.note("identity") == nil {
      throw Resuming.nameless(folder.name(of: nil), source.opened.name, [DeviceIdentity.of(source.opened).note])
    }
    if map == nil, let index = maps.firstIndex(where: { $0 != nil }) {
      throw Refusal(
        "\(folder.name(of: nil)): is missing beside \(folder.name(of: index)), so that nobody knows what could not be read; put it back, or remove all maps to start over"
      )
    }
    if try folder.read(targets.count) != nil {
      throw Refusal(
        "\(folder.name(of: targets.count)): there is no such target; name the targets that the maps are about, in their order"
      )
    }
  }

  /// True when the target's file is to be kept as it is.
  func keeps(_ target: Int) -> Bool { targets[target] != nil }

  /// All that is done of a target was read back.
  func isVerified(_ target: Int) -> Bool {
    targets[target].map { $0.note("verified") != nil || !$0.saysDone } ?? true
  }

  /// Refuses to read back the rest alone.
  func refuseUnverified() throws(Refusal) {
    guard let unverified = targets.indices.first(where: { !isVerified($0) }) else { return }
    throw Refusal(
      "\(folder.name(of: unverified)): what it calls done was not read back; leave out --verify, and use dmio verify afterwards"
    )
  }

  /// Some sectors are open in no target's map, so that nobody is going to read them.
  var leavesOut: Bool {
    var next: UInt64 = 0
    while let sectors = targets.first??.sectors.sectors, next < sectors {
      // A target without a map wants everything.
      let wanted = targets.compactMap { $0 == nil ? next..<sectors : $0?.sectors.first(from: next, where: \.isOpen) }
      guard let end = wanted.filter({ $0.contains(next) }).map(\.upperBound).max() else { return true }
      next = end
    }
    return false
  }

  /// Notes what the maps know.
  func apply(_ source: CopySource, _ targets: [CopyTarget]) {
    if let map = self.source {
      source.map = map.sectors
      for run in source.map.runs where run.status == .bad { source.note(run.sectors, map.errnos) }
    }
    for (target, map) in zip(targets, self.targets) {
      guard let map else { continue }
      target.map = map.sectors
      for run in target.map.runs where run.status == .bad { target.note(run.sectors, map.errnos) }
    }
    for (index, target) in targets.enumerated() { distrust(source, target, index) }
    // What the source did not give as it was gone, or hung, was no bad sector, though the targets may hold zeros there.
    for extent in source.holes.list where extent.errno?.mayPass == true {
      let sectors = extent.sector - source.start..<extent.end - source.start
      source.forget(sectors)
      for target in targets { target.reopen(sectors) }
    }
  }

  /// Has done again what cannot be done: what nobody read, and what lies behind a file's end; and tries what may be over.
  private func distrust(_ source: CopySource, _ target: CopyTarget, _ index: Int) {
    for run in source.map.runs where run.status.isOpen { target.reopen(run.sectors) }
    for extent in target.failures.list where extent.errno?.mayPass == true {
      target.reopen(extent.sector - target.start..<extent.end - target.start)
    }
    guard let length = lengths[index] else { return }
    let lost = length / 512 / target.block * target.block..<target.map.sectors
    guard !lost.isEmpty else { return }
    if target.map.runs(in: lost).contains(where: { $0.status == .done }) {
      StandardStreams.message(
        "\(target.device.name): ends after \(length) bytes; what its map calls done behind that is copied again")
    }
    target.reopen(lost)
  }
}

extension CopySource {
  fileprivate func note(_ sectors: Range<UInt64>, _ errnos: [Extent]) {
    for (range, errno) in errnos.cover(start + sectors.lowerBound..<start + sectors.upperBound) {
      addHole(range.lowerBound - start..<range.upperBound - start, errno)
    }
  }
}

extension CopyTarget {
  fileprivate func note(_ sectors: Range<UInt64>, _ errnos: [Extent]) {
    for (range, errno) in errnos.cover(start + sectors.lowerBound..<start + sectors.upperBound) {
      let range = range.lowerBound - start..<range.upperBound - start
      if errno == .EBADMSG { addMismatch(range) } else { addFailure(range, errno, by: .earlier) }
    }
  }
}

extension [Extent] {
  /// Cuts sectors into parts with the errno that was noted for each; EIO where none was.
  fileprivate func cover(_ sectors: Range<UInt64>) -> [(Range<UInt64>, Errno)] {
    var parts: [(Range<UInt64>, Errno)] = []
    var next = sectors.lowerBound
    for extent in sorted(by: { $0.sector < $1.sector }) where extent.end > next && extent.sector < sectors.upperBound {
      if extent.sector > next { parts.append((next..<extent.sector, .EIO)) }
      let begin = Swift.max(next, extent.sector)
      next = Swift.min(extent.end, sectors.upperBound)
      parts.append((begin..<next, extent.errno ?? .EIO))
    }
    if next < sectors.upperBound { parts.append((next..<sectors.upperBound, .EIO)) }
    return parts
  }
}
