internal import Synchronization

/// The straight line of a request of several whole regions that are equally long, or of one in scattered memory.
///
/// The same that Validation, Admission and Dispatch do, where none of them has anything to decide. What comes back takes
/// the way of all whole regions.
extension Stable where Value == ClientState {
  /// Takes a request and sends it; nil: something has to be decided, and nothing was done. The reply is filled in afterwards,
  /// as nothing is answered before the next turn. The client's thread.
  @inline(never)
  func sendAtOnce(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory
  ) -> Stable<RequestSlot>? {
    let regionCount = regions.count
    guard mayHave(regionCount, operation), let slot = pointee.slots.ready, let ring = pointee.ring else { return nil }
    let count = RegionRef(regions, 0).count
    guard count < Limits.deviceSectors else { return nil }
    let start = memory.start
    let place = ring.pointee.place(memory, start, Int(truncatingIfNeeded: count) &* Limits.sectorBytes)
    for index in 0..<regionCount {
      let given = RegionRef(regions, index).values
      guard given.count == count, let entry = pointee.devices.known(given.device),
        ring.pointee.isWhole(operation, given.device, entry, start: given.start, count: count, place)
      else {
        ring.pointee.takeBack(index)
        if memory.kind == .pages { ring.pointee.forgetGathered() }
        return nil
      }
      slot.anyRegion(index).pointee.fill(given)
      ring.pointee.fillWhole(slot.whole(index), entry, operation, 0, given.start, place)
    }
    pointee.slots.takeReady(slot)
    pointee.inFlight &+= 1
    pointee.pieces.count(regionCount)
    slot.fillStarted(operation, regionCount, start)
    return slot
  }

  /// True when there is a place for a request of so many regions, and room for them, and nobody waits for either.
  @inline(__always)
  private func mayHave(_ regionCount: Int, _ operation: Operation) -> Bool {
    regionCount > 0 && regionCount <= (operation.kind == .write ? Limits.regions : 1) && operation.isPlain
      && pointee.queued == 0 && pointee.inFlight < pointee.limit && pointee.pieces.room >= regionCount
      && pointee.ring?.pointee.hasRoom(for: regionCount) == true && !pointee.isClosed.load(ordering: .relaxed)
  }
}

extension Stable where Value == RequestSlot {
  /// Fills in a request all of whose regions are in flight.
  @inline(__always)
  fileprivate func fillStarted(_ operation: Operation, _ regionCount: Int, _ bytes: MemoryCursor) {
    pointee.operation = operation
    pointee.pending = Int32(truncatingIfNeeded: regionCount)
    pointee.bytes = bytes
    pointee.regionCount = regionCount
    pointee.phase = .data
    pointee.nextRegion = regionCount
    pointee.place.isOpen = false
    pointee.errors = 0
  }
}
