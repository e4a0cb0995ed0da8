/// The way of a request into flight: filled, admitted now or in its turn, started.
extension Stable where Value == ClientState {
  /// Copies a request into a slot. The thread that submits; the devices are not held yet.
  @inline(__always)
  func fill(
    _ slot: Stable<RequestSlot>, _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory
  ) {
    slot.pointee.operation = operation
    slot.pointee.bytes = memory.start
    slot.pointee.regionCount = regions.count
    slot.pointee.errors = 0
    slot.pointee.nextRegion = 0
    slot.pointee.isOpen = false
    slot.pointee.phase = operation.firstPhase
    for index in regions.indices {
      slot.region(index).pointee.fill(RegionRef(regions, index).values)
    }
  }

  /// Takes in a filled slot: into flight if the reservation has room and nobody waits, else to the end of the line.
  func admit(_ slot: Stable<RequestSlot>) {
    if pointee.inFlight >= pointee.limit { endLease() }
    if pointee.inFlight < pointee.limit, pointee.queued == 0 { start(slot) } else { wait(slot) }
  }

  private func wait(_ slot: Stable<RequestSlot>) {
    endLease()
    pointee.queued &+= 1
    if slot.pointee.operation.flags.contains(.sync) {
      pointee.waitingSync.append(slot)
    } else {
      pointee.waiting.append(slot)
    }
  }

  /// Starts requests that wait, as far as the reservation has room.
  func admitWaiting() {
    while pointee.queued > 0, pointee.inFlight < pointee.limit {
      guard let slot = pointee.waitingSync.popFirst() ?? pointee.waiting.popFirst() else { return }
      pointee.queued &-= 1
      start(slot)
    }
  }

  /// Sends a request's pieces. The reference that `pending` starts with keeps it from ending meanwhile.
  private func start(_ slot: Stable<RequestSlot>) {
    pointee.inFlight &+= 1
    slot.pointee.pending = 1
    // Requests that lack pieces have come before.
    if !pointee.starved.isEmpty || !dispatch(slot) { starve(slot) }
  }

  /// Has a request in flight wait for pieces.
  func starve(_ slot: Stable<RequestSlot>) {
    pointee.queued &+= 1
    pointee.starved.append(slot)
  }

  /// Takes the requests of cancelled tasks out of the line and answers them as cancelled. One in flight stays.
  func cancelWaiting(_ tickets: [UInt]) {
    guard !tickets.isEmpty, pointee.queued > 0 else { return }
    let tickets = Set(tickets)
    pointee.waitingSync.remove(tickets, cancel)
    pointee.waiting.remove(tickets, cancel)
  }

  private func cancel(_ slot: Stable<RequestSlot>) {
    pointee.queued &-= 1
    releaseDevices(slot)
    // It counts as in flight from here to its answer, like every request in `ready`.
    pointee.inFlight &+= 1
    slot.pointee.isCancelled = true
    pointee.ready.append(slot)
  }

  /// Has the device table hold the devices of a filled slot, until it is free again. The client's thread.
  @inline(__always)
  func holdDevices(_ slot: Stable<RequestSlot>) {
    for index in 0..<slot.pointee.regionCount {
      let entry = entry(of: slot.region(index).pointee.device, slot)
      slot.state(index).pointee.entry = entry
      if slot.pointee.home == .foreign { entry.pointee.uses &+= 1 }
    }
  }

  /// Lets go of the devices of a request that is over. Those of the client's own slots are held by what the slots say.
  @inline(__always)
  func releaseDevices(_ slot: Stable<RequestSlot>) {
    if slot.pointee.home == .foreign { releaseCounted(slot) }
  }

  private func releaseCounted(_ slot: Stable<RequestSlot>) {
    for index in 0..<slot.pointee.regionCount { slot.state(index).pointee.entry?.pointee.uses &-= 1 }
  }

  /// Takes in a request that another thread filled; that thread retained the devices.
  func receive(_ slot: Stable<RequestSlot>) {
    // Its memory was looked at by that thread: what was gathered of another request's is not to be taken for it.
    pointee.ring?.pointee.shared.length = 0
    holdDevices(slot)
    for index in 0..<slot.pointee.regionCount { slot.region(index).pointee.device.release() }
    admit(slot)
  }
}
