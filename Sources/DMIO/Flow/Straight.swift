internal import Synchronization

/// The straight line of a request of one whole region: from the door into the ring, and from the ring to whoever asked.
///
/// The same that Validation, Admission, Dispatch, Completion and Delivery do, where none of them has anything to decide.
/// A request is written into its slot first, so that the general way can take it over wherever the line is left.
extension Stable where Value == ClientState {
  /// Writes a request of one region and contiguous memory into a slot; nil when no slot is ready. The client's thread.
  ///
  /// The request is *folded*: only what differs from one to the next is filled in; `unfold` does the rest when it is needed.
  /// What is given for the `reply` is put there before the region is read, and need not be kept at hand meanwhile.
  @inline(__always)
  func fold(
    _ operation: Operation, _ region: RegionRef, _ address: UInt, _ reply: (Stable<RequestSlot>) -> Void
  ) -> (slot: Stable<RequestSlot>, region: RegionRef.Values)? {
    guard let slot = pointee.slots.ready else { return nil }
    pointee.slots.takeReady(slot)
    reply(slot)
    let values = region.values
    slot.pointee.operation = operation
    slot.pointee.address = address
    slot.pointee.first.fill(values)
    return (slot, values)
  }

  /// Sends a folded request. The `mark` on its address says what the answer is for.
  @inline(__always)
  func sendFolded(
    _ slot: Stable<RequestSlot>, _ mark: UInt, _ operation: Operation, _ region: RegionRef.Values, _ address: UInt,
    _ byteCount: Int
  ) throws(BlockError) {
    let bytes = Int(truncatingIfNeeded: region.count) &* Limits.sectorBytes
    guard _fastPath(byteCount >= bytes) else { return try sendUnfolded(slot, mark, byteCount) }
    // From here on the length of the memory need not be kept at hand: that of the region says as much.
    guard flies(slot, mark, operation, region, address) else { return try sendUnfolded(slot, mark, bytes) }
  }

  /// Puts a folded request into the ring; false when something has to be decided, and nothing was done. Its memory is long enough.
  @inline(__always)
  func flies(
    _ slot: Stable<RequestSlot>, _ mark: UInt, _ operation: Operation, _ region: RegionRef.Values, _ address: UInt
  ) -> Bool {
    // Nothing is called between here and the entry, so that nothing has to be kept across it.
    // Each condition is a branch that is foretold: put together, they would cost more than they save.
    guard _fastPath(pointee.lease > 0), let entry = pointee.open(region.device),
      entry.pointee.fit.takesPlain(operation, region.start, region.count, address),
      unsafe entry.pointee.ring.unsafelyUnwrapped.pointee.fillPlain(
        slot.bits | mark, entry, operation, start: region.start, count: region.count, address: address)
    else { return false }
    pointee.lease &-= 1
    return true
  }

  /// True when the line lacked a place, or room in the ring, and now has both. It needs neither for a device that has no ring.
  private func findsPlace(for device: DeviceRef) -> Bool {
    guard let ring = pointee.ring, pointee.lease == 0 || !ring.pointee.hasRoomAtHand,
      let entry = pointee.open(device), entry.pointee.ring != nil
    else { return false }
    return (pointee.lease > 0 || lease()) && ring.pointee.hasRoom(for: 1)
  }

  /// Takes what places in flight there are for the straight line; false when there are none, or somebody waits for one.
  private func lease() -> Bool {
    let places = min(pointee.limit &- pointee.inFlight, pointee.pieces.room)
    guard pointee.queued == 0, places > 0 else { return false }
    pointee.inFlight &+= places
    pointee.pieces.count(places)
    pointee.lease = places
    return true
  }

  /// Gives the places that are free back to everybody.
  func endLease() {
    pointee.inFlight &-= pointee.lease
    pointee.pieces.count(-pointee.lease)
    pointee.lease = 0
  }

  /// Takes a folded request the general way, or the line once more if it only lacked what is there now.
  @inline(never)
  func sendUnfolded(_ slot: Stable<RequestSlot>, _ mark: UInt, _ byteCount: Int) throws(BlockError) {
    if findsPlace(for: slot.pointee.first.device) {
      let (operation, region) = (slot.pointee.operation, slot.pointee.first.values)
      return try sendFolded(slot, mark, operation, region, slot.pointee.address, byteCount)
    }
    if mark == Ring.foldedMark { slot.unfold(.notify) }
    if mark == Ring.foldedBatchMark { slot.unfold(.batch) }
    do throws(BlockError) {
      try Validation.check(slot, byteCount)
      guard !pointee.isClosed.load(ordering: .relaxed) else { throw .closed }
    } catch {
      // What the reply holds was for a request that is none.
      slot.pointee.completion = nil
      pointee.slots.put(slot)
      throw error
    }
    holdDevices(slot)
    admit(slot)
  }

  /// Takes the result of a folded request and gives its answer: what Completion and Delivery do for it.
  @inline(__always)
  func completeFolded(_ slot: Stable<RequestSlot>, _ result: Int, isQueued: Bool) {
    guard slot.pointee.first.isAll(result) else { return settleFolded(slot, result, isQueued: isQueued) }
    if pointee.queued == 0 { pointee.lease &+= 1 } else { passPlaceOn() }
    if isQueued {
      pointee.batch.ended.append(slot)
    } else {
      let (notify, context) = unsafe (slot.pointee.notify, slot.pointee.context)
      pointee.slots.put(slot)
      assert(!pointee.mayDeliver)
      unsafe notify.unsafelyUnwrapped(0, context)
    }
  }

  /// Takes any other result of a folded request.
  @inline(never)
  private func settleFolded(_ slot: Stable<RequestSlot>, _ result: Int, isQueued: Bool) {
    pointee.delivered &-= 1
    slot.unfold(isQueued ? .batch : .notify)
    answering { settleWhole(slot, 0, result) }
  }

  /// Gives the place of a folded request that is over to who waits for one.
  @inline(never)
  private func passPlaceOn() {
    pointee.inFlight &-= 1
    pointee.pieces.count(-1)
    // The slot is still to be read, and what starts here may be over at once.
    assert(!pointee.mayDeliver)
    admitWaiting()
  }
}

extension Stable where Value == RequestSlot {
  /// Fills in what all folded requests have in common.
  func unfold(_ reply: RequestSlot.Reply) {
    pointee.reply = reply
    pointee.bytes = MemoryCursor(kind: .contiguous, position: pointee.address, within: 0)
    assert(pointee.regionCount == 1)
    pointee.errors = 0
    pointee.nextRegion = 0
    pointee.isOpen = false
    pointee.phase = pointee.operation.firstPhase
    pointee.pending = 1
    unsafe pointee.failures = nil
  }
}
