internal import DMIO

/// Reading a chunk: once, and where that fails again by parts, until the bad blocks are known.
extension CopyRun {
  /// Fills a chunk from the source's device. What cannot be read is zero, and a hole.
  package func read(_ chunk: Chunk, _ whenDone: @escaping () -> Void) {
    let range = chunk.range.padded(to: source.block)
    // What is known to be bad is not touched again. A block of which only a part is, by a map that knew smaller ones, is.
    let known = source.map.runs(in: chunk.range).filter { $0.status == .bad }
      .map { $0.sectors.wholeBlocks(of: source.block, in: chunk.range) }.filter { !$0.isEmpty }
    guard !known.isEmpty else { return readAll(chunk, [range], whenDone) }
    chunk.zero(from: 0)
    var (good, next) = ([Range<UInt64>](), range.lowerBound)
    for bad in known {
      if bad.lowerBound > next { good.append(next..<bad.lowerBound) }
      next = bad.upperBound
    }
    if next < range.upperBound { good.append(next..<range.upperBound) }
    readAll(chunk, good, whenDone)
  }

  /// What could not be read is not written: it is not zeros, but left for another time.
  var leavesOutBad: Bool { policy.readErrors != .zeros || source.isGone }

  private func readAll(_ chunk: Chunk, _ ranges: [Range<UInt64>], _ whenDone: @escaping () -> Void) {
    guard let range = ranges.first else { return whenDone() }
    readOne(chunk, range) { [self] in readAll(chunk, Array(ranges.dropFirst()), whenDone) }
  }

  private func readOne(_ chunk: Chunk, _ range: Range<UInt64>, _ whenDone: @escaping () -> Void) {
    tryToRead(chunk, range) { [self] errno in
      guard let errno else {
        source.addRead(range)
        return whenDone()
      }
      if policy.stopsWithoutSource, errno.saysGone { source.isGone = true }
      if policy.readErrors == .stop || source.isGone { isStopped = true }
      let end = readableEnd(range)
      if end < range.upperBound { addHole(chunk, end..<range.upperBound, errno) }
      guard range.lowerBound < end else { return whenDone() }
      Narrowing(
        .init(block: source.block, retries: policy.retries.read, isOver: isInterrupted),
        attempt: { [self] in tryToRead(chunk, $0, $1) }, bad: { [self] in addHole(chunk, $0, $1) },
        good: { [self] in source.addRead($0) }, left: { _ in chunk.isUnread = true }, whenDone: whenDone
      ).start(range.lowerBound..<end, errno)
    }
  }

  /// What cannot be read is zero, also where a read had brought something before it failed.
  private func addHole(_ chunk: Chunk, _ range: Range<UInt64>, _ errno: Errno) {
    chunk.zero(chunk.bytes(of: range))
    source.addHole(range, errno)
  }

  private func tryToRead(_ chunk: Chunk, _ range: Range<UInt64>, _ answer: @escaping (Errno?) -> Void) {
    guard let device = source.device else { preconditionFailure("a source that is read has a device") }
    let region = Region(device, start: source.start + range.lowerBound, count: UInt64(range.count))
    submit(.read, region, chunk.memory(of: range), Part(chunk, nil, answer))
  }

  /// Where reading can stop: a file that has become shorter has nothing to be found behind its end.
  private func readableEnd(_ range: Range<UInt64>) -> UInt64 {
    guard let bytes = source.bytesNow() else { return range.upperBound }
    let first = source.start + range.lowerBound
    let sectors = (bytes / 512 + source.block) / source.block * source.block
    return sectors <= first ? range.lowerBound : min(range.upperBound, sectors - source.start)
  }
}
