internal import DMIO

/// Where the bytes of a copy go, and what became of them there.
final class Target {
  let name: String
  let device: BlockDevice
  /// The first sector that is written.
  let start: UInt64
  let isDirect: Bool
  /// Why it is written past the page cache, or not.
  let directReason: String
  /// Makes the file's size right, and its directory durable; for devices nothing.
  let trim: () throws(Errno) -> Void
  let syncDirectory: () throws(Errno) -> Void

  /// Bytes of the source that this target acknowledged.
  var bytesWritten: UInt64 = 0
  /// Sectors of the device that do not hold the source's bytes.
  var failed = Extents()
  /// Set with the first real failure: no new chunks after it.
  var isDropped = false
  /// The error of what came after the writes (cutting, flushing), and what that was.
  var settleError: (errno: Errno, step: String)?
  var isFlushed = false

  init(
    name: String, device: BlockDevice, start: UInt64, isDirect: Bool, directReason: String = "",
    trim: @escaping () throws(Errno) -> Void = {}, syncDirectory: @escaping () throws(Errno) -> Void = {}
  ) {
    self.name = name
    self.device = device
    self.start = start
    self.isDirect = isDirect
    self.directReason = directReason
    self.trim = trim
    self.syncDirectory = syncDirectory
  }

  /// Sectors in a block of the device.
  var block: UInt64 { UInt64(device.geometry.logicalBlock / Limits.sectorBytes) }

  /// Everything was written.
  var isComplete: Bool { failed.isEmpty }
  /// Everything was written, and flushed.
  var isGood: Bool { isComplete && isFlushed && settleError == nil }

  /// The sectors of the device for a range of the copy.
  func region(of range: Range<UInt64>) -> Region {
    Region(device, start: start + range.lowerBound, count: UInt64(range.count))
  }

  /// Takes back all that was written: a flush failed.
  func distrust(_ range: Range<UInt64>, _ errno: Errno) {
    failed = Extents()
    failed.add(start + range.lowerBound..<start + range.upperBound, errno)
  }

  /// Notes sectors of the copy that are not there; with an errno, the target gets no new ones.
  func addFailure(_ range: Range<UInt64>, _ errno: Errno?) {
    failed.add(start + range.lowerBound..<start + range.upperBound, errno)
    if errno != nil { isDropped = true }
  }
}
