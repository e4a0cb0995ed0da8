import DMIO
import DMIOTestSupport
import Testing

/// Random requests against a model of the disks, many in flight at a time.
@Suite struct ModelTests {
  private static let ways = Way.all.filter { $0.door != .callback }

  @Test("random requests of every kind do what a model of the disks says", arguments: ways)
  func random(way: Way) throws {
    let model = try Model(way, Seeded("model, \(way)"))
    let end = ContinuousClock.now + .milliseconds(400)
    for round in 0..<1000 where round < 10 || ContinuousClock.now < end { try model.round() }
    model.finish()
    #expect(model.differences == [])
    #expect(model.requests >= 80)
  }
}

/// Several disks, what must be on them, and requests in flight on areas of their own.
// Why unchecked: used by the test's thread; each request in flight has memory and an area that nobody else has.
private final class Model: @unchecked Sendable {
  private static let sectors = 1024
  private static let areas = 8
  private var generator: Seeded
  private let rig: Rig
  private var disks: [Disk] = []
  private(set) var requests = 0
  private(set) var differences: [String] = []

  /// A disk with its truth: what it holds, and which sectors fail.
  private final class Disk {
    let watched: WatchedDisk
    let block: Int
    let bad: Range<Int>
    var bytes = [UInt8](repeating: 0, count: sectors * 512)

    init(block: Int, bad: Range<Int>, direct: Bool) throws {
      let rules = [DMIO.Operation.Kind.read, .write, .writeZeroes, .discard].map { kind in
        FaultPlan.Rule(operation: kind, start: UInt64(bad.lowerBound), count: UInt64(bad.count))
      }
      watched = try WatchedDisk(
        bytes: sectors * 512, pieceBytes: 16_384, discardSectors: 32, bad.isEmpty ? [] : rules, logicalBlock: block,
        direct: direct)
      self.block = block / 512
      self.bad = bad
    }
  }

  /// One request, and what it must come to.
  private struct Expectation {
    let text: String
    let memory: Bytes
    let before: [UInt8]
    let operation: DMIO.Operation
    let regions: [(disk: Int, start: Int, count: Int)]
  }

  init(_ way: Way, _ generator: Seeded) throws {
    self.generator = generator
    rig = try Rig(way, pages: [1, 2, 16][self.generator.below(3)])
    disks = [
      try Disk(block: 512, bad: 0..<0, direct: true), try Disk(block: 4096, bad: 0..<0, direct: true),
      try Disk(block: 512, bad: 300..<305, direct: true), try Disk(block: 4096, bad: 512..<520, direct: false),
    ]
  }

  /// As many requests as there are areas, in flight together where the door can do that.
  func round() throws {
    let width = Self.sectors / Self.areas
    var pending: [(Expectation, Pending)] = []
    for area in 0..<Self.areas {
      let expectation = make(area * width..<(area + 1) * width)
      let regions = expectation.regions.map { disks[$0.disk].watched.region($0.start, $0.count) }
      requests += 1
      if rig.way.door == .closure {
        pending.append((expectation, try rig.start(expectation.operation, regions, expectation.memory.memory)))
      } else {
        check(expectation, try rig.perform(expectation.operation, regions, expectation.memory.memory))
      }
    }
    for (expectation, pending) in pending {
      check(expectation, rig.wait(for: pending))
    }
  }

  private func make(_ area: Range<Int>) -> Expectation {
    let kind = DMIO.Operation.Kind.allCases[generator.below(5)]
    var flags: DMIO.Operation.Flags = []
    for flag in [DMIO.Operation.Flags.fua, .preflush, .sync] where generator.once(in: 10) { flags.insert(flag) }
    let order = disks.indices.shuffled(using: &generator)
    var regions: [(disk: Int, start: Int, count: Int)] = []
    for disk in order.prefix(kind == .read ? 1 : generator.below(4) + 1) {
      // Now and then one that does not fit the blocks of its disk.
      let unit = generator.once(in: 8) ? 1 : disks[disk].block
      let start = area.lowerBound + generator.below(area.count / unit) * unit
      regions.append((disk, start, generator.below((area.upperBound - start) / unit + 1) * unit))
    }
    let forms = Bytes.Form.all
    let memory = Bytes(forms[generator.below(forms.count)], count: max(512, (regions.map(\.count).max() ?? 0) * 512))
    memory.contents = pattern(memory.count, generator.next())
    let text = "\(kind) \(flags.rawValue) \(regions) \(memory.form)"
    return Expectation(
      text: text, memory: memory, before: memory.contents, operation: Operation(kind, flags), regions: regions)
  }

