/// Telling of the source's bytes in their order, which is not the one in which they are read.
extension CopyRun {
  /// The chunk holds its part of the source.
  func tellInOrder(_ chunk: Chunk) {
    guard let begin = chunk.newFrom else { return }
    telling.waiting[begin] = .chunk(chunk)
    tellAll()
  }

  /// What is not read has no turn, and holds up nobody.
  func passOver(_ chunk: Chunk) {
    guard let begin = chunk.newFrom else { return }
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

  /// By the first sectors that are new in them: each begins where another ends.
  var waiting: [UInt64: Entry] = [:]
  /// All before was told of, or left out.
  private var next: UInt64 = 0
  /// All before has begun to be read, or is not wanted.
  private var begun: UInt64 = 0

  /// Sectors begin to be read; those that lie between them and the ones before are wanted by nobody. Returns where the part of
  /// them begins that never was begun before; nil: all was.
  mutating func begin(_ range: Range<UInt64>) -> UInt64? {
    guard range.upperBound > begun else { return nil }
    if range.lowerBound > begun {
      if begun == next { next = range.lowerBound } else { waiting[begun] = .nothing(end: range.lowerBound) }
    }
    defer { begun = range.upperBound }
    return max(range.lowerBound, begun)
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
