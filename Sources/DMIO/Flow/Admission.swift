/// The way of a request into flight: filled, admitted now or in its turn, started.
extension Stable where Value == ClientState {
  /// Copies a request into a slot. The thread that submits; the devices are not held yet.
  @inline(__always)
  func fill(
    _ slot: Stable<RequestSlot>, _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory
  ) {
    slot.pointee.operation = operation
    slot.pointee.memory = memory
    slot.pointee.regionCount = regions.count
    slot.pointee.errors = 0
    slot.pointee.nextRegion = 0
    slot.pointee.place.isOpen = false
    slot.pointee.phase = operation.kind == .flush || operation.flags.contains(.preflush) ? .preflush : .data
    for index in regions.indices {
      let region = slot.region(index)
      region.pointee.device = DeviceRef(of: regions, index)
      region.pointee.start = regions[index].start
      region.pointee.count = regions[index].count
    }
  }

  /// Takes in a filled slot: into flight if the reservation has room and nobody waits, else to the end of the line.
  @inline(__always)
  func admit(_ slot: Stable<RequestSlot>) {
    if pointee.inFlight < pointee.limit, pointee.waitingCount == 0 {
      start(slot)
    } else {
      wait(slot)
    }
  }

  private func wait(_ slot: Stable<RequestSlot>) {
    pointee.waitingCount &+= 1
    if slot.pointee.operation.flags.contains(.sync) {
      pointee.waitingSync.append(slot)
    } else {
      pointee.waiting.append(slot)
    }
  }

  /// Starts requests that wait, as far as the reservation has room.
  @inline(__always)
  func admitWaiting() {
    while pointee.waitingCount > 0, pointee.inFlight < pointee.limit {
      guard let slot = pointee.waitingSync.popFirst() ?? pointee.waiting.popFirst() else { return }
      pointee.waitingCount &-= 1
      start(slot)
    }
  }

  /// Sends a request's pieces. The reference that `pending` starts with keeps it from ending meanwhile.
  @inline(__always)
  private func start(_ slot: Stable<RequestSlot>) {
    pointee.inFlight &+= 1
    slot.pointee.pending = 1
    // Requests that lack pieces have come before.
    if pointee.starved.isEmpty { dispatch(slot) } else { pointee.starved.append(slot) }
  }

  /// Takes the requests of cancelled tasks out of the line and answers them as cancelled. One in flight stays.
  func cancelWaiting(_ tickets: [UInt]) {
    guard !tickets.isEmpty, pointee.waitingCount > 0 else { return }
    let tickets = Set(tickets)
    pointee.waitingSync.remove(tickets, cancel)
    pointee.waiting.remove(tickets, cancel)
  }

  private func cancel(_ slot: Stable<RequestSlot>) {
    pointee.waitingCount &-= 1
    releaseDevices(slot)
    // It counts as in flight from here to its answer, like every request in `ready`.
    pointee.inFlight &+= 1
    slot.pointee.isCancelled = true
    pointee.ready.append(slot)
  }

  /// Holds the devices of a filled slot. The client's thread.
  @inline(__always)
  func holdDevices(_ slot: Stable<RequestSlot>) {
    for index in 0..<slot.pointee.regionCount {
      let region = slot.region(index)
      region.pointee.entry = pointee.devices.use(
        region.pointee.device, hasRing: pointee.ring != nil, ringOnly: pointee.ringOnly)
    }
  }

  /// Lets go of the devices of a request that is over.
  @inline(__always)
  func releaseDevices(_ slot: Stable<RequestSlot>) {
    for index in 0..<slot.pointee.regionCount { slot.region(index).pointee.entry?.pointee.uses &-= 1 }
  }

  /// Takes in a request that another thread filled; that thread retained the devices.
  func receive(_ slot: Stable<RequestSlot>) {
    holdDevices(slot)
    for index in 0..<slot.pointee.regionCount { slot.region(index).pointee.device.release() }
    admit(slot)
  }
}
