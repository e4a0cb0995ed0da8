/// A piece on its way out: into the ring, to the client's blocking threads, or to the device itself.
extension Stable where Value == ClientState {
  /// Sends a piece of a region to the region's device.
  @inline(__always)
  func send(_ record: Stable<PieceRecord>) {
    guard let entry = record.pointee.slot.state(record.pointee.region).pointee.entry else { return }
    record.pointee.file = entry.pointee.file
    guard entry.pointee.file >= 0 else { return sendToDevice(record) }
    record.pointee.ringFile = entry.pointee.ringFile
    record.pointee.isBlockFile = entry.pointee.isBlockFile
    record.pointee.isRingLane = entry.pointee.isRingLane
    record.pointee.isInMemory = entry.pointee.isInMemory
    record.pointee.writesInTurn = entry.pointee.writesInTurn
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
      return (record.isPrompt ? pointee.prompt : pointee.workers).with { $0.push(record) }
    }
    if pointee.ring?.pointee.fill(record) != true { makeRoom(for: record) }
  }

  /// The ring is full: the kernel takes what is there, then once more; else the next turn tries again.
  private func makeRoom(for record: Stable<PieceRecord>) {
    submitFilled()
    if pointee.ring?.pointee.fill(record) != true { pointee.again.append(record) }
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

extension Stable where Value == PieceRecord {
  /// True for a call that only moves bytes in memory. A priority would have to be that of the thread, which is the client's;
  /// and the flush of a block device writes back what others have in the page cache.
  fileprivate var isPrompt: Bool {
    pointee.isInMemory && pointee.operation.kind.isRingKind && pointee.operation.priority == .none
      && (pointee.operation.kind != .flush || !pointee.isBlockFile)
  }
}

extension Operation.Kind {
  /// True for what goes through the ring; the rest blocks in the kernel anyway.
  @inline(__always)
  var isRingKind: Bool { rawValue <= Operation.Kind.flush.rawValue }
}
