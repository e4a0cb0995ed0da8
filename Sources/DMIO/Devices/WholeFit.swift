/// What a region has to fit to be one piece of a file: the limits of a device, made ready for comparing.
struct WholeFit {
  /// Sectors of the device, and of the longest piece, which is never more.
  var sectors: UInt64 = 0
  var longest: UInt64 = 0
  /// Bits that must be clear in sectors, and in an address. Among the former are those above every device's last sector, so that
  /// the sum of two sectors without them is true.
  var sectorMask: UInt64 = .max
  var addressMask: UInt = 0
  /// Bits that must be clear in the length of each run of scattered memory, and how many runs there may be.
  var lengthMask = 0
  var runs = 0
  /// Bits that must be clear in a plain operation: those of other kinds than reads, and writes where they are allowed, and
  /// those of all flags but SYNC.
  private var refused: UInt32 = .max

  /// Nothing fits.
  init() {}

  init(_ geometry: Geometry) {
    sectors = geometry.sectors
    longest = min(sectors, UInt64(geometry.longestPiece(.write) / Limits.sectorBytes))
    sectorMask = UInt64(geometry.logicalBlock / Limits.sectorBytes - 1) | ~(2 * Limits.deviceSectors - 1)
    addressMask = UInt(geometry.memoryAlignment - 1)
    // A device that takes memory as it comes has nothing to be misaligned with.
    lengthMask = geometry.memoryAlignment > 1 ? geometry.logicalBlock - 1 : 0
    runs = geometry.pieceRuns
    let kinds: [Operation] = geometry.isWritable ? [.read, .write] : [.read]
    refused = ~kinds.reduce(Operation.optionalBits) { $0 | $1.bits }
  }

  /// True when a region of the device, with contiguous memory at `address`, is one piece.
  @inline(__always)
  func takes(_ operation: Operation, _ start: UInt64, _ count: UInt64, _ address: UInt) -> Bool {
    operation.bits & refused & Operation.kindBits == 0 && takes(start, count, address)
  }

  /// The same, and the operation is plain.
  @inline(__always)
  func takesPlain(_ operation: Operation, _ start: UInt64, _ count: UInt64, _ address: UInt) -> Bool {
    operation.bits & refused == 0 && takes(start, count, address)
  }

  @inline(__always)
  private func takes(_ start: UInt64, _ count: UInt64, _ address: UInt) -> Bool {
    count &- 1 < longest && (start | count) & sectorMask == 0 && start &+ count <= sectors
      && address & addressMask == 0
  }

  /// True when so many runs of memory are there, and not too many.
  @inline(__always)
  func takes(runs count: Int) -> Bool { UInt(bitPattern: count &- 1) < UInt(bitPattern: runs) }

  /// True for a device that takes memory as it comes.
  @inline(__always)
  var takesAnyMemory: Bool { addressMask == 0 }
}
