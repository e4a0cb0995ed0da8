internal import DMIO

/// A copy under way: many chunks in flight, each read once and written to all targets that want it.
///
/// It belongs to the thread of its driven client, and moves only in `step` and in completions. What happened is in the source
/// and the targets. The order of its parts is that of the data: CopyRun+Work, +Reading, +Writing, +Verifying, +Settling.
package final class CopyRun {
  /// Fills a chunk with its part of the source, and calls back, at once or from a completion.
  package typealias Fill = (CopyRun, Chunk, @escaping () -> Void) -> Void

  package let reserve: Reserve
  package let source: CopySource
  package let targets: [CopyTarget]
  let policy: CopyPolicy
  let throttle: CopyThrottle?
  private let fill: Fill
  var busy: [Chunk] = []
  /// The first sector that no chunk of this pass has begun with.
  var next: UInt64 = 0
  /// Sectors were left out in this pass that are to be tried in another.
  var needsAnotherPass = false
  /// Since when it is counted who waits for whom.
  var watched = ContinuousClock.now
  /// When it was last seen that targets wait for others; nil: they did not.
  var lastLook: ContinuousClock.Instant?
  /// Bytes of the chunks that are through.
  package private(set) var bytesDone: UInt64 = 0
  /// Nothing new is begun; what is under way ends.
  package var isStopped = false
  /// What was read is not written any more either.
  package var hasEnded = false
  /// Told of each piece of the source that is read, in its order and once, with the chunk that holds it; nil: zeros.
  package var onBytes: ((Range<UInt64>, Chunk?) -> Taking)?

  /// What becomes of the bytes that somebody is told of.
  package enum Taking {
    /// They were taken.
    case taken
    /// They will be, and the chunk is kept as it is until `tookBytes`.
    case willTake
  }

  /// What `onBytes` is still to be told.
  var telling = Telling()
  /// The line of a sequential copy: its chunks in the order in which they are to be written.
  var line = WriteLine()
  /// True when what failed is not to be looked at by parts any more: it stays open, for another run.
  package var isInterrupted: () -> Bool = { false }

  /// - Parameter fill: Fills a chunk and calls back, at once or from a completion.
  package init(
    _ reserve: Reserve, _ source: CopySource, _ targets: [CopyTarget], _ policy: CopyPolicy = CopyPolicy(),
    throttle: CopyThrottle? = nil, fill: @escaping Fill = { $0.read($1, $2) }
  ) {
    precondition(targets.count <= Limits.regions, "targets of a copy")
    self.reserve = reserve
    self.source = source
    self.targets = targets
    self.policy = policy
    self.throttle = throttle
    self.fill = fill
    for target in targets {
      target.settling.isNeeded = policy.flushes.targets
      target.wasVerified = policy.verification != .none
    }
  }

  var client: BlockClient { reserve.client }

  /// Begins what can be begun. True when the copy is over: nothing is under way, and nothing more is going to be.
  package func step() -> Bool {
    catchUp()
    repeat {
      if !beginPieces() { return false }
    } while leaveLaggards()
    if reserve.isExhausted { isStopped = true }
    let isThrough = busy.isEmpty && (isStopped || hasEnded || nextPiece() == nil && !hasLeftOver)
    settle(all: isThrough)
    return isThrough && targets.allSatisfy(\.isSettled)
  }

  /// Begins as many pieces as can be; false when the throttle has to be waited for.
  private func beginPieces() -> Bool {
    while !isStopped, !hasEnded {
      guard let piece = nextPiece() else {
        guard beginAnotherPass() else { break }
        continue
      }
      if throttle?.mustWait() == true { return false }
      guard canBegin, let chunk = reserve.take() else { break }
      begin(chunk, piece)
    }
    return true
  }

  /// Nothing of it is left to be tried.
  var isComplete: Bool { targets.allSatisfy { $0.map.first(from: 0, where: \.isOpen) == nil } }

  func begin(_ chunk: Chunk, _ piece: Piece) {
    chunk.range = piece.range
    chunk.needs = piece.needs
    chunk.open = piece.needs
    chunk.isGap = piece.isGap
    chunk.pending = 0
    chunk.wasWritten = false
    chunk.wasLeft = false
    chunk.isUnread = false
    chunk.wasMissed = piece.wasMissed
    chunk.newFrom = nil
    busy.append(chunk)
    if !piece.wasMissed { advance(chunk) }
    throttle?.begin(bytes: piece.isGap ? 0 : source.bytes(in: piece.range))
    if piece.isGap { return beginGap(chunk) }
    fill(self, chunk) { [self] in filled(chunk) }
  }

  /// The pass goes on behind the chunk, whose turn comes where turns are kept.
  private func advance(_ chunk: Chunk) {
    next = chunk.range.upperBound
    if policy.isSequential { line.chunks.append(chunk) }
    if onBytes != nil { chunk.newFrom = telling.begin(chunk.range) }
  }

  private func beginGap(_ chunk: Chunk) {
    source.addGood(chunk.range)
    if fitsChunk(chunk.range) { chunk.zero(from: 0) }
    filled(chunk)
  }

  func fitsChunk(_ range: Range<UInt64>) -> Bool { UInt64(range.count) <= reserve.chunkSectors }

  /// The chunk holds its part of the source.
  func filled(_ chunk: Chunk) {
    if hasEnded || chunk.isUnread { return leaveOut(chunk) }
    if leavesOutBad, source.hasBad(chunk.range) {
      // What lies around it is read again, by itself.
      if policy.readErrors == .leave, !isStopped { leaveForAnotherPass(chunk) }
      return leaveOut(chunk)
    }
    if chunk.held > 0 {
      guard let other = takeOver(chunk) else {
        // Its hole is known by then, and the rest read again.
        needsAnotherPass = true
        chunk.wasLeft = true
        return leaveOut(chunk)
      }
      return filled(other)
    }
    // What lies behind the source's last byte is zero, whatever a file has there by now.
    if !chunk.isGap { chunk.zero(from: Int(source.bytes(in: chunk.range))) }
    tellInOrder(chunk)
    if policy.isSequential { return getInLine(chunk) }
    write(chunk)
  }

  /// The chunk is not written, nor is anything behind it in a sequential copy.
  private func leaveOut(_ chunk: Chunk) {
    if policy.isSequential { cutLine(chunk) }
    passOver(chunk)
    end(chunk)
  }

  /// Every target has answered for the chunk, or was given up.
  func end(_ chunk: Chunk) {
    if chunk.isLent || telling.isWaiting(chunk) {
      chunk.wasWritten = true
      return
    }
    busy.removeAll { $0 === chunk }
    throttle?.end()
    if !chunk.wasLeft, !chunk.wasMissed { bytesDone += source.bytes(in: chunk.range) }
    if chunk.held == 0 { reserve.giveBack(chunk) } else { reserve.forfeit() }
  }

  /// Goes on with another chunk where the kernel may still write into the memory of this one.
  private func takeOver(_ chunk: Chunk) -> Chunk? {
    guard let other = reserve.exchange() else { return nil }
    other.range = chunk.range
    other.needs = chunk.needs
    other.open = chunk.needs
    other.isGap = false
    other.pending = 0
    other.wasWritten = false
    other.wasLeft = false
    other.isUnread = false
    other.wasMissed = chunk.wasMissed
    other.newFrom = chunk.newFrom
    unsafe chunk.withBytes(0..<chunk.bytes) { from in
      unsafe other.withBytes(0..<other.bytes) { unsafe $0.copyMemory(from: UnsafeRawBufferPointer(from)) }
    }
    for run in source.map.runs(in: chunk.range) where run.status == .bad { other.zero(other.bytes(of: run.sectors)) }
    busy.removeAll { $0 === chunk }
    busy.append(other)
    line.exchange(chunk, other)
    return other
  }
}
