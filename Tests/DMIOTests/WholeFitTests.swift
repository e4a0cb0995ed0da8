import Testing

@testable import DMIO

/// What may fly as one piece, held against the rules written plainly.
@Suite struct WholeFitTests {
  private let geometries = [
    Geometry(bytes: 1 << 20),
    Geometry(bytes: 8 << 20, logicalBlock: 4096, memoryAlignment: 512),
    Geometry(bytes: 8 << 20, isWritable: false),
    Geometry(bytes: (8 << 20) + 1536, logicalBlock: 4096),
    Geometry(bytes: 512),
    Geometry(bytes: 0),
    Geometry(bytes: Limits.deviceSectors * 512 - 512, pieceBytes: Limits.pieceBytesAtMost),
  ]

  private let operations = Operation.Kind.allCases.flatMap { kind in
    (UInt8(0)..<16).flatMap { flags in
      [IOPriority.none, .idle].map { Operation(kind, Operation.Flags(rawValue: flags), priority: $0) }
    }
  }

  private func sectors(of geometry: Geometry) -> [UInt64] {
    let most = geometry.sectors
    let piece = UInt64(geometry.pieceBytes / 512)
    let near: [UInt64] = [0, most, piece, most &- piece, Limits.deviceSectors, 1 << 55, 1 << 63]
    return near.flatMap { sector in [-8, -1, 0, 1, 8].map { sector &+ UInt64(bitPattern: Int64($0)) } }
  }

  private func fits(_ geometry: Geometry, _ start: UInt64, _ count: UInt64, _ address: UInt) -> Bool {
    let (end, isBeyond) = start.addingReportingOverflow(count)
    let block = UInt64(geometry.logicalBlock / 512)
    return count > 0 && !isBeyond && end <= geometry.sectors && count <= UInt64(geometry.pieceBytes / 512)
      && start % block == 0 && count % block == 0 && address % UInt(geometry.memoryAlignment) == 0
  }

  private func allows(_ geometry: Geometry, _ operation: Operation) -> Bool {
    operation.kind == .read || operation.kind == .write && geometry.isWritable
  }

  @Test("wherever a region lies, it fits where it ends on the device, is no longer than a piece, and is aligned")
  func regions() {
    for geometry in geometries {
      let fit = WholeFit(geometry)
      for start in sectors(of: geometry) {
        for count in sectors(of: geometry) {
          for address: UInt in [4096, 4097, 4608] {
            let expected = fits(geometry, start, count, address)
            #expect(
              fit.takes(.read, start, count, address) == expected
                && fit.takesPlain(.read, start, count, address) == expected,
              "\(geometry): \(start)+\(count) at \(address)")
          }
        }
      }
    }
  }

  @Test("reads fit, and writes where they are allowed; a plain one has no flag but SYNC, and any priority")
  func kinds() {
    for geometry in geometries where geometry.sectors >= 8 {
      let fit = WholeFit(geometry)
      for operation in operations {
        let isPlain = operation.flags.subtracting(.sync).isEmpty
        #expect(fit.takes(operation, 8, 8, 4096) == allows(geometry, operation), "\(operation)")
        #expect(fit.takesPlain(operation, 8, 8, 4096) == (allows(geometry, operation) && isPlain), "\(operation)")
        #expect(operation.isPlain == isPlain)
      }
    }
  }

  @Test("nothing fits where nothing is known") func nothing() {
    #expect(!WholeFit().takes(.read, 0, 1, 0) && !WholeFit().takesPlain(.read, 0, 0, 0))
  }
}
