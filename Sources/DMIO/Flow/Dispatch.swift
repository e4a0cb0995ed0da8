/// From a request to its pieces: `dispatch_io` and `do_region` of dm-io.c.
extension Stable where Value == ClientState {
  /// Sends the pieces of every region that is left; false where no piece is free, to go on when one comes back.
  func dispatch(_ slot: Stable<RequestSlot>) -> Bool {
    // Another request's memory, or this one's from before it waited, says nothing.
    pointee.lastCut = nil
    if slot.pointee.phase == .data, !slot.pointee.isOpen, slot.isNextForRing { sendWholes(slot) }
    while slot.pointee.nextRegion < slot.pointee.regionCount {
      guard dispatchRegion(slot, slot.pointee.nextRegion) else { return false }
      slot.pointee.nextRegion &+= 1
      slot.pointee.isOpen = false
    }
    drop(slot)
    return true
  }

  /// Goes on with requests that lacked pieces, in their order.
  func dispatchStarved() {
    while let slot = pointee.starved.popFirst() {
      pointee.queued &-= 1
      guard dispatch(slot) else {
        pointee.queued &+= 1
        return pointee.starved.prepend(slot)
      }
    }
  }

  /// A record for one more piece; nil while as many as allowed are in flight.
  @inline(__always)
  private func takePiece() -> Stable<PieceRecord>? {
    if !pointee.pieces.hasRoom { endLease() }
    return pointee.pieces.take()
  }

  /// Sends the pieces of one region; false when pieces have run out before its end.
  private func dispatchRegion(_ slot: Stable<RequestSlot>, _ index: Int) -> Bool {
    if slot.pointee.phase != .data { return dispatchFlush(slot, index) }
    if !slot.pointee.isOpen {
      guard slot.region(index).pointee.count != 0 else { return true }
      // Its preflush failed already, or it does not fit its device.
      if let errno = slot.isFailed(index) ? slot.state(index).pointee.failure.errno : openRegion(slot, index) {
        failRegion(slot, index, errno)
        return true
      }
    }
    while slot.pointee.place.remaining > 0 {
      guard let record = nextPiece(slot, index) else { return false }
      slot.pointee.pending &+= 1
      send(record)
    }
    return true
  }

  /// Reads the limits of the region's device, once, and sets the place to the region's start.
  private func openRegion(_ slot: Stable<RequestSlot>, _ index: Int) -> Errno? {
    let region = slot.region(index)
    let operation = slot.pointee.operation
    return region.pointee.device.with { device in
      if let errno = device.refusal(operation, start: region.pointee.start, count: region.pointee.count) {
        return errno
      }
      slot.pointee.isOpen = true
      slot.pointee.place = RegionPlace(
        cursor: slot.pointee.bytes,
        offset: region.pointee.start &* UInt64(Limits.sectorBytes),
        remaining: Int(region.pointee.count) &* Limits.sectorBytes,
        longest: device.geometry.longestPiece(operation.kind))
      guard operation.flags.contains(.atomic), operation.kind == .write else { return nil }
      // In one piece or not at all.
      let extent = Splitter.next(
        slot.pointee.place.cursor, remaining: slot.pointee.place.remaining,
        longest: slot.pointee.place.longest, geometry: device.geometry)
      return extent.isAligned && extent.bytes == slot.pointee.place.remaining ? nil : .EINVAL
    }
  }

  /// Cuts the next piece off the region; nil when no record or no bounce page is free.
  @inline(__always)
  private func nextPiece(_ slot: Stable<RequestSlot>, _ index: Int) -> Stable<PieceRecord>? {
    guard let record = takePiece() else { return nil }
    let operation = slot.pointee.operation
    record.prepare(slot, region: index, operation)
    record.pointee.offset = slot.pointee.place.offset
    if operation.movesData {
      let extent = cut(slot, index)
      record.pointee.cursor = slot.pointee.place.cursor
      record.pointee.length = extent.bytes
      record.pointee.expected = extent.bytes
      guard extent.isAligned || bounce(record, slot, index) else {
        pointee.pieces.put(record)
        return nil
      }
      if let end = extent.end, extent.isAligned {
        slot.pointee.place.cursor = end
      } else {
        slot.pointee.place.cursor.advance(pastPiece: record.pointee.length)
      }
    } else {
      record.pointee.length = min(slot.pointee.place.remaining, slot.pointee.place.longest)
      record.pointee.expected = 0
    }
    slot.pointee.place.offset &+= UInt64(record.pointee.length)
    slot.pointee.place.remaining &-= record.pointee.length
    return record
  }

