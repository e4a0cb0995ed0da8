internal import DMIO

/// Reading a chunk: once, and where that fails again by parts, until the bad blocks are known.
extension Copier {
  /// Fills a chunk from the source's device. What cannot be read is zero, and a hole.
  func read(_ chunk: Chunk, _ whenDone: @escaping () -> Void) {
    let range = chunk.range.padded(to: source.block)
    tryToRead(chunk, range) { [self] errno in
      guard let errno else { return whenDone() }
      let end = readableEnd(range)
      if end < range.upperBound { source.addHole(end..<range.upperBound, errno) }
      guard range.lowerBound < end else { return whenDone() }
      Narrowing(
        block: source.block, attempt: { [self] in tryToRead(chunk, $0, $1) },
        bad: { [self] in source.addHole($0, $1) }, good: { _ in }, whenDone: whenDone
      ).start(range.lowerBound..<end, errno)
    }
  }

  private func tryToRead(_ chunk: Chunk, _ range: Range<UInt64>, _ answer: @escaping (Errno?) -> Void) {
    guard let device = source.device else { preconditionFailure("a source that is read has a device") }
    let region = Region(device, start: source.start + range.lowerBound, count: UInt64(range.count))
    submit(.read, [region], chunk.memory(of: range)) { answer($0.failure(of: 0)?.errno) }
  }

  /// Where reading can stop: a file that has become shorter has nothing to be found behind its end.
  private func readableEnd(_ range: Range<UInt64>) -> UInt64 {
    guard let bytes = source.bytesNow() else { return range.upperBound }
    let first = source.start + range.lowerBound
    let sectors = (bytes / 512 + source.block) / source.block * source.block
    return sectors <= first ? range.lowerBound : min(range.upperBound, sectors - source.start)
  }
}
