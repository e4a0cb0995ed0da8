/// A device that wraps another and spoils operations by a plan, so that everything can be tested with it.
///
/// What no rule hits is passed on as it is. Several devices of this kind may be stacked.
final class FaultDevice: BlockBackend {
  let geometry: Geometry
  let inner: BlockDevice
  private let plan: FaultPlan
  private let state: Locked<FaultState>

  init(_ inner: BlockDevice, _ plan: FaultPlan) throws(BlockError) {
    self.inner = inner
    self.plan = plan
    var geometry = try plan.geometry.applied(to: inner.geometry)
    if plan.rules.contains(where: { $0.action == .torn }) { geometry.limitZeroing(to: Limits.pieceBytes) }
    self.geometry = geometry
    state = Locked(FaultState(plan))
  }

  func submit(_ piece: consuming Piece) {
    let choice = state.withLock { $0.choose(plan, piece.operation.kind, piece.startSector, piece.sectorCount) }
    guard choice.delayMilliseconds > 0 else { return carryOut(piece, choice.verdict) }
    delay(piece, choice.delayMilliseconds, choice.verdict)
  }

  /// Waits in parts, so that a piece does not outlive the closing of the device by more than one.
  private func delay(_ piece: consuming Piece, _ milliseconds: UInt64, _ verdict: FaultState.Verdict) {
    if state.withLock({ $0.isClosed }) { return piece.fail(.ENODEV) }
    guard milliseconds > 0 else { return carryOut(piece, verdict) }
    let part = min(milliseconds, FaultDevice.delayPart)
    piece.wait(milliseconds: part) { [self] piece in delay(piece, milliseconds - part, verdict) }
  }

  private static let delayPart: UInt64 = 50

  /// Ends what hangs and what is delayed. The wrapped device has a handle of its own.
  func close() {
    state.withLock { $0.close() }
    endHanging()
  }

  /// Ends what hangs, now and from now on.
  func endHanging() {
    let hanging = state.withLock { $0.takeHanging() }
    for record in hanging { Piece(record).fail(.ENODEV) }
  }

  private func carryOut(_ piece: consuming Piece, _ verdict: FaultState.Verdict) {
    switch verdict {
    case .pass: inner.submit(piece)
    case .fail(let errno): piece.fail(errno)
    case .hang: hang(piece)
    case .rule(let index): spoil(piece, plan.rules[index])
    }
  }

  private func hang(_ piece: consuming Piece) {
    let record = piece.intoRecord()
    // A device that was closed meanwhile holds nothing back.
    if !state.withLock({ $0.keepHanging(record) }) { Piece(record).fail(.ENODEV) }
  }

  private func spoil(_ piece: consuming Piece, _ rule: FaultPlan.Rule) {
    switch rule.action {
    case .error: piece.fail(rule.errno)
    case .lost: piece.succeed()
    case .short: shorten(piece, rule)
    case .torn: tear(piece, rule.errno)
    case .corrupt: corrupt(piece, rule)
    case .delay, .hang, .vanish: inner.submit(piece)
    }
  }

  /// Transfers what lies before the first sector that the rule covers.
  private func shorten(_ piece: consuming Piece, _ rule: FaultPlan.Rule) {
    // Only transfers can be short.
    guard piece.operation.movesData else { return inner.submit(piece) }
    guard rule.start > piece.startSector else { return piece.succeed(bytes: 0) }
    let bytes = Int(rule.start - piece.startSector) * Limits.sectorBytes & ~(inner.geometry.logicalBlock - 1)
    guard bytes > 0 else { return piece.succeed(bytes: 0) }
    inner.submit(
      ChildPiece.make(of: piece, range: 0..<bytes) { parent, result in
        parent.finish(result)
      })
  }

  /// Writes a random subset of the sectors, one after the other, then fails.
  private func tear(_ piece: consuming Piece, _ errno: Errno) {
    guard piece.operation.kind != .read, piece.operation.kind != .flush else { return piece.fail(errno) }
    let block = max(geometry.logicalBlock, inner.geometry.logicalBlock)
    let count = piece.length / block
    let chosen = state.withLock { state in (0..<count).filter { _ in state.random() < 0.5 } }
    tear(piece, chosen[...], block, errno)
  }