  /// Brings the model up to date with what the answer says, and notes what cannot be.
  private func check(_ expectation: Expectation, _ answer: Answer) {
    for (index, region) in expectation.regions.enumerated() {
      let isSet = answer.bits >> UInt64(index) & 1 == 1
      let expected = apply(expectation, region)
      if answer.failures[index] != expected || isSet != (expected != nil) {
        differences.append(
          "\(expectation.text): region \(index): \(String(describing: answer.failures[index])), not \(String(describing: expected))"
        )
      }
    }
    if expectation.operation.kind != .read, expectation.memory.contents != expectation.before {
      differences.append("\(expectation.text): the memory was changed")
    }
    if !expectation.memory.isGuardIntact {
      differences.append("\(expectation.text): bytes around the memory were changed")
    }
  }

  /// What one region does to the model; the failure that it has to have.
  private func apply(_ expectation: Expectation, _ region: (disk: Int, start: Int, count: Int)) -> RegionFailure? {
    let disk = disks[region.disk]
    let kind = expectation.operation.kind
    guard kind != .flush, region.count > 0 else { return nil }
    let isFitting = (region.start | region.count) % disk.block == 0
    var failure = isFitting ? nil : RegionFailure(errno: .EINVAL, sector: UInt64(region.start))
    var read = [UInt8](repeating: 0, count: region.count * 512)
    for piece in isFitting ? pieces(of: expectation, region) : [] {
      guard !piece.overlaps(disk.bad) else {
        let here = RegionFailure(errno: .EIO, sector: UInt64(piece.lowerBound))
        failure = failure ?? here
        continue
      }
      let (onDisk, inMemory) = (
        piece.lowerBound * 512..<piece.upperBound * 512, (piece.lowerBound - region.start) * 512
      )
      switch kind {
      case .read: read.replaceSubrange(inMemory..<inMemory + onDisk.count, with: disk.bytes[onDisk])
      case .write:
        disk.bytes.replaceSubrange(onDisk, with: expectation.before[inMemory..<inMemory + onDisk.count])
      default: disk.bytes.replaceSubrange(onDisk, with: repeatElement(0, count: onDisk.count))
      }
    }
    if kind == .read, Array(expectation.memory.contents.prefix(read.count)) != read {
      differences.append("\(expectation.text): other bytes were read")
    }
    let found = disk.watched.contents(region.start, region.count)
    if found != Array(disk.bytes[region.start * 512..<(region.start + region.count) * 512]) {
      differences.append("\(expectation.text): other bytes are on disk \(region.disk)")
    }
    return failure
  }

  /// The pieces that the disk was given last for this region, in order; they have to cover it.
  private func pieces(
    of expectation: Expectation, _ region: (disk: Int, start: Int, count: Int)
  ) -> [Range<Int>] {
    var open = region.start..<region.start + region.count
    var found: [Range<Int>] = []
    for operand in disks[region.disk].watched.operands.reversed() where !open.isEmpty {
      let piece = Int(operand.sector)..<Int(operand.sector + operand.count)
      guard operand.kind == expectation.operation.kind, piece.upperBound == open.upperBound, !piece.isEmpty else {
        continue
      }
      found.append(piece)
      open = open.lowerBound..<piece.lowerBound
    }
    if !open.isEmpty { differences.append("\(expectation.text): nothing was sent for \(open) of disk \(region.disk)") }
    return found.reversed()
  }

  /// Compares every byte of every disk.
  func finish() {
    rig.client.close()
    for (index, disk) in disks.enumerated() where disk.watched.contents(0, Self.sectors) != disk.bytes {
      differences.append("disk \(index) holds something else in the end")
    }
  }
}
