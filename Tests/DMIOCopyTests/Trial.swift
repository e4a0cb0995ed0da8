internal import DMIO
internal import DMIOCopy
internal import DMIOTestSupport
internal import Testing

/// A copy that a test carries out on its own thread.
final class Trial {
  let client: BlockClient
  let reserve: Reserve
  let source: CopySource
  let targets: [CopyTarget]
  let run: CopyRun
  /// The ranges that were told of, each with its bytes; nil: zeros.
  private(set) var told: [(range: Range<UInt64>, bytes: [UInt8]?)] = []

  /// A copy of `source` to `targets` in small chunks. Chunks beyond those come from elsewhere than the client's own pages.
  init(
    _ source: CopySource, _ targets: [CopyTarget], chunks: Int = 4, chunkBytes: Int = 64 << 10,
    readsBack: Bool = false, engine: EngineChoice = .threads, throttle: CopyThrottle? = nil,
    tells: Bool = false, _ change: (inout CopyPolicy) -> Void = { _ in }
  ) throws {
    let pages = (chunks + (readsBack ? 4 : 0)) * chunkBytes / Limits.pageBytes
    client = try BlockClient(pages: 64, kind: .driven, engine: engine, registeredPages: pages)
    reserve = try Reserve(client, chunks: chunks, chunkBytes: chunkBytes, readsBack: readsBack)
    var policy = CopyPolicy()
    change(&policy)
    self.source = source
    self.targets = targets
    run = CopyRun(reserve, source, targets, policy, throttle: throttle)
    guard tells else { return }
    run.onBytes = { [unowned self] range, chunk in
      let count = Int(source.bytes(in: range))
      guard let chunk else {
        told.append((range, nil))
        return .taken
      }
      let place = Int(range.lowerBound - chunk.range.lowerBound) * Limits.sectorBytes
      told.append((range, unsafe chunk.withBytes(place..<place + count) { unsafe Array($0) }))
      return .taken
    }
  }

  /// Moves the copy until it is over, or `isReached` holds. Time is looked at only while nothing completes.
  ///
  /// - Parameter serve: Answers for devices what they hold; true when that was something.
  func go(until isReached: () -> Bool = { false }, serve: () -> Bool = { false }) throws {
    while !isReached(), !run.step() {
      let isServed = serve()
      if try client.poll(waitMilliseconds: 10) == 0, !isServed, !serve() { run.tick() }
    }
  }

  /// Carries it out to its end, and ends what a device still holds.
  func finish() throws {
    try go()
    end()
  }

  /// All targets hold everything.
  var isGood: Bool { targets.allSatisfy { $0.isGood } }

  /// Gives up the devices, so that what they hold is answered.
  func end() {
    run.closeDevices()
    client.close()
  }
}

extension CopySource {
  /// All sectors of a device.
  convenience init(_ device: BlockDevice) { self.init(device: device, start: 0, bytes: device.geometry.bytes) }
}

extension CopyTarget {
  /// All sectors of a device, or the first of them.
  convenience init(_ device: BlockDevice, sectors: Int? = nil, _ zeros: Zeros = .written) {
    self.init(device, start: 0, sectors: sectors.map(UInt64.init) ?? device.geometry.sectors, zeros: zeros)
  }
}

/// Hands out copies of the same bytes: `count` disks that a test copies to.
func disks(_ count: Int, _ sectors: Int, block: Int = 512) -> [Disk] {
  (0..<count).map { Disk(sectors, pattern(sectors * 512, 1000 + UInt64($0)), block: block) }
}

/// Checks that map, failures and data of a target agree: every sector that its map calls done holds `expected`, and every other
/// one is in its list of failures.
func check(
  _ target: CopyTarget, _ disk: Disk, _ expected: [UInt8], at location: SourceLocation = #_sourceLocation
) {
  let bytes = disk.bytes
  let failed = target.failed
  for run in target.map.runs {
    let sectors = Int(run.sectors.lowerBound)..<Int(run.sectors.upperBound)
    let listed = failed.filter { $0.sectors.overlaps(run.sectors) }
    guard run.status == .done else {
      let covered = listed.reduce(0) { $0 + $1.sectors.clamped(to: run.sectors).count }
      #expect(covered == sectors.count, "sectors \(sectors) failed, and are not listed", sourceLocation: location)
      continue
    }
    #expect(listed.isEmpty, "sectors \(sectors) are done, and listed as failed", sourceLocation: location)
    let end = min(sectors.upperBound * 512, expected.count)
    let range = min(sectors.lowerBound * 512, end)..<end
    #expect(
      Array(bytes[range]) == Array(expected[range]), "sectors \(sectors) are done, and differ", sourceLocation: location
    )
  }
}

/// Checks that map and holes of a source agree, and returns what its targets ought to hold.
func expected(
  _ source: CopySource, _ disk: Disk, at location: SourceLocation = #_sourceLocation
) -> [UInt8] {
  var bytes = disk.bytes
  let bad = source.map.runs.filter { $0.status == .bad }.map(\.sectors)
  // Extents of different errors may be neighbours, runs of one status never are.
  var holes: [Range<UInt64>] = []
  for hole in source.holes.list.map(\.sectors) {
    if let last = holes.last, last.upperBound == hole.lowerBound {
      holes[holes.count - 1] = last.lowerBound..<hole.upperBound
    } else {
      holes.append(hole)
    }
  }
  #expect(holes == bad, "the map and the holes of the source", sourceLocation: location)
  for hole in holes { bytes = zeroed(bytes, Int(hole.lowerBound)..<Int(hole.upperBound)) }
  return bytes
}