  /// The extent of the next piece. The regions of a request get the same bytes: where one was cut like this before, and for the
  /// same limits, the next one is, too.
  @inline(__always)
  private func cut(_ slot: Stable<RequestSlot>, _ index: Int) -> Splitter.Extent {
    let place = slot.pointee.place
    guard place.cursor.kind != .contiguous else { return cutAnew(slot, index) }
    if let cut = pointee.lastCut, cut.cursor == place.cursor, cut.remaining == place.remaining,
      cut.entry == slot.state(index).pointee.entry
    {
      return cut.extent
    }
    let extent = cutAnew(slot, index)
    pointee.lastCut = LastCut(
      cursor: place.cursor, remaining: place.remaining, entry: slot.state(index).pointee.entry, extent: extent)
    return extent
  }

  @inline(__always)
  private func cutAnew(_ slot: Stable<RequestSlot>, _ index: Int) -> Splitter.Extent {
    let place = slot.pointee.place
    return slot.region(index).pointee.device.with { device in
      Splitter.next(place.cursor, remaining: place.remaining, longest: place.longest, geometry: device.geometry)
    }
  }

  /// Puts bounce pages in the place of memory that the device cannot take; false when too few are free.
  private func bounce(_ record: Stable<PieceRecord>, _ slot: Stable<RequestSlot>, _ index: Int) -> Bool {
    let most = min(slot.pointee.place.remaining, slot.pointee.place.longest)
    let (block, runs) = slot.region(index).pointee.device.with {
      ($0.geometry.logicalBlock, $0.geometry.pieceRuns)
    }
    let least = max(1, block / Limits.pageBytes)
    let wanted = max(least, min((most + Limits.pageBytes - 1) / Limits.pageBytes, runs))
    guard let (first, count) = pointee.bounce.take(least: least, most: wanted) else { return false }
    let place = MemoryCursor(kind: .pages, position: first.bits, within: 0)
    record.pointee.home = record.pointee.cursor
    record.pointee.cursor = place
    record.pointee.bounce = first
    record.pointee.length = min(most, count * Limits.pageBytes) & ~(block - 1)
    // The answer has to pass where bytes are copied out and pages put back.
    record.pointee.expected = PieceRecord.never
    // Also for a read: a device that answers success but brings less must not show what was in the pages before.
    record.pointee.home.copy(record.pointee.length, to: place)
    return true
  }

  /// One flush for a device, however many regions of the request lie on it; each of them gets its answer.
  private func dispatchFlush(_ slot: Stable<RequestSlot>, _ index: Int) -> Bool {
    let device = slot.region(index).pointee.device
    for earlier in 0..<index where slot.region(earlier).pointee.device == device { return true }
    if let errno = device.with({ $0.flushRefusal() }) {
      failFlush(slot, index, errno)
      return true
    }
    guard let record = takePiece() else { return false }
    record.prepare(slot, region: index, .flush)
    record.pointee.operation.priority = slot.pointee.operation.priority
    record.pointee.offset = 0
    record.pointee.length = 0
    record.pointee.expected = 0
    slot.pointee.pending &+= 1
    send(record)
    return true
  }
}

extension MemoryCursor {
  /// Steps over a piece of `bytes` bytes.
  @inline(__always)
  mutating func advance(pastPiece bytes: Int) {
    if kind == .contiguous {
      _ = nextRun(limit: bytes)
    } else {
      advance(by: bytes)
    }
  }
}

extension Stable where Value == PieceRecord {
  /// Makes a free record one of region `region` of a request.
  @inline(__always)
  func prepare(_ slot: Stable<RequestSlot>, region: Int, _ operation: Operation) {
    pointee.slot = slot
    pointee.region = region
    pointee.operation = operation
    pointee.file = -1
    pointee.retries = 0
    pointee.bounce = nil
  }
}

extension Stable where Value == RequestSlot {
  /// True when the region that comes next is one for the ring.
  @inline(__always)
  fileprivate var isNextForRing: Bool {
    pointee.nextRegion < pointee.regionCount && state(pointee.nextRegion).pointee.entry?.pointee.ring != nil
  }

  /// True when region `index` has failed already.
  @inline(__always)
  func isFailed(_ index: Int) -> Bool { pointee.errors & (1 << UInt64(index)) != 0 }
}

extension Geometry {
  /// The longest piece of an operation, in bytes.
  @inline(__always)
  func longestPiece(_ kind: Operation.Kind) -> Int {
    switch kind {
    case .read, .write: wholeBlocks(pieceBytes)
    case .flush: 0
    case .discard: wholeBlocks(Geometry.bytes(discardSectors))
    case .writeZeroes: wholeBlocks(Geometry.bytes(writeZeroesSectors))
    }
  }

  private func wholeBlocks(_ bytes: Int) -> Int { max(logicalBlock, bytes & ~(logicalBlock &- 1)) }

  private static func bytes(_ sectors: UInt64) -> Int {
    Int(min(sectors, UInt64(1) << 40)) &* Limits.sectorBytes
  }
}
