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
    guard let ring = pointee.ring, mayHave(regionCount, operation, ring), let slot = pointee.slots.ready else { return nil }
    let count = RegionRef(regions, 0).count
    guard count < Limits.deviceSectors else { return nil }
    let start = memory.start
    let place = ring.pointee.place(memory, start, Int(truncatingIfNeeded: count) &* Limits.sectorBytes)
    // Regions on the device of the one before differ only in where they start.
    var (device, file) = (DeviceRef.none, WholeFile())
    for index in 0..<regionCount {
      let given = RegionRef(regions, index).values
      if given.device != device {
        device = given.device
        file = wholeFile(device, operation, count, place)
      }
      guard given.count == count, file.takes(given.start) else {
        // A list that begins outside its page was not walked: what was gathered last is another request's.
        ring.pointee.takeBack(index, walked: memory.kind == .pages && memory.isInPage)
        return nil
      }
      slot.anyRegion(index).pointee.fill(given)
      ring.pointee.fill(slot.whole(index), file, given.start, place)
    }
    pointee.slots.takeReady(slot)
    pointee.inFlight &+= 1
    pointee.pieces.count(regionCount)
    slot.fillStarted(operation, regionCount, start)
    return slot
  }

  /// What regions of `count` sectors on a device have in common; takes none where something has to be decided. Not inlined: it
  /// needs so much that nothing would be left at hand for what each region needs.
  @inline(never)
  private func wholeFile(_ device: DeviceRef, _ operation: Operation, _ count: UInt64, _ memory: RingMemory)
    -> WholeFile
  {
    guard let entry = pointee.open(device), entry.pointee.fit.takes(operation, 0, count, memory.run),
      entry.pointee.fit.takes(runs: memory.runs)
    else { return WholeFile() }
    guard memory.runs == 1 || entry.pointee.fit.takesAnyMemory else {
      return alignedFile(device, operation, count, memory)
    }
    return WholeFile(entry, operation, count, memory)
  }

  /// The same of a device that looks at where each vector lies.
  @inline(never)
  private func alignedFile(_ device: DeviceRef, _ operation: Operation, _ count: UInt64, _ memory: RingMemory)
    -> WholeFile
  {
    guard let entry = pointee.open(device), Ring.areAligned(memory, entry) else { return WholeFile() }
    return WholeFile(entry, operation, count, memory)
  }

  /// True when there is a place for a request of so many regions, and room for them, and nobody waits for either.
  @inline(__always)
  private func mayHave(_ regionCount: Int, _ operation: Operation, _ ring: Stable<Ring>) -> Bool {
    regionCount > 0 && regionCount <= (operation.kind == .write ? Limits.regions : 1) && operation.isPlain
      && pointee.queued == 0 && pointee.inFlight < pointee.limit && pointee.pieces.room >= regionCount
      && ring.pointee.hasRoom(for: regionCount)
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
    pointee.isOpen = false
    pointee.errors = 0
  }
}
