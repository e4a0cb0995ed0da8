internal import DMIO

/// What comes next: the first sectors that a target wants, with all targets that want them.
extension CopyRun {
  /// What one chunk is going to carry.
  struct Piece {
    var range: Range<UInt64>
    /// The targets that it goes to, one bit each.
    var needs: UInt64 = 0
    var isGap = false
    /// Only for a target that was left behind: the pass has been there.
    var wasMissed = false
  }

  /// Sectors of the longest run of zeros that is handed to a device at once.
  private static let gapSectors: UInt64 = 1 << 21

  /// The next piece of this pass; nil when there is none.
  ///
  /// All targets of it want its first sectors. It ends where one of them, or another, sees a change, so that hardly a sector
  /// goes where it is not wanted; and it begins and ends at a block of everybody.
  func nextPiece() -> Piece? {
    guard next < source.sectors else { return nil }
    guard !targets.isEmpty else { return piece(next..<source.sectors, []) }
    var wanted: [(index: Int, sectors: Range<UInt64>)] = []
    for index in targets.indices where !targets[index].isDropped && !targets[index].isLeftBehind {
      guard let sectors = firstWanted(targets[index], from: next) else { continue }
      wanted.append((index, sectors))
    }
    guard let begin = wanted.map(\.sectors.lowerBound).min() else { return nil }
    let ends = wanted.map { $0.sectors.lowerBound == begin ? $0.sectors.upperBound : $0.sectors.lowerBound }
    return piece(begin..<(ends.min() ?? source.sectors), wanted)
  }

  /// The first sectors from `start` on that a target still lacks, and that the source may give. Where what cannot be read is left,
  /// a block that holds some of it is not asked for again.
  func firstWanted(_ target: CopyTarget, from start: UInt64) -> Range<UInt64>? {
    guard policy.readErrors == .leave else { return target.map.first(from: start, where: \.isOpen) }
    let block = targets.reduce(source.block) { max($0, $1.block) }
    var next = start
    while let open = target.map.first(from: next, where: \.isOpen) {
      let first = open.lowerBound / block * block
      guard let bad = source.map.first(from: first, where: { $0 == .bad }) else { return open }
      let begin = bad.lowerBound / block * block
      if begin > open.lowerBound { return open.clamped(to: open.lowerBound..<begin) }
      next = (bad.upperBound + block - 1) / block * block
    }
    return nil
  }

  func piece(_ sectors: Range<UInt64>, _ wanted: [(index: Int, sectors: Range<UInt64>)]) -> Piece? {
    let block = wanted.reduce(source.block) { max($0, targets[$1.index].block) }
    let begin = sectors.lowerBound / block * block
    var piece = Piece(range: begin..<begin)
    var (end, limit) = (min(sectors.upperBound, source.sectors), reserve.chunkSectors)
    if let content = source.content?(begin), content.end > begin {
      // A gap that ends within a block ends with the block before.
      let gapEnd = content.end >= source.sectors ? source.sectors : content.end / block * block
      piece.isGap = !content.isData && gapEnd > begin
      end = min(end, piece.isGap ? gapEnd : content.isData ? content.end : end)
      if piece.isGap { limit = gapLimit(wanted) }
    }
    end = min((end + block - 1) / block * block, source.sectors)
    piece.range = begin..<min(end, begin + limit)
    for (index, sectors) in wanted where sectors.lowerBound < piece.range.upperBound {
      piece.needs |= 1 << UInt64(index)
    }
    return piece
  }

  /// How long a gap may be at once: no longer than a chunk where somebody needs its zeros as bytes, or may yet need them, in order.
  private func gapLimit(_ wanted: [(index: Int, sectors: Range<UInt64>)]) -> UInt64 {
    if policy.isSequential || policy.verification != .none
      || wanted.contains(where: { targets[$0.index].zeros == .written })
    {
      return reserve.chunkSectors
    }
    return wanted.allSatisfy { targets[$0.index].zeros == .there } ? .max / 2 : CopyRun.gapSectors
  }

  /// Something is left for another pass.
  var hasLeftOver: Bool {
    needsAnotherPass
      || targets.contains { $0.isLeftBehind && $0.hasOpen }
  }

  /// Starts over, for targets that were left behind and for sectors that were left out; false when there is nothing to be done.
  ///
  /// A target is asked again only when it has answered for all chunks that it had, for what those hold is still open in its map.
  /// So a pass begins when nobody who takes part in one has a chunk; who was left behind and still has some waits for another.
  func beginAnotherPass() -> Bool {
    guard hasLeftOver else { return false }
    let carrying = busy.reduce(0) { $0 | $1.open }
    let returning = targets.indices.filter { targets[$0].isLeftBehind && carrying & (1 << UInt64($0)) == 0 }
    let isFree = targets.indices.allSatisfy { targets[$0].isLeftBehind || carrying & (1 << UInt64($0)) == 0 }
    guard busy.isEmpty || isFree && returning.contains(where: { targets[$0].hasOpen }) else { return false }
    if busy.isEmpty { needsAnotherPass = false }
    for index in returning { targets[index].takePartAgain() }
    next = 0
    return true
  }
}

extension CopyTarget {
  /// Some sectors are still to be looked at, and it still takes part.
  fileprivate var hasOpen: Bool { !isDropped && map.first(from: 0, where: \.isOpen) != nil }
}

extension SectorMap.Status {
  /// True for sectors that a copy still has to look at.
  package var isOpen: Bool { self != .done && self != .bad }
}
