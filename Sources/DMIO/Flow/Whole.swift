internal import Synchronization

/// A whole region: one piece of aligned memory for the ring, which is what most regions are.
///
/// All that a piece's record would say stands in the region already, so it flies without one: the ring's `user_data` is
/// the marked address of its `SlotRegion`. It counts as a piece all the same, and any answer but "all of it" gives it
/// the record that is kept for it and sends it the way of every piece.
extension Stable where Value == ClientState {
  /// Sends region `index` of a request as a whole if it is one; false: nothing was done.
  @inline(__always)
  func sendWhole(_ slot: Stable<RequestSlot>, _ index: Int) -> Bool {
    let region = slot.region(index)
    let operation = slot.pointee.operation
    let (start, count) = (region.pointee.start, region.pointee.count)
    let bytes = slot.pointee.bytes
    let isContiguous = bytes.kind == .contiguous
    guard isContiguous || bytes.kind != .none, let entry = region.pointee.entry,
      entry.pointee.fit.takes(operation, start, count, isContiguous ? bytes.position : 0),
      !operation.flags.contains(.atomic), region.pointee.device.isHealthy, !slot.isFailed(index),
      pointee.pieces.hasRoom, let ring = entry.pointee.ring
    else { return false }
    let (mark, flags) = (region.bits | Ring.wholeMark, operation.systemFlags)
    guard
      isContiguous
        ? ring.pointee.fillWhole(mark, entry, operation, flags, start: start, count: count, address: bytes.position)
        : ring.pointee.fillWhole(
          mark, entry, operation, flags, start: start, memory: bytes, bytes: Int(count) &* Limits.sectorBytes)
    else { return false }
    pointee.pieces.count(1)
    slot.pointee.pending &+= 1
    region.pointee.slot = slot
    return true
  }

  /// Takes the result of a whole region.
  @inline(__always)
  func completeWhole(_ region: Stable<SlotRegion>, _ result: Int) {
    guard region.isAll(result) else { return settleWhole(region, result) }
    pointee.pieces.count(-1)
    drop(region.pointee.slot)
  }

  /// Gives a whole region the record that is kept for it, as something has to be done or noted.
  func settleWhole(_ region: Stable<SlotRegion>, _ result: Int) {
    let slot = region.pointee.slot
    let record = pointee.pieces.takeCounted()
    record.prepare(slot, region: slot.index(of: region), slot.pointee.operation)
    record.pointee.offset = region.pointee.start &* UInt64(Limits.sectorBytes)
    record.pointee.length = Int(region.pointee.count) &* Limits.sectorBytes
    record.pointee.expected = record.pointee.length
    record.pointee.cursor = slot.pointee.bytes
    if let entry = region.pointee.entry {
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

extension Stable where Value == SlotRegion {
  /// True for the result of a transfer of the whole region.
  @inline(__always)
  func isAll(_ result: Int) -> Bool { result == Int(truncatingIfNeeded: pointee.count) &* Limits.sectorBytes }
}
