internal import DMIO
internal import Glibc

/// Writing a chunk: to each target by itself, so that none waits for another; what fails is narrowed.
extension CopyRun {
  func write(_ chunk: Chunk) {
    let asked = targets.indices.filter { chunk.needs & (1 << UInt64($0)) != 0 && !targets[$0].isDropped }
    let segments = policy.verification == .only ? [] : segments(chunk)
    chunk.pending = asked.count + 1
    chunk.open = asked.reduce(0) { $0 | 1 << UInt64($1) }
    for index in asked {
      if policy.verification == .only {
        verify(chunk, targets[index])
      } else if targets[index].zeros == .written {
        write(chunk, targets[index], [Segment(range: chunk.range, isZero: false)])
      } else {
        write(chunk, targets[index], segments)
      }
    }
    endPart(chunk, nil)
  }

  /// A part of a chunk, all zeros or to be written as it is.
  struct Segment {
    var range: Range<UInt64>
    var isZero: Bool
  }

  /// Bytes of the shortest run of zeros that is looked for: a multiple of every logical block.
  private static let zeroBytes = Limits.logicalBlockBytes

  private func segments(_ chunk: Chunk) -> [Segment] {
    if chunk.isGap { return [Segment(range: chunk.range, isZero: true)] }
    guard policy.findsZeros, targets.contains(where: { $0.zeros != .written }) else {
      return [Segment(range: chunk.range, isZero: false)]
    }
    var segments: [Segment] = []
    let step = UInt64(CopyRun.zeroBytes / Limits.sectorBytes)
    for begin in stride(from: chunk.range.lowerBound, to: chunk.range.upperBound, by: Int(step)) {
      let range = begin..<min(begin + step, chunk.range.upperBound)
      let isZero = unsafe chunk.withBytes(chunk.bytes(of: range)) { UnsafeRawBufferPointer($0).isZero }
      if let last = segments.last, last.isZero == isZero {
        segments[segments.count - 1].range = last.range.lowerBound..<range.upperBound
      } else {
        segments.append(Segment(range: range, isZero: isZero))
      }
    }
    return segments
  }

  /// Writes segments one after the other, then goes on to reading back.
  private func write(_ chunk: Chunk, _ target: CopyTarget, _ segments: [Segment]) {
    guard let segment = segments.first, !target.isDropped else { return written(chunk, target) }
    let range = segment.range.padded(to: target.block)
    let goOn = { [self] in write(chunk, target, Array(segments.dropFirst())) }
    if segment.isZero, target.zeros == .there {
      settle(chunk, target, segment.range, isWritten: false)
      return goOn()
    }
    tryToWrite(chunk, target, range, isZero: segment.isZero) { [self] errno in
      guard let errno else {
        settle(chunk, target, segment.range, isWritten: true)
        return goOn()
      }
      if segment.isZero, errno == .EOPNOTSUPP {
        // It cannot after all: these sectors go there as bytes.
        target.zeros = .written
        guard !fitsChunk(segment.range) else { return write(chunk, target, segments.written) }
        leaveForAnotherPass(chunk)
        return goOn()
      }
      narrow(chunk, target, range, errno, goOn)
    }
  }

  private func tryToWrite(
    _ chunk: Chunk, _ target: CopyTarget, _ range: Range<UInt64>, isZero: Bool, _ answer: @escaping (Errno?) -> Void
  ) {
    // Zeros that are longer than a chunk have no bytes, even when they are not the target's way any more.
    if isZero, target.zeros == .operation || !fitsChunk(chunk.range) {
      submit(.writeZeroes, target.region(of: range), .none, Part(chunk, target, answer))
    } else {
      submit(.write, target.region(of: range), chunk.memory(of: range), Part(chunk, target, answer))
    }
  }

  private func narrow(
    _ chunk: Chunk, _ target: CopyTarget, _ range: Range<UInt64>, _ errno: Errno, _ whenDone: @escaping () -> Void
  ) {
    if policy.isSequential {
      // Nothing is written behind a failure, nor anything twice.
      target.addFailure(range.clamped(to: chunk.range), errno)
      failed(target)
      return whenDone()
    }
    let isZero = !fitsChunk(range)
    var (bad, isOver) = ([(Range<UInt64>, Errno)](), false)
    Narrowing(
      // A gap may have millions of blocks: when one was bad, and the target dropped, the others are not looked at.
      .init(
        block: target.block, retries: policy.retries.write,
        isOver: { [self] in isInterrupted() || isZero && target.isDropped }),
      attempt: { [self] in
        if target.isStuck { return $1(.ETIMEDOUT) }
        tryToWrite(chunk, target, $0, isZero: isZero, $1)
      },
      bad: { [self] in
        // Some of it was an error, the rest it cannot after all: that goes there as bytes.
        if isZero, $1 == .EOPNOTSUPP { return leaveForAnotherPass(chunk) }
        bad.append(($0.clamped(to: chunk.range), $1))
        failed(target)
      },
      good: { [self] in settle(chunk, target, $0.clamped(to: chunk.range), isWritten: true) },
      left: { _ in isOver = true },
      whenDone: { [self] in
        for (range, errno) in bad { target.addFailure(range, errno) }
        // What is left is open, and so is the rest.
        if isOver { endPart(chunk, target) } else { whenDone() }
      }
    ).start(range, errno)
  }

  func leaveForAnotherPass(_ chunk: Chunk) {
    needsAnotherPass = true
    chunk.wasLeft = true
  }

  func failed(_ target: CopyTarget) {
    switch policy.writeErrors {
    case .ignore: break
    case .drop: target.isDropped = true
    case .stop:
      target.isDropped = true
      isStopped = true
    }
  }

  /// Sectors are on the target; with reading back, that is to be seen yet.
  private func settle(_ chunk: Chunk, _ target: CopyTarget, _ range: Range<UInt64>, isWritten: Bool) {
    if isWritten { target.bytesWritten += source.bytes(in: range) }
    if policy.verification == .none { settled(target, range) }
  }

  func settled(_ target: CopyTarget, _ range: Range<UInt64>) {
    // Whole blocks are written, and compared again: some of it may be counted already.
    for run in target.map.runs(in: range) where run.status != .done {
      target.bytesSettled += source.bytes(in: run.sectors)
    }
    target.addGood(range)
  }

  private func written(_ chunk: Chunk, _ target: CopyTarget) {
    if policy.verification == .readback, !target.isDropped { return verify(chunk, target) }
    endPart(chunk, target)
  }

  /// A target has answered for a chunk; nil: all were asked.
  func endPart(_ chunk: Chunk, _ target: CopyTarget?) {
    if let target, let index = targets.firstIndex(where: { $0 === target }) { chunk.open &= ~(1 << UInt64(index)) }
    chunk.pending -= 1
    guard chunk.pending == 0 else { return }
    if policy.isSequential { leaveLine(chunk) }
    end(chunk)
  }
}

extension [CopyRun.Segment] {
  /// The same, with the first one as bytes.
  fileprivate var written: [CopyRun.Segment] {
    var segments = self
    segments[0].isZero = false
    return segments
  }
}

extension UnsafeRawBufferPointer {
  /// True when all bytes are zero: the first is, and each is like the one before it.
  fileprivate var isZero: Bool {
    guard let base = baseAddress, unsafe self[0] == 0 else { return unsafe isEmpty }
    return unsafe memcmp(base, base + 1, count - 1) == 0
  }
}
