internal import CDMIOSystem

/// The devices that one client knows: each held while requests use it, which are counted with a plain integer.
///
/// A device's number is its place in the table, so that knowing it already is two loads and a comparison.
struct DeviceTable: ~Copyable {
  private let arena: Arena
  /// The numbers of the devices in the table.
  private var known: [Int] = []

  init() throws(BlockError) {
    arena = try Arena(bytes: Limits.devices * MemoryLayout<DeviceEntry>.stride, populate: false)
  }

  /// Counts one more region of `device`, and returns its entry, which stays for as long as regions are counted.
  @inline(__always)
  mutating func use(_ device: DeviceRef, hasRing: Bool, ringOnly: Bool) -> Stable<DeviceEntry> {
    let entry = entry(device.number)
    if entry.pointee.ref != device { add(device, entry, hasRing: hasRing, ringOnly: ringOnly) }
    entry.pointee.uses &+= 1
    return entry
  }

  /// Lets go of every device.
  mutating func removeAll() {
    for number in known { entry(number).pointee = DeviceEntry() }
    known = []
  }

  @inline(__always)
  private func entry(_ number: Int) -> Stable<DeviceEntry> {
    unsafe Stable<DeviceEntry>(
      arena.address(number &* MemoryLayout<DeviceEntry>.stride).assumingMemoryBound(to: DeviceEntry.self))
  }

  private mutating func add(_ device: DeviceRef, _ entry: Stable<DeviceEntry>, hasRing: Bool, ringOnly: Bool) {
    sweep()
    // A number is given to another device only after the one before is gone, so nobody stands here.
    assert(entry.pointee.device == nil)
    entry.pointee = device.with { DeviceEntry($0, hasRing: hasRing, ringOnly: ringOnly) }
    known.append(device.number)
  }

  /// Lets go of the devices that no request uses. One that is still wanted comes back with its next request; to ask
  /// whether anybody else holds it would not do, as two clients would keep it for one another.
  private mutating func sweep() {
    var kept = 0
    for number in known {
      let entry = entry(number)
      if entry.pointee.uses == 0 {
        entry.pointee = DeviceEntry()
      } else {
        known[kept] = number
        kept += 1
      }
    }
    known.removeLast(known.count - kept)
  }
}

/// One device as a client sees it. Memory that is zero is an entry without one.
struct DeviceEntry {
  /// Keeps the device.
  var device: BlockDevice?
  /// The same device, to be compared and used without counting references.
  var ref: DeviceRef?
  /// Regions of requests that are on their way.
  var uses = 0
  /// The file of a file device; below 0 for others.
  var file: Int32 = -1
  /// True when the file's reads, writes and flushes go through the ring.
  var isRingLane = false
  var isBlockFile = false
  /// What a region has to fit, for the short way of `sendWhole`.
  var fit = Fit()

  /// The limits of a device for a region in one piece.
  struct Fit {
    /// Sectors of the device, and of the longest piece.
    var sectors: UInt64 = 0
    var longest: UInt64 = 0
    /// Bits that must be clear in sectors, and in an address.
    var sectorMask: UInt64 = 0
    var addressMask: UInt = 0
    var isWritable = false
  }

  init() {}

  init(_ device: BlockDevice, hasRing: Bool, ringOnly: Bool) {
    self.device = device
    ref = DeviceRef(device)
    let geometry = device.geometry
    fit = Fit(
      sectors: geometry.sectors, longest: UInt64(geometry.longestPiece(.write) / Limits.sectorBytes),
      sectorMask: UInt64(geometry.logicalBlock / Limits.sectorBytes - 1),
      addressMask: UInt(geometry.memoryAlignment - 1), isWritable: geometry.isWritable)
    guard let file = device.file else { return }
    self.file = file.descriptor
    isBlockFile = file.isBlock
    isRingLane = hasRing && (ringOnly || file.supportsNowait)
  }
}
