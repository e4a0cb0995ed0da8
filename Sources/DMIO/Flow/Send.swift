/// A piece on its way out: into the ring, to the client's blocking threads, or to the device itself.
extension Stable where Value == ClientState {
  /// Sends a piece of a region to the region's device.
  @inline(__always)
  func send(_ record: Stable<PieceRecord>) {
    guard let entry = record.pointee.slot.region(record.pointee.region).pointee.entry else { return }
    record.pointee.file = entry.pointee.file
    guard entry.pointee.file >= 0 else { return sendToDevice(record) }
    record.pointee.isBlockFile = entry.pointee.isBlockFile
    record.pointee.isRingLane = entry.pointee.isRingLane
    sendToFile(record)
  }

  private func sendToDevice(_ record: Stable<PieceRecord>) {
    let device = record.pointee.slot.region(record.pointee.region).pointee.device
    device.with { $0.backend.submit(Piece(record)) }
  }

  /// Sends a piece that names its file to the ring, if that is the file's lane and the ring can do it.
  @inline(__always)
  func sendToFile(_ record: Stable<PieceRecord>) {
    guard record.pointee.isRingLane, record.pointee.operation.kind.isRingKind, pointee.ring != nil else {
      pointee.workers.push(record)
      return
    }
    if pointee.ring?.pointee.fill(record) != true { makeRoom(for: record) }
  }

  /// The ring is full: the kernel takes what is there, then once more; else the next turn tries again.
  private func makeRoom(for record: Stable<PieceRecord>) {
    submitFilled()
    if pointee.ring?.pointee.fill(record) != true { pointee.again.append(record) }
  }

  /// Sends a region that is one piece of contiguous, aligned memory for the ring: what most regions are.
  ///
  /// The same that `openRegion`, `nextPiece` and `send` do, in a straight line. False: nothing was done, they decide.
  @inline(__always)
  func sendWhole(_ slot: Stable<RequestSlot>, _ index: Int) -> Bool {
    let region = slot.region(index)
    guard let entry = region.pointee.entry, entry.pointee.isRingLane,
      slot.pointee.memory.kind == .contiguous, !slot.isFailed(index)
    else { return false }
    let (start, count) = (region.pointee.start, region.pointee.count)
    let (kind, memory) = (slot.pointee.operation.kind, unsafe UInt(bitPattern: slot.pointee.memory.base))
    let sectors = entry.pointee.fit.sectors
    guard kind == .read || kind == .write && entry.pointee.fit.isWritable,
      count &- 1 < entry.pointee.fit.longest, count <= sectors, start <= sectors &- count,
      (start | count) & entry.pointee.fit.sectorMask == 0, memory & entry.pointee.fit.addressMask == 0,
      region.pointee.device.isHealthy, let record = pointee.pieces.take()
    else { return false }
    record.prepare(slot, region: index, slot.pointee.operation)
    record.pointee.offset = start &* UInt64(Limits.sectorBytes)
    record.pointee.length = Int(count) &* Limits.sectorBytes
    record.pointee.expected = record.pointee.length
    record.pointee.cursor = MemoryCursor(kind: .contiguous, position: memory, within: 0)
    record.pointee.file = entry.pointee.file
    record.pointee.isRingLane = true
    slot.pointee.pending &+= 1
    if pointee.ring?.pointee.fillContiguous(record) != true { makeRoom(for: record) }
    return true
  }

  /// Sends pieces again that were put off, each once.
  @inline(__always)
  func sendAgain() {
    guard !pointee.again.isEmpty else { return }
    let records = pointee.again.take()
    for record in records {
      if record.pointee.file >= 0 { sendToFile(record) } else { send(record) }
    }
    pointee.again.giveBack(records)
  }
}

extension Operation.Kind {
  /// True for what goes through the ring; the rest blocks in the kernel anyway.
  @inline(__always)
  var isRingKind: Bool { rawValue <= Operation.Kind.flush.rawValue }
}
