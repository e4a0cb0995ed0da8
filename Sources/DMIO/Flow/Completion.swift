/// A piece on its way back: `endio` and `dec_count` of dm-io.c. The client's thread only.
extension Stable where Value == ClientState {
  /// Takes a piece's result: bytes transferred (0 where none are), or a negative errno.
  @inline(__always)
  func complete(_ record: Stable<PieceRecord>, _ result: Int) {
    if result == record.pointee.expected { retire(record) } else { settle(record, result) }
  }

  /// Puts a piece's record back and counts it off its request.
  @inline(__always)
  func retire(_ record: Stable<PieceRecord>) {
    let slot = record.pointee.slot
    pointee.pieces.put(record)
    drop(slot)
  }

  /// Counts one reference off a request; the last one ends it.
  @inline(__always)
  func drop(_ slot: Stable<RequestSlot>) {
    assert(slot.pointee.pending > 0)
    slot.pointee.pending &-= 1
    if slot.pointee.pending == 0 { finish(slot) }
  }

  /// Everything but the plain success of a plain piece.
  private func settle(_ record: Stable<PieceRecord>, _ result: Int) {
    if let child = unsafe record.pointee.child {
      return unsafe child.takeUnretainedValue().answered(result)
    }
    let (kind, offset, length) = (record.pointee.operation.kind, record.pointee.offset, record.pointee.length)
    let device = record.pointee.slot.region(record.pointee.region).pointee.device
    let outcome = device.with {
      Outcome.of(result, kind, offset: offset, length: length, $0.geometry)
    }
    if kind == .read, result > 0, record.pointee.bounce != nil {
      record.pointee.cursor.copy(min(result, length), to: record.pointee.home)
    }
    switch outcome {
    case .done: retireWhole(record)
    case .padding:
      record.zeroCallersMemory(from: result)
      retireWhole(record)
    case .progress(let bytes):
      record.advance(by: bytes)
      // A device may answer at once, and short again: by the next turn, so that no stack grows.
      if record.pointee.file >= 0 { send(record) } else { pointee.again.append(record) }
    case .again: putOff(record)
    case .failed(let errno) where errno.refusesPriority && record.pointee.operation.priority != .none:
      // A priority is a hint: what may not have it goes without.
      record.pointee.operation.priority = .none
      send(record)
    case .failed(let errno) where isGivenUp(record, errno):
      record.pointee.retries &+= 1
      pointee.workers.with { $0.push(record) }
    case .failed(let errno): failPiece(record, errno)
    }
  }

  /// True for what the kernel answers in the place of a thread that has ended since it submitted the piece, which on a shared
  /// client can be anybody's. The blocking call that follows says what is true.
  private func isGivenUp(_ record: Stable<PieceRecord>, _ errno: Errno) -> Bool {
    pointee.kind == .shared && (errno == .ECANCELED || errno == .EFAULT) && record.pointee.isRingLane
      && record.pointee.file >= 0 && record.pointee.retries == 0
  }

  /// A file's piece goes to a thread that can wait for what was lacking; another device's is sent by the next turn, and
  /// after some tries a millisecond later.
  private func putOff(_ record: Stable<PieceRecord>) {
    record.pointee.retries &+= 1
    if record.pointee.retries > Limits.retries {
      failPiece(record, .EIO)
    } else if record.pointee.retries > Limits.retriesAtOnce {
      putOff(record, milliseconds: 1) { [self] piece in pointee.again.append(piece.intoRecord()) }
    } else if record.pointee.file >= 0 {
      pointee.workers.with { $0.push(record) }
    } else {
      pointee.again.append(record)
    }
  }

  private func retireWhole(_ record: Stable<PieceRecord>) {
    putBounceBack(record)
    retire(record)
  }

  private func putBounceBack(_ record: Stable<PieceRecord>) {
    if let pages = record.pointee.bounce {
      pointee.bounce.put(pages)
      record.pointee.bounce = nil
    }
  }

