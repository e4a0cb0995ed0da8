/// What a region has to fit to be one piece of a file: the limits of a device, made ready for comparing.
struct WholeFit {
  /// Sectors of the device, and of the longest piece, which is never more.
  var sectors: UInt64 = 0
  var longest: UInt64 = 0
  /// Bits that must be clear in sectors, and in an address.
  var sectorMask: UInt64 = 0
  var addressMask: UInt = 0
  /// Bits that must be clear in the length of each run of scattered memory, and how many runs there may be.
  var lengthMask = 0
  var runs = 0
  /// The last kind of operation that may be one piece: none, a read, a write too.
  var lastKind: Int8 = -1

  /// Nothing fits.
  init() {}

  init(_ geometry: Geometry) {
    sectors = geometry.sectors
    longest = min(sectors, UInt64(geometry.longestPiece(.write) / Limits.sectorBytes))
    sectorMask = UInt64(geometry.logicalBlock / Limits.sectorBytes - 1)
    addressMask = UInt(geometry.memoryAlignment - 1)
    // A device that takes memory as it comes has nothing to be misaligned with.
    lengthMask = geometry.memoryAlignment > 1 ? geometry.logicalBlock - 1 : 0
    runs = geometry.pieceRuns
    lastKind = Int8(geometry.isWritable ? Operation.Kind.write.rawValue : Operation.Kind.read.rawValue)
  }

  /// True when a region of the device, with contiguous memory at `address`, is one piece.
  @inline(__always)
  func takes(_ operation: Operation, _ start: UInt64, _ count: UInt64, _ address: UInt) -> Bool {
    Int8(truncatingIfNeeded: operation.kind.rawValue) <= lastKind
      && count &- 1 < longest && start <= sectors &- count
      && (start | count) & sectorMask == 0 && address & addressMask == 0
  }

  /// True when so many runs of memory are there, and not too many.
  @inline(__always)
  func takes(runs count: Int) -> Bool { UInt(bitPattern: count &- 1) < UInt(bitPattern: runs) }

  /// True for a device that takes memory as it comes.
  @inline(__always)
  var takesAnyMemory: Bool { addressMask == 0 }
}
