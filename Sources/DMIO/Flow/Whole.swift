internal import Synchronization

/// A whole region: one piece of aligned memory for the ring, which is what most regions are.
///
/// All that a piece's record would say stands in the slot already, so it flies without one: the ring's `user_data` is the
/// slot's address, with the region's index above and a mark below. It is as long as the first region, which an answer is
/// compared with: then only the slot is looked at. It counts as a piece all the same, and any answer but "all of it" gives
/// it the record that is kept for it and sends it the way of every piece.
extension Stable where Value == ClientState {
  /// Sends the regions that come next as wholes, as far as they are.
  func sendWholes(_ slot: Stable<RequestSlot>) {
    let (operation, bytes, first) = (slot.pointee.operation, slot.pointee.bytes, slot.pointee.nextRegion)
    // What failed before, a preflush, is not sent.
    guard slot.pointee.errors == 0, operation.movesData, !operation.flags.contains(.atomic),
      let ring = pointee.ring
    else { return }
    // There has to be a record for each: any answer but "all of it" takes it.
    if pointee.pieces.room < slot.pointee.regionCount &- first { endLease() }
    let end = min(slot.pointee.regionCount, first &+ max(0, pointee.pieces.room))
    var index = first
    while index < end {
      let region = slot.region(index)
      let (start, count) = (region.pointee.start, region.pointee.count)
      guard count == slot.pointee.first.count, let entry = slot.state(index).pointee.entry, entry.pointee.ring != nil
      else {
        break
      }
      let memory = ring.pointee.memory(bytes, Int(truncatingIfNeeded: count) &* Limits.sectorBytes)
      guard ring.pointee.isWhole(operation, region.pointee.device, entry, start: start, count: count, memory),
        ring.pointee.hasRoom(for: 1)
      else { break }
      ring.pointee.fillWhole(slot.whole(index), entry, operation, operation.systemFlags, start, memory)
      index &+= 1
    }
    pointee.pieces.count(index &- first)
    slot.pointee.pending &+= Int32(truncatingIfNeeded: index &- first)
    slot.pointee.nextRegion = index
  }

  /// Takes the result of a whole region.
  @inline(__always)
  func completeWhole(_ bits: UInt, _ result: Int) {
    let slot = Stable<RequestSlot>(bits: bits & (1 << Ring.indexShift &- 1) & ~Ring.wholeMark)
    guard slot.pointee.first.isAll(result) else {
      return answering { settleWhole(slot, Int(bits >> Ring.indexShift), result) }
    }
    pointee.pieces.count(-1)
    assert(slot.pointee.pending > 0)
    slot.pointee.pending &-= 1
    guard slot.pointee.pending == 0 else { return }
    if slot.pointee.reply == .plain, slot.pointee.errors == 0 { return deliverPlain(slot) }
    answering { finish(slot) }
  }

  /// Gives a whole region the record that is kept for it, as something has to be done or noted.
  func settleWhole(_ slot: Stable<RequestSlot>, _ index: Int, _ result: Int) {
    let region = slot.region(index)
    // In flight, so its device is known.
    let entry = pointee.devices.known(region.pointee.device)
    slot.state(index).pointee.entry = entry
    let record = pointee.pieces.takeCounted()
    record.prepare(slot, region: index, slot.pointee.operation)
    record.pointee.offset = region.pointee.start &* UInt64(Limits.sectorBytes)
    record.pointee.length = Int(region.pointee.count) &* Limits.sectorBytes
    record.pointee.expected = record.pointee.length
    record.pointee.cursor = slot.pointee.bytes
    if let entry {
      record.pointee.file = entry.pointee.file
      record.pointee.ringFile = entry.pointee.ringFile
      record.pointee.isBlockFile = entry.pointee.isBlockFile
      record.pointee.isRingLane = true
      record.pointee.isInMemory = entry.pointee.isInMemory
      record.pointee.writesInTurn = entry.pointee.writesInTurn
    }
    complete(record, result)
  }
}

extension SlotRegion {
  /// True for the result of a transfer of the whole region.
  @inline(__always)
  func isAll(_ result: Int) -> Bool { result == Int(truncatingIfNeeded: count) &* Limits.sectorBytes }
}

extension Stable where Value == RequestSlot {
  /// What the ring gets with region `index`, and gives back with its answer.
  @inline(__always)
  func whole(_ index: Int) -> UInt {
    assert(bits >> Ring.indexShift == 0 && index < Limits.regions)
    return bits | Ring.wholeMark | UInt(bitPattern: index) &<< Ring.indexShift
  }
}
