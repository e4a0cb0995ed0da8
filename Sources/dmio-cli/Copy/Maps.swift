internal import DMIO
internal import DMIOCopy

/// The maps of a run on their way to the disk: what they call done is on its device, flushed, before they say so.
///
/// Now and then each target's map is taken aside, the target is flushed, and what was taken aside is written. The source's map
/// is written first: wherever a target holds zeros because the source could not be read, it says so.
final class Maps {
  private let folder: MapFolder
  private let source: Source
  private let targets: [Target]
  /// Nil for a source that is gone, and of which no map says what it was.
  private let identities: (source: DeviceIdentity?, targets: [DeviceIdentity])
  private let interval: Duration
  private var lastSave = ContinuousClock.now
  /// What is known to be on each target, flushed.
  private var durable: [SectorMap]
  /// The targets whose flush is under way: one that hangs holds up its own map only.
  private var flushing: Set<Int> = []
  /// For each target: all that its map calls done was read back.
  var isVerified: [Bool]
  /// The first map that could not be written.
  private(set) var failure: Refusal?

  init(
    _ folder: MapFolder, _ source: Source, _ targets: [Target],
    identities: (source: DeviceIdentity?, targets: [DeviceIdentity]), interval: Duration
  ) {
    self.folder = folder
    self.source = source
    self.targets = targets
    self.identities = identities
    self.interval = interval
    durable = targets.map(\.copy.map)
    isVerified = targets.map { _ in false }
  }

  /// How long to wait for the next look.
  var milliseconds: Int { max(1, Int(interval / .milliseconds(1))) }

  /// Writes all maps as they are: before the first byte is copied. New ones go again when that fails.
  func begin(isNew: Bool) throws(Refusal) {
    try folder.create()
    var written: [Int?] = []
    do throws(Refusal) {
      for index in [nil] + targets.indices.map({ Optional($0) }) {
        try write(index)
        written.append(index)
      }
    } catch {
      if isNew { written.forEach(folder.remove) }
      throw error
    }
  }

  /// Called now and then: saves when it is time.
  func tick(_ client: BlockClient) {
    guard failure == nil, ContinuousClock.now - lastSave >= interval else { return }
    lastSave = .now
    note { () throws(Refusal) in try write(nil) }
    for (index, target) in targets.enumerated()
    where target.copy.settling.step == .open && !target.copy.isStuck && !flushing.contains(index) {
      save(index, target.copy, client)
    }
    // One that was settled since then has been flushed.
    for index in targets.indices { settled(index) }
  }

  /// Writes the last state of all maps.
  func end() {
    note { () throws(Refusal) in try write(nil) }
    for (index, target) in targets.enumerated() {
      // What was not flushed is not known to be there, but what is known to be bad is.
      if !target.copy.settling.isFlushed { target.copy.takeBack(except: durable[index]) }
      for run in target.copy.map.runs where run.status == .bad { durable[index].mark(run.sectors, .bad) }
      settled(index)
      note { () throws(Refusal) in try write(index) }
    }
  }

  private func settled(_ index: Int) {
    let target = targets[index].copy
    guard target.settling.step == .over, target.settling.isFlushed || target.settling.error?.step == "flush" else {
      return
    }
    guard durable[index] != target.map else { return }
    durable[index] = target.map
    note { () throws(Refusal) in try write(index) }
  }

  private func save(_ index: Int, _ target: CopyTarget, _ client: BlockClient) {
    let aside = target.map
    guard aside != durable[index] else { return }
    flushing.insert(index)
    do {
      try client.submit(
        .flush, [Region(target.device, start: 0, count: 0)], .none,
        onThisThread: { [self] result in
          flushing.remove(index)
          if let failure = result.failure(of: 0) {
            target.isDropped = true
            return target.flushFailed(failure.errno)
          }
          durable[index] = aside
          note { () throws(Refusal) in try write(index) }
        })
    } catch {
      flushing.remove(index)
    }
  }

  private func note(_ work: () throws(Refusal) -> Void) {
    do throws(Refusal) { try work() } catch {
      if failure == nil { StandardStreams.message(error.message) }
      failure = failure ?? error
    }
  }

  private func write(_ target: Int?) throws(Refusal) {
    var map = MapFile(
      start: source.copy.start, byteCount: source.copy.bytes, sectors: target.map { durable[$0] } ?? source.copy.map)
    map.notes = notes(target)
    // In a target's map, too, sectors are those of the target.
    map.errnos = target.map { targets[$0].copy.failures.list } ?? source.copy.holes.list
    try folder.write(map, target)
  }

  private func notes(_ target: Int?) -> [MapFile.Note] {
    let name = target.map { targets[$0].name } ?? source.name
    let identity = target.map { identities.targets[$0] } ?? identities.source
    var notes = [MapFile.Note("device", name)]
    if let identity { notes.append(MapFile.Note("identity", identity.text)) }
    if let target {
      notes.append(MapFile.Note("start", "\(targets[target].copy.start)"))
      if isVerified[target] { notes.append(MapFile.Note("verified", "yes")) }
    }
    return notes
  }
}
