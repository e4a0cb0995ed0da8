internal import DMIO

/// Where the bytes of a copy come from.
final class Source {
  let name: String
  let device: BlockDevice?
  /// The first sector that is copied.
  let start: UInt64
  /// Bytes that are copied, exactly.
  let bytes: UInt64
  let isDirect: Bool
  /// Why it is read past the page cache, or not.
  let directReason: String
  /// True when everything up to the end of the file is copied.
  let isToTheEnd: Bool
  /// Bytes of the source's file now; nil for what is no file.
  let bytesNow: () -> UInt64?
  /// Sectors of the device that could not be read.
  var holes = Extents()

  init(
    name: String, device: BlockDevice?, start: UInt64, bytes: UInt64, isDirect: Bool, directReason: String,
    isToTheEnd: Bool = false, bytesNow: @escaping () -> UInt64? = { nil }
  ) {
    self.name = name
    self.device = device
    self.start = start
    self.bytes = bytes
    self.isDirect = isDirect
    self.directReason = directReason
    self.isToTheEnd = isToTheEnd
    self.bytesNow = bytesNow
  }

  /// Sectors that are copied, the last one perhaps not full.
  var sectors: UInt64 { (bytes + 511) / 512 }

  /// Sectors in a block of the device.
  var block: UInt64 { UInt64(device?.geometry.logicalBlock ?? Limits.sectorBytes) / UInt64(Limits.sectorBytes) }

  /// Bytes of the copy in `range`.
  func bytes(in range: Range<UInt64>) -> UInt64 {
    min(range.upperBound * 512, bytes) - min(range.lowerBound * 512, bytes)
  }

  /// Notes sectors of the copy that hold zeros in the place of what cannot be read.
  func addHole(_ range: Range<UInt64>, _ errno: Errno) {
    let end = min(range.upperBound, sectors)
    guard range.lowerBound < end else { return }
    holes.add(start + range.lowerBound..<start + end, errno)
  }
}

extension Range<UInt64> {
  /// The range with its length rounded up to blocks of `block` sectors.
  func padded(to block: UInt64) -> Range<UInt64> {
    lowerBound..<lowerBound + (UInt64(count) + block - 1) / block * block
  }
}
