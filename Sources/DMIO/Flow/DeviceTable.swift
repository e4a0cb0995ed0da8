internal import CDMIOSystem

/// The devices that one client knows: each held while requests use it, which are counted with a plain integer.
///
/// A device's number is its place in the table, so that knowing it already is two loads and a comparison.
struct DeviceTable: ~Copyable {
  private let arena: Arena
  /// The numbers of the devices in the table.
  private var known: [Int] = []

  init() throws(BlockError) {
    arena = try Arena(bytes: Limits.devices * MemoryLayout<Entry>.stride, populate: false)
  }

  /// One device. Memory that is zero is an entry without one.
  struct Entry {
    var device: BlockDevice?
    /// Regions of requests that are on their way.
    var uses = 0
    var file: Int32 = -1
    /// True when the file's reads, writes and flushes go through the ring.
    var isRingLane = false
    var isBlockFile = false
  }

  /// The entry of a device that `use` was called for and `release` was not.
  @inline(__always)
  func entry(_ device: DeviceRef) -> Stable<Entry> {
    device.with { entry(number: $0.number) }
  }

  @inline(__always)
  private func entry(number: Int) -> Stable<Entry> {
    unsafe Stable<Entry>(arena.address(number * MemoryLayout<Entry>.stride).assumingMemoryBound(to: Entry.self))
  }

  /// Counts one more region of `device`.
  @inline(__always)
  mutating func use(_ device: BlockDevice, hasRing: Bool, ringOnly: Bool) {
    let entry = entry(number: device.number)
    if entry.pointee.device !== device { add(device, entry, hasRing: hasRing, ringOnly: ringOnly) }
    entry.pointee.uses &+= 1
  }

  /// Counts one region less.
  @inline(__always)
  func release(_ device: DeviceRef) {
    let entry = entry(device)
    entry.pointee.uses &-= 1
  }

  /// Lets go of every device.
  mutating func removeAll() {
    for number in known { entry(number: number).pointee.device = nil }
    known = []
  }

  private mutating func add(_ device: BlockDevice, _ entry: Stable<Entry>, hasRing: Bool, ringOnly: Bool) {
    sweep()
    // A number is given to another device only after the one before is gone, so nobody stands here.
    assert(entry.pointee.device == nil)
    entry.pointee = Entry(device: device)
    if let file = device.file {
      entry.pointee.file = file.descriptor
      entry.pointee.isBlockFile = file.isBlock
      entry.pointee.isRingLane = hasRing && (ringOnly || file.supportsNowait)
    }
    known.append(device.number)
  }

  /// Lets go of devices that nobody else holds any more, or that were closed.
  private mutating func sweep() {
    var kept: [Int] = []
    for number in known {
      let entry = entry(number: number)
      let isClosed = entry.pointee.device?.isClosed ?? true
      if entry.pointee.uses == 0, isClosed || isKnownUniquelyReferenced(&entry.pointee.device) {
        entry.pointee.device = nil
      } else {
        kept.append(number)
      }
    }
    known = kept
  }
}
