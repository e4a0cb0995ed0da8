/// Telling of the source's bytes in their order, which is not the one in which they are read.
extension CopyRun {
  /// The chunk holds its part of the source.
  func tellInOrder(_ chunk: Chunk) {
    // In a later pass little is new, and nothing of what a laggard missed.
    guard onBytes != nil, !chunk.wasMissed, let begin = telling.newPart(chunk.range) else { return }
    telling.waiting[begin] = .chunk(chunk)
    tellAll()
  }

  /// What is not read has no turn, and holds up nobody.
  func passOver(_ chunk: Chunk) {
    guard onBytes != nil, !chunk.wasMissed, let begin = telling.newPart(chunk.range) else { return }
    telling.waiting[begin] = .nothing(end: chunk.range.upperBound)
    tellAll()
  }

  private func tellAll() {
    while let next = telling.takeNext() {
      next.chunk.isLent = onBytes?(next.range, next.chunk.isGap ? nil : next.chunk) == .willTake
      // All that it still waited for was its turn here.
      if next.chunk.wasWritten { end(next.chunk) }
    }
  }

  /// Whoever was told of a chunk's bytes, and wanted to take them later, is through with them. On the thread of the run.
  package func tookBytes(of chunk: Chunk) {
    chunk.isLent = false
    if chunk.wasWritten { end(chunk) }
  }
}

/// Which sectors of a copy were told of, and what waits for its turn.
struct Telling {
  /// What stands at a sector, once it is known.
  enum Entry {
    case chunk(Chunk)
    /// Sectors up to `end` that are not going to be read.
    case nothing(end: UInt64)
  }

  /// By the first sectors that are new in them.
  var waiting: [UInt64: Entry] = [:]
  /// All before was told of, or left out.
  private var next: UInt64 = 0
  /// All before has begun to be read, or is not wanted.
  private var begun: UInt64 = 0

  /// Sectors begin to be read; those that lie between them and the ones before are wanted by nobody.
  mutating func begin(_ range: Range<UInt64>) {
    if range.lowerBound > begun {
      if begun == next { next = range.lowerBound } else { waiting[begun] = .nothing(end: range.lowerBound) }
    }
    begun = max(begun, range.upperBound)
  }

  /// Where that part of a range begins that was not told of before; nil: all was.
  func newPart(_ range: Range<UInt64>) -> UInt64? {
    range.upperBound > next ? max(range.lowerBound, next) : nil
  }

  func isWaiting(_ chunk: Chunk) -> Bool {
    waiting.values.contains {
      if case .chunk(let other) = $0 { other === chunk } else { false }
    }
  }

  /// Takes the chunk whose turn it is.
  mutating func takeNext() -> (range: Range<UInt64>, chunk: Chunk)? {
    while let entry = waiting.removeValue(forKey: next) {
      switch entry {
      case .nothing(let end): next = end
      case .chunk(let chunk):
        defer { next = chunk.range.upperBound }
        return (next..<chunk.range.upperBound, chunk)
      }
    }
    return nil
  }
}