  /// Each block by a turn of its own: a device that answers at once must not make the stack grow.
  private func tear(_ piece: consuming Piece, _ blocks: ArraySlice<Int>, _ block: Int, _ errno: Errno) {
    guard let first = blocks.first else { return piece.fail(errno) }
    let rest = blocks.dropFirst()
    inner.submit(
      ChildPiece.make(of: piece, range: first * block..<(first + 1) * block) { [self] parent, _ in
        parent.wait(milliseconds: 0) { [self] parent in tear(parent, rest, block, errno) }
      })
  }

  /// Changes one byte of each covered sector, in what is written or in what was read.
  private func corrupt(_ piece: consuming Piece, _ rule: FaultPlan.Rule) {
    guard piece.operation.movesData else { return inner.submit(piece) }
    let covered = rule.sectors(within: piece.startSector, piece.sectorCount)
    let bytes = state.withLock { state in
      covered.map {
        Int($0 - piece.startSector) * Limits.sectorBytes + Int(state.random() * Double(Limits.sectorBytes))
      }
    }
    guard piece.operation.kind == .read else { return corruptWrite(piece, bytes) }
    inner.submit(
      ChildPiece.make(of: piece, range: 0..<piece.length) { parent, result in
        if result > 0 { parent.flip(bytes.filter { $0 < result }) }
        parent.finish(result)
      })
  }

  /// The caller's memory must not change: a copy is written.
  private func corruptWrite(_ piece: consuming Piece, _ bytes: [Int]) {
    let length = piece.length
    let copy = SpoiledCopy(of: piece, flipping: bytes)
    guard let copy else { return piece.fail(.ENOMEM) }
    inner.submit(
      ChildPiece.make(of: piece, range: 0..<length, memory: copy.cursor) { parent, result in
        // The handler keeps the copy until here.
        _ = copy
        parent.finish(result)
      })
  }
}

/// What is written in place of the caller's bytes.
private final class SpoiledCopy {
  private let buffer: PageBuffer
  let cursor: MemoryCursor

  init?(of piece: borrowing Piece, flipping bytes: [Int]) {
    guard let buffer = try? PageBuffer(pages: (piece.length + Limits.pageBytes - 1) / Limits.pageBytes) else {
      return nil
    }
    let cursor = unsafe buffer.memory.start
    piece.record.pointee.cursor.copy(piece.length, to: cursor)
    self.buffer = buffer
    self.cursor = cursor
    cursor.flip(bytes)
  }
}

extension Piece {
  /// Answers with a child's result.
  fileprivate consuming func finish(_ result: Int) {
    if result < 0 { fail(Errno(rawValue: Int32(truncatingIfNeeded: -result))) } else { succeed(bytes: result) }
  }

  /// Changes the given bytes of the piece's memory.
  fileprivate borrowing func flip(_ bytes: [Int]) { record.pointee.cursor.flip(bytes) }
}

extension MemoryCursor {
  /// Changes the bytes at the given distances, which rise, so that each differs from before.
  fileprivate func flip(_ bytes: [Int]) {
    var cursor = self
    var at = 0
    for byte in bytes {
      cursor.advance(by: byte - at)
      unsafe cursor.forEachRun(of: 1) { run in unsafe run[0] ^= 0xFF }
      at = byte + 1
    }
  }
}

extension BlockDevice {
  /// A device that spoils operations on `inner` by a plan. Closing it closes `inner`.
  ///
  /// Throws when the plan's geometry does not fit the wrapped device, or `Limits.faultDepth` are stacked already.
  public static func fault(_ inner: BlockDevice, _ plan: FaultPlan) throws(BlockError) -> BlockDevice {
    guard inner.faultDepth < Limits.faultDepth else {
      throw .system(.ELOOP, "stacking more than \(Limits.faultDepth) fault devices")
    }
    return try BlockDevice(
      FaultDevice(inner, plan), name: "fault:\(inner.name)", faultDepth: inner.faultDepth + 1)
  }

  /// The device that this one wraps, if it is a fault device.
  public var wrapped: BlockDevice? { (backend as? FaultDevice)?.inner }
}
