internal import Synchronization

/// The straight line of a request of several whole regions that are equally long, or of one in scattered memory.
///
/// The same that Validation, Admission and Dispatch do, where none of them has anything to decide. What comes back takes
/// the way of all whole regions.
extension Stable where Value == ClientState {
  /// Takes a request and sends it; nil: something has to be decided, and nothing was done. The client's thread.
  ///
  /// As nothing is answered before the next turn, the reply is filled in afterwards.
  func sendAtOnce(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory
  ) -> Stable<RequestSlot>? {
    guard let slot = slot(for: regions.count, operation) else { return nil }
    slot.pointee.operation = operation
    slot.pointee.bytes = memory.start
    return send(slot, RegionRef(regions, 0), regions.count, memory.count) ? slot : nil
  }

  /// The slot for a request of so many regions, which is not taken yet; nil where there is no place for it, or somebody waits for one.
  @inline(__always)
  func slot(for regionCount: Int, _ operation: Operation) -> Stable<RequestSlot>? {
    // Each condition is a branch that is foretold.
    let most = operation.kind == .write ? Limits.regions : 1
    guard _fastPath(UInt(bitPattern: regionCount &- 1) < UInt(most)), _fastPath(operation.isPlain),
      _fastPath(pointee.queued == 0), _fastPath(pointee.inFlight < pointee.limit),
      _fastPath(pointee.pieces.room >= regionCount)
    else { return nil }
    return pointee.slots.ready
  }

  /// Sends the request whose operation and memory stand in the slot; false as above.
  @inline(never)
  func send(_ slot: Stable<RequestSlot>, _ regions: RegionRef, _ regionCount: Int, _ memoryCount: Int) -> Bool {
    let count = regions.count
    guard let ring = pointee.ring, ring.pointee.hasRoom(for: regionCount), count < Limits.deviceSectors,
      ring.pointee.aim(slot.pointee.bytes, memoryCount, Int(truncatingIfNeeded: count) &* Limits.sectorBytes)
    else { return false }
    var (place, begin) = (RegionPlaces(slot, regions), ring.pointee.tail)
    repeat {
      guard sendRun(slot, &place, count, regions.at(regionCount), ring) else {
        ring.pointee.takeBack(to: begin, walked: slot.pointee.bytes.kind == .pages)
        return false
      }
    } while !place.region.isAt(regions.at(regionCount))
    pointee.slots.takeReady(slot)
    pointee.inFlight &+= 1
    pointee.pieces.count(regionCount)
    slot.fillStarted(regionCount)
    return true
  }

  /// Sends regions up to `end` that are on one device, and so differ only in where they start; false: one of them has something to be
  /// decided.
  @inline(__always)
  private func sendRun(
    _ slot: Stable<RequestSlot>, _ place: inout RegionPlaces, _ count: UInt64, _ end: RegionRef, _ ring: Stable<Ring>
  ) -> Bool {
    let device = place.region.device
    let file = wholeFile(device, slot.pointee.operation, count, ring)
    repeat {
      let start = place.region.values.start
      guard _fastPath(place.region.count == count), _fastPath(file.takes(start)) else { return false }
      place.own.pointee.fill(RegionRef.Values(device: device, start: start, count: count))
      ring.pointee.fill(place.bits, file, start)
      place.step()
    } while !place.region.isAt(end) && place.region.device == device
    return true
  }

  /// What regions of `count` sectors on a device have in common; takes none where something has to be decided.
  @inline(__always)
  private func wholeFile(_ device: DeviceRef, _ operation: Operation, _ count: UInt64, _ ring: Stable<Ring>)
    -> WholeFile
  {
    guard let entry = pointee.open(device), entry.pointee.fit.takes(operation, 0, count, ring.pointee.aimed.run),
      entry.pointee.fit.takes(runs: ring.pointee.aimed.runs)
    else { return WholeFile() }
    guard ring.pointee.aimed.runs == 1 || entry.pointee.fit.takesAnyMemory else {
      return alignedFile(device, operation, count, ring)
    }
    return WholeFile(entry, operation, count, ring.pointee.aimed)
  }

  /// The same of a device that looks at where each vector lies.
  @inline(never)
  private func alignedFile(_ device: DeviceRef, _ operation: Operation, _ count: UInt64, _ ring: Stable<Ring>)
    -> WholeFile
  {
    guard let entry = pointee.open(device), Ring.areAligned(ring.pointee.aimed, entry) else { return WholeFile() }
    return WholeFile(entry, operation, count, ring.pointee.aimed)
  }
}

/// Where a region of a request stands with its caller, where in its slot, and what the ring gets with it.
private struct RegionPlaces {
  var region: RegionRef
  var own: Stable<SlotRegion>
  var bits: UInt
  /// Where the next one stands in the slot: all but the first are equally far from each other.
  private var next: Stable<SlotRegion>

  /// The places of the first.
  @inline(__always)
  init(_ slot: Stable<RequestSlot>, _ regions: RegionRef) {
    (region, own, bits, next) = (regions, slot.firstRegion, slot.whole(0), slot.laterRegion(1))
  }

  /// Steps to those of the next; behind the last they are none.
  @inline(__always)
  mutating func step() {
    region = region.at(1)
    (own, next) = (next, Stable<SlotRegion>(bits: next.bits &+ UInt(SlotChunk.regionStride)))
    bits &+= 1 << Ring.indexShift
  }
}

extension Stable where Value == RequestSlot {
  /// Fills in a request all of whose regions are in flight.
  @inline(__always)
  fileprivate func fillStarted(_ regionCount: Int) {
    pointee.pending = Int32(truncatingIfNeeded: regionCount)
    pointee.regionCount = regionCount
    pointee.phase = .data
    pointee.nextRegion = regionCount
    pointee.isOpen = false
    pointee.errors = 0
  }
}
