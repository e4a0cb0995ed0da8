package import DMIO

/// Where the bytes of a copy come from, and what is known about it.
package final class CopySource {
  /// The device; nil for a source that somebody else reads, or for zeros.
  package let device: BlockDevice?
  /// The first sector that is copied.
  package let start: UInt64
  /// Bytes that are copied, exactly.
  package let bytes: UInt64
  /// Bytes of the source's file now; nil for what is no file.
  package let bytesNow: () -> UInt64?
  /// Whether the bytes of the copy from a sector on are data, and up to which sector; nil: all is data.
  package var content: ((_ sector: UInt64) -> (isData: Bool, end: UInt64))?
  /// What is known about its sectors.
  package var map: SectorMap
  /// Sectors of the device that could not be read.
  package var holes = Extents()
  /// The device was not there any more.
  package internal(set) var isGone = false
  /// Bytes of the copy that were read from the device, each as often as it was.
  package private(set) var bytesRead: UInt64 = 0

  package init(
    device: BlockDevice?, start: UInt64, bytes: UInt64, bytesNow: @escaping () -> UInt64? = { nil }
  ) {
    self.device = device
    self.start = start
    self.bytes = bytes
    self.bytesNow = bytesNow
    map = SectorMap(sectors: (bytes + 511) / 512)
  }

  /// Sectors that are copied, the last one perhaps not full.
  package var sectors: UInt64 { (bytes + 511) / 512 }

  /// Sectors in a block of the device.
  package var block: UInt64 { UInt64(device?.geometry.logicalBlock ?? Limits.sectorBytes) / UInt64(Limits.sectorBytes) }

  /// Bytes of the copy in `range`.
  package func bytes(in range: Range<UInt64>) -> UInt64 {
    min(range.upperBound * 512, bytes) - min(range.lowerBound * 512, bytes)
  }

  /// Notes sectors of the copy whose bytes are known.
  func addGood(_ range: Range<UInt64>) {
    map.mark(range, .done)
    holes.remove(start + range.lowerBound..<start + range.upperBound)
  }

  /// Notes sectors of the copy that were read.
  func addRead(_ range: Range<UInt64>) {
    bytesRead += bytes(in: range)
    addGood(range)
  }

  /// Notes sectors of the copy that hold zeros in the place of what cannot be read.
  package func addHole(_ range: Range<UInt64>, _ errno: Errno) {
    let end = min(range.upperBound, sectors)
    guard range.lowerBound < end else { return }
    map.mark(range.lowerBound..<end, .bad)
    holes.add(start + range.lowerBound..<start + end, errno)
  }

  /// True when some of the sectors cannot be read.
  func hasBad(_ range: Range<UInt64>) -> Bool { map.runs(in: range).contains { $0.status == .bad } }

  /// Forgets that sectors of the copy could not be read: they are going to be tried again.
  package func forget(_ range: Range<UInt64>) {
    map.mark(range, .untried)
    holes.remove(start + range.lowerBound..<start + range.upperBound)
  }
}

extension Range<UInt64> {
  /// The range with its length rounded up to blocks of `block` sectors.
  func padded(to block: UInt64) -> Range<UInt64> {
    lowerBound..<lowerBound + (UInt64(count) + block - 1) / block * block
  }

  /// The blocks of `block` sectors that lie in the range as a whole, where the copy of `all` may end within its last one.
  func wholeBlocks(of block: UInt64, in all: Range<UInt64>) -> Range<UInt64> {
    let begin = (lowerBound + block - 1) / block * block
    let end = upperBound == all.upperBound ? all.padded(to: block).upperBound : upperBound / block * block
    return begin..<Swift.max(begin, end)
  }
}
