import Foundation
import Testing

/// Random copies over random bad sectors, compared with what a model says.
@Suite struct ModelTests {
  /// One random source or target.
  struct Disk {
    let block: UInt64
    let bad: [Range<UInt64>]

    init(sectors: UInt64, using generator: inout Seeded) {
      block = Bool.random(using: &generator) ? 1 : 8
      bad = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
        let first = UInt64.random(in: 0..<max(1, sectors), using: &generator)
        return first..<first + UInt64.random(in: 1...40, using: &generator)
      }
    }

    func plan(_ operation: String) -> String {
      let rules = bad.map { #"{"op":"\#(operation)","sectors":[\#($0.lowerBound),\#($0.count)]}"# }
      return #"{"geometry":{"logical_block":\#(block * 512)},"rules":[\#(rules.joined(separator: ","))]}"#
    }

    /// Whether a sector cannot be transferred: a bad one spoils its block.
    func isBad(_ sector: UInt64) -> Bool {
      let first = sector / block * block
      return bad.contains { $0.overlaps(first..<first + block) }
    }
  }

  @Test("a random copy is what the model says, sector by sector", arguments: 0..<8) func model(round: Int) throws {
    var generator = Seeded("ModelTests.model(\(round))", salt: UInt64(round))
    let folder = try TemporaryFolder()
    let size = Int.random(in: 0...(6 << 20), using: &generator)
    let sectors = UInt64(size + 511) / 512
    var expected = try folder.make("source", pattern(size, seed: generator.next()))
    let source = Disk(sectors: sectors, using: &generator)
    let targets = (0..<Int.random(in: 1...4, using: &generator)).map { _ in Disk(sectors: sectors, using: &generator) }
    try folder.make("source.plan", source.plan("read"))
    for (index, target) in targets.enumerated() { try folder.make("\(index).plan", target.plan("write")) }
    let engine = engines.randomElement(using: &generator) ?? "auto"
    let run = try Tool.run(
      ["copy", "--json", "--engine", engine, "fault:source.plan,source"]
        + targets.indices.map { "fault:\($0).plan,target-\($0)" }, in: folder)
    let receipt = try run.receipt
    for sector in 0..<sectors {
      let isHole = receipt.source.holes.contains { $0.sectors.contains(sector) }
      try #require(isHole == source.isBad(sector), "sector \(sector) of the source")
      if isHole { for byte in Int(sector) * 512..<min(size, Int(sector + 1) * 512) { expected[byte] = 0 } }
    }
    for (index, target) in targets.enumerated() {
      try check(receipt.targets[index], target, try folder.bytes("target-\(index)"), expected)
    }
    let good = receipt.targets.count { $0.ok }
    let isWhole = receipt.source.holes.isEmpty
    #expect(run.exit == (good == 0 ? 5 : good < targets.count ? 3 : isWhole ? 0 : 4), "\(run.error)")
  }

  private func check(_ receipt: Receipt.Target, _ target: Disk, _ written: [UInt8], _ expected: [UInt8]) throws {
    let sectors = UInt64(expected.count + 511) / 512
    var listed: UInt64 = 0
    for sector in 0..<sectors {
      let range = Int(sector) * 512..<min(expected.count, Int(sector + 1) * 512)
      if let extent = receipt.failed.first(where: { $0.sectors.contains(sector) }) {
        listed += UInt64(range.count)
        // Never tried, or really bad.
        try #require(extent.errno == nil || target.isBad(sector), "sector \(sector) of \(receipt.device)")
      } else {
        try #require(!target.isBad(sector), "bad sector \(sector) of \(receipt.device)")
        try #require(range.upperBound <= written.count && written[range] == expected[range], "sector \(sector)")
      }
    }
    #expect(receipt.bytesWritten + listed == UInt64(expected.count))
    #expect(receipt.ok == receipt.failed.isEmpty && receipt.ok == receipt.flushed)
    #expect(receipt.firstBadSector == receipt.failed.first { $0.errno != nil }?.sector)
    if receipt.ok { #expect(written.count == expected.count) }
  }
}

/// The same numbers for the same seed (SplitMix64); the seed is printed, and taken from DMIO_SEED when that is set.
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ test: String, salt: UInt64) {
    let seed = ProcessInfo.processInfo.environment["DMIO_SEED"].flatMap { UInt64($0) } ?? .random(in: 0 ... .max)
    print("\(test): DMIO_SEED=\(seed)")
    state = seed &+ salt &* 0x1234_5678_9ABC_DEF1
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