  /// Notes a piece's failure. Other pieces are not touched; what a read did not bring is zero.
  private func failPiece(_ record: Stable<PieceRecord>, _ errno: Errno) {
    let slot = record.pointee.slot
    if record.pointee.operation.kind == .flush {
      failFlush(slot, record.pointee.region, errno)
    } else {
      if record.pointee.operation.kind == .read { record.zeroCallersMemory(from: 0) }
      slot.note(record.pointee.region, errno, record.pointee.offset / UInt64(Limits.sectorBytes))
    }
    retireWhole(record)
  }

  /// Fails a region of which nothing was submitted.
  func failRegion(_ slot: Stable<RequestSlot>, _ index: Int, _ errno: Errno) {
    let region = slot.region(index)
    if slot.pointee.operation.kind == .read {
      slot.pointee.bytes.zero(Int(region.pointee.count) * Limits.sectorBytes)
    }
    slot.note(index, errno, region.pointee.start)
  }

  /// Fails every region on the device that could not be flushed; such a device is not trusted any more.
  func failFlush(_ slot: Stable<RequestSlot>, _ index: Int, _ errno: Errno) {
    let device = slot.region(index).pointee.device
    for other in index..<slot.pointee.regionCount
    where slot.region(other).pointee.device == device {
      slot.note(other, errno, slot.region(other).pointee.start)
    }
    device.with { $0.flushFailed(errno) }
  }

  /// Ends a request, or lets its next phase follow.
  @inline(__always)
  func finish(_ slot: Stable<RequestSlot>) {
    if slot.pointee.phase == .preflush || slot.needsPostflush, let next = slot.nextPhase { return begin(next, slot) }
    releaseDevices(slot)
    if pointee.mayDeliver { deliver(slot) } else { pointee.ready.append(slot) }
  }

  private func begin(_ phase: RequestSlot.Phase, _ slot: Stable<RequestSlot>) {
    slot.pointee.phase = phase
    slot.pointee.nextRegion = 0
    slot.pointee.pending = 1
    if !dispatch(slot) { starve(slot) }
  }
}

extension Stable where Value == RequestSlot {
  /// True when zeros were written that have to be durable: no call writes zeros and flushes them in one.
  @inline(__always)
  fileprivate var needsPostflush: Bool {
    pointee.operation.kind == .writeZeroes && pointee.phase == .data && pointee.operation.flags.contains(.fua)
  }

  /// What follows the phase that has ended; nil: nothing.
  fileprivate var nextPhase: RequestSlot.Phase? {
    switch pointee.phase {
    case .preflush: pointee.operation.kind == .flush ? nil : .data
    case .data: .postflush
    case .postflush: nil
    }
  }

  /// Sets the bit of region `index`; of several failures the one at the lowest sector is kept.
  func note(_ index: Int, _ errno: Errno, _ sector: UInt64) {
    let bit: UInt64 = 1 << UInt64(index)
    if pointee.errors & bit == 0 || sector < state(index).pointee.failure.sector {
      state(index).pointee.failure = RegionFailure(errno: errno, sector: sector)
    }
    pointee.errors |= bit
  }
}

extension Stable where Value == PieceRecord {
  /// Where the caller's memory is, whether or not bounce pages stand in for it.
  private var callersMemory: MemoryCursor { pointee.bounce == nil ? pointee.cursor : pointee.home }

  /// Zeroes what the caller gets of this piece beyond the first `bytes` bytes.
  func zeroCallersMemory(from bytes: Int) {
    var cursor = callersMemory
    cursor.advance(by: bytes)
    cursor.zero(pointee.length - bytes)
  }

  /// Leaves the first `bytes` bytes behind.
  func advance(by bytes: Int) {
    pointee.offset &+= UInt64(bytes)
    pointee.length &-= bytes
    pointee.cursor.advance(by: bytes)
    if pointee.bounce == nil {
      pointee.expected = pointee.length
    } else {
      pointee.home.advance(by: bytes)
    }
  }
}

extension Errno {
  /// True for what the kernel answers to a priority that the caller may not use, or that does not exist.
  fileprivate var refusesPriority: Bool { self == .EPERM || self == .EINVAL }
}
