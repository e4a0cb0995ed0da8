internal import DMIO
internal import Glibc

/// Reading targets back: what a device holds is compared with what the source gave, sector by sector.
extension CopyRun {
  /// Compares the chunk's sectors on a target; on a mismatch they are written and read once more.
  func verify(_ chunk: Chunk, _ target: CopyTarget) {
    reserve.withReader(for: target, isAlone: targets.count == 1) { [self] reader in
      guard let reader else {
        if !target.isDropped { target.addFailure(chunk.range, .ENOMEM, by: .readBack) }
        return endPart(chunk, target)
      }
      if target.isDropped { return verified(chunk, target, reader) }
      reader.range = chunk.range
      compare(chunk, target, reader, chunk.range, mayRewrite: policy.verification == .readback) { [self] in
        verified(chunk, target, reader)
      }
    }
  }

  private func verified(_ chunk: Chunk, _ target: CopyTarget, _ reader: Chunk) {
    // One that a device still may write into comes back with its answer.
    if reader.held == 0 { reserve.recover(reader: reader, of: target) } else { reserve.replaceReader(of: target) }
    endPart(chunk, target)
  }

  private func compare(
    _ chunk: Chunk, _ target: CopyTarget, _ reader: Chunk, _ range: Range<UInt64>, mayRewrite: Bool,
    _ whenDone: @escaping () -> Void
  ) {
    let attempt: Narrowing.Attempt = { [self] range, answer in
      if target.isStuck { return answer(.ETIMEDOUT) }
      submit(.read, target.region(of: range), reader.memory(of: range), Part(chunk, target, memory: reader, answer))
    }
    var readable: [Range<UInt64>] = []
    // What cannot be read back is written again like what is wrong: it may have been lost behind a file's end.
    var unreadable: [Range<UInt64>] = []
    let judgeAll = { [self] in judge(chunk, target, reader, readable, unreadable, mayRewrite: mayRewrite, whenDone) }
    let padded = range.padded(to: target.block)
    attempt(padded) { [self] errno in
      guard let errno else {
        readable.append(range)
        return judgeAll()
      }
      Narrowing(
        .init(block: target.block, retries: policy.retries.write, isOver: isInterrupted), attempt: attempt,
        bad: {
          let range = $0.clamped(to: chunk.range)
          if mayRewrite, !$1.concernsWholeDevice {
            unreadable.append(range)
          } else {
            target.addFailure(range, $1, by: .readBack)
          }
        },
        // Neither good nor bad: it stays open.
        good: { readable.append($0.clamped(to: chunk.range)) }, left: { _ in }, whenDone: judgeAll
      ).start(padded, errno)
    }
  }

  private func judge(
    _ chunk: Chunk, _ target: CopyTarget, _ reader: Chunk, _ ranges: [Range<UInt64>], _ unreadable: [Range<UInt64>],
    mayRewrite: Bool, _ whenDone: @escaping () -> Void
  ) {
    var wrong = ranges.flatMap { mismatches(chunk, reader, $0) }
    // What the source does not give is no reason to call a copy bad. Reading back, zeros are what was written there.
    if policy.verification == .only { wrong = wrong.flatMap(readable) }
    for range in ranges {
      var next = range.lowerBound
      for bad in wrong where bad.lowerBound >= range.lowerBound && bad.upperBound <= range.upperBound {
        if next < bad.lowerBound { settled(target, next..<bad.lowerBound) }
        next = bad.upperBound
      }
      if next < range.upperBound { settled(target, next..<range.upperBound) }
    }
    if mayRewrite { return rewrite(chunk, target, reader, wrong + unreadable, whenDone) }
    for range in wrong { target.addMismatch(range) }
    whenDone()
  }

  /// The parts of a range of which the source's bytes are known.
  private func readable(_ range: Range<UInt64>) -> [Range<UInt64>] {
    source.map.runs(in: range).filter { $0.status != .bad }.map(\.sectors)
  }

  /// Writes what did not match once more, and compares it for the last time.
  private func rewrite(
    _ chunk: Chunk, _ target: CopyTarget, _ reader: Chunk, _ ranges: [Range<UInt64>], _ whenDone: @escaping () -> Void
  ) {
    guard let range = ranges.first else { return whenDone() }
    if target.isStuck {
      for range in ranges { target.addFailure(range, .ETIMEDOUT) }
      return whenDone()
    }
    let goOn = { [self] in rewrite(chunk, target, reader, Array(ranges.dropFirst()), whenDone) }
    let begin = range.lowerBound / target.block * target.block
    let blocks = (begin..<range.upperBound).padded(to: target.block)
    let part = Part(chunk, target) { [self] errno in
      if let errno {
        target.addFailure(range, errno)
        failed(target)
        return goOn()
      }
      compare(chunk, target, reader, blocks.clamped(to: chunk.range), mayRewrite: false, goOn)
    }
    submit(.write, target.region(of: blocks), chunk.memory(of: blocks), part)
  }

  /// The sectors of a range that differ; of the copy's last sector, only the bytes that belong to it.
  private func mismatches(_ chunk: Chunk, _ reader: Chunk, _ range: Range<UInt64>) -> [Range<UInt64>] {
    let bytes = chunk.bytes(of: range)
    let exact = bytes.lowerBound..<bytes.lowerBound + Int(source.bytes(in: range))
    if isSame(chunk, reader, exact) { return [] }
    var list: [Range<UInt64>] = []
    for sector in range {
      let place = chunk.bytes(of: sector..<sector + 1).clamped(to: exact)
      if isSame(chunk, reader, place) { continue }
      if let last = list.last, last.upperBound == sector {
        list[list.count - 1] = last.lowerBound..<sector + 1
      } else {
        list.append(sector..<sector + 1)
      }
    }
    return list
  }

  private func isSame(_ one: Chunk, _ other: Chunk, _ bytes: Range<Int>) -> Bool {
    guard !bytes.isEmpty else { return true }
    return unsafe one.withBytes(bytes) { one in
      unsafe other.withBytes(bytes) { other in
        guard let first = one.baseAddress, let second = other.baseAddress else { return true }
        return unsafe memcmp(first, second, bytes.count) == 0
      }
    }
  }
}
