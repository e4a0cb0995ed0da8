/// Size, alignment and limits of a device: the data that validation and splitting go by.
///
/// A device reports it once, when it is opened; no back end splits or checks by itself.
public struct Geometry: Sendable, Hashable {
  /// Bytes that the device holds, exactly; a file's need not be a multiple of 512.
  public var bytes: UInt64
  /// Sectors that a region may cover.
  public var sectors: UInt64
  /// Bytes of which first sector and count of a region must be multiples: a power of two, at least 512.
  public var logicalBlock: Int
  /// Bytes to which memory must be aligned; memory that is not goes through bounce pages. A power of two.
  public var memoryAlignment: Int
  /// The longest piece, in bytes.
  public var pieceBytes: Int
  /// The most runs of memory in one piece.
  public var pieceRuns: Int
  /// The longest discard, in sectors; 0 when the device cannot.
  public var discardSectors: UInt64
  /// The longest write-zeroes, in sectors; 0 when the device cannot.
  public var writeZeroesSectors: UInt64
  /// False when writes, discards and write-zeroes are refused with EBADF.
  public var isWritable: Bool

  /// The geometry of a device of `bytes` bytes that can do everything, with the given exceptions.
  public init(
    bytes: UInt64, logicalBlock: Int = Limits.sectorBytes, memoryAlignment: Int = 1,
    pieceBytes: Int = Limits.pieceBytes, pieceRuns: Int = Limits.pieceRuns,
    discardSectors: UInt64 = 0, writeZeroesSectors: UInt64 = 0, isWritable: Bool = true
  ) {
    self.bytes = bytes
    self.sectors = bytes / UInt64(Limits.sectorBytes)
    self.logicalBlock = logicalBlock
    self.memoryAlignment = memoryAlignment
    self.pieceBytes = pieceBytes
    self.pieceRuns = pieceRuns
    self.discardSectors = discardSectors
    self.writeZeroesSectors = writeZeroesSectors
    self.isWritable = isWritable
  }

  /// True when every value lies within what the service can work with.
  var isValid: Bool {
    Geometry.isPowerOfTwo(logicalBlock, in: Limits.sectorBytes...Limits.logicalBlockBytes)
      && Geometry.isPowerOfTwo(memoryAlignment, in: 1...Limits.pageBytes)
      && (1...Limits.pieceRunsAtMost).contains(pieceRuns)
      && (Limits.sectorBytes...Limits.pieceBytesAtMost).contains(pieceBytes)
      && sectors <= Limits.deviceSectors
  }

  private static func isPowerOfTwo(_ value: Int, in range: ClosedRange<Int>) -> Bool {
    range.contains(value) && value & (value - 1) == 0
  }
}
