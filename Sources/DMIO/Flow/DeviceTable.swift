internal import CDMIOSystem

/// The devices that one client knows: a place for every device number, and the list of those that are taken.
///
/// A device's number is its place in the table, so that knowing it already is two loads and a comparison.
struct DeviceTable: ~Copyable {
  private let arena: Arena
  /// The number of a place behind those of all devices, where none ever stands.
  static var nowhere: Int { Limits.devices }
  /// The numbers of the devices in the table.
  private var taken: [Int] = []

  /// A table, and behind it one that stays empty.
  init() throws(BlockError) {
    arena = try Arena(bytes: 2 * DeviceTable.bytes, populate: false)
  }

  private static var bytes: Int { offset(of: nowhere + 1) }
  /// Where the table begins, and where the one that stays empty does.
  var start: UInt { unsafe UInt(bitPattern: arena.address(0)) }
  var emptyStart: UInt { unsafe UInt(bitPattern: arena.address(DeviceTable.bytes)) }

  /// The entry of a device that is in the table.
  @inline(__always)
  func known(_ device: DeviceRef) -> Stable<DeviceEntry>? {
    let entry = place(at: device.tableOffset)
    return entry.pointee.ref == device ? entry : nil
  }

  /// The entry of a device that is in the table which begins at `start`, open, and has not failed a flush: one look for all three.
  @inline(__always)
  static func healthy(_ device: DeviceRef, in start: UInt) -> Stable<DeviceEntry>? {
    let entry = Stable<DeviceEntry>(bits: start &+ UInt(bitPattern: device.tableOffsetIfHealthy))
    return entry.pointee.ref == device ? entry : nil
  }

  /// The entry for devices of a number.
  func place(_ number: Int) -> Stable<DeviceEntry> { place(at: DeviceTable.offset(of: number)) }

  /// Where the entry for devices of a number stands in every table, in bytes.
  static func offset(of number: Int) -> Int { number &* MemoryLayout<DeviceEntry>.stride }

  @inline(__always)
  private func place(at offset: Int) -> Stable<DeviceEntry> {
    unsafe Stable<DeviceEntry>(arena.address(offset).assumingMemoryBound(to: DeviceEntry.self))
  }

  /// Gives a device its place. A number is given to another device only after the one before is gone, so nobody stands there.
  mutating func add(_ entry: DeviceEntry, _ number: Int) -> Stable<DeviceEntry> {
    let place = place(number)
    assert(place.pointee.device == nil)
    place.pointee = entry
    taken.append(number)
    return place
  }

  /// Takes out the devices that no request uses (all, if nobody can use any more) and hands their numbers out first.
  mutating func removeUnused(
    orAll all: Bool = false, unless isNamed: (DeviceRef) -> Bool, _ body: (Int, borrowing DeviceEntry) -> Void
  ) {
    var kept = 0
    for number in taken {
      let entry = place(number)
      if all || entry.pointee.uses == 0 && !isNamed(entry.pointee.ref) {
        body(number, entry.pointee)
        entry.pointee = DeviceEntry()
      } else {
        taken[kept] = number
        kept += 1
      }
    }
    taken.removeLast(taken.count - kept)
  }
}

/// One device as a client sees it. Memory that is zero is an entry without one.
struct DeviceEntry {
  /// Keeps the device.
  var device: BlockDevice?
  /// The same device, to be compared and used without counting references.
  var ref = DeviceRef.none
  /// Regions of requests on their way whose slots are not the client's own.
  var uses = 0
  /// The file of a file device; below 0 for others.
  var file: Int32 = -1
  /// True when the file's reads, writes and flushes go through the ring.
  var isRingLane = false
  var isBlockFile = false
  /// True when no transfer of the file waits for a device.
  var isInMemory = false
  /// True when the file takes one write at a time.
  var writesInTurn = false
  /// The ring, if files of this kind go through it.
  var ring: Stable<Ring>?
  /// The file as the ring knows it.
  var ringFile = RingFile()
  /// What may go to the ring as a whole region.
  var fit = WholeFit()

  init() {}

  init(_ device: BlockDevice, ring: Stable<Ring>?, ringOnly: Bool) {
    self.device = device
    ref = DeviceRef(device)
    guard let file = device.file else { return }
    self.file = file.descriptor
    ringFile = RingFile(descriptor: file.descriptor, isDirect: file.report.isDirect)
    isBlockFile = file.isBlock
    isInMemory = file.report.isInMemory
    writesInTurn = file.writesInTurn
    guard let ring, ringOnly || file.supportsNowait else { return }
    isRingLane = true
    self.ring = ring
    fit = device.fit
    // What gains from memory that the ring knows is looked at piece by piece.
    if ringFile.isDirect, !ring.pointee.known.isEmpty {
      fit.longest = min(fit.longest, UInt64(Limits.registeredBytes / Limits.sectorBytes - 1))
    }
  }
}
