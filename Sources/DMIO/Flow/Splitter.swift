/// Cuts a region into pieces: a pure function of the place in memory, the bytes that are left and the limits.
///
/// No back end cuts. A piece ends at the device's longest transfer, at its most runs of memory, or with
/// the region, and always at a logical block.
enum Splitter {
  /// What the next piece is.
  struct Extent: Equatable {
    /// Bytes; 0 when not one logical block fits into the runs that a piece may have.
    var bytes: Int
    /// Runs of memory, adjacent ones counted as one.
    var runs: Int
    /// True when every run begins and ends where the device can take it.
    var isAligned: Bool
    /// The place behind it, where that is known at no cost.
    var end: MemoryCursor?
  }

  /// The next piece of a region of which `remaining` bytes (above 0) are left.
  @inline(__always)
  static func next(_ cursor: MemoryCursor, remaining: Int, longest: Int, geometry: Geometry) -> Extent {
    if cursor.kind == .contiguous {
      let bytes = min(remaining, longest)
      let isAligned = cursor.position & UInt(geometry.memoryAlignment &- 1) == 0
      return Extent(bytes: bytes, runs: 1, isAligned: isAligned)
    }
    return scattered(cursor, remaining: remaining, longest: longest, geometry: geometry)
  }

  private static func scattered(_ start: MemoryCursor, remaining: Int, longest: Int, geometry: Geometry) -> Extent {
    var cursor = start
    let most = min(remaining, longest)
    // A device that takes memory as it comes has nothing to be misaligned with.
    let lengthMask = geometry.memoryAlignment > 1 ? geometry.logicalBlock &- 1 : 0
    let addressMask = UInt(geometry.memoryAlignment &- 1)
    var extent = Extent(bytes: 0, runs: 0, isAligned: true)
    var run = MemoryCursor.Run(address: 0, length: 0)
    while extent.bytes < most {
      let part = cursor.nextRun(limit: most &- extent.bytes)
      if extent.runs != 0, part.address == run.address &+ UInt(run.length) {
        run.length &+= part.length
      } else {
        guard extent.runs < geometry.pieceRuns else { break }
        if run.length & lengthMask != 0 || part.address & addressMask != 0 { extent.isAligned = false }
        extent.runs &+= 1
        run = part
      }
      extent.bytes &+= part.length
    }
    // The walk ends behind the extent, unless a run was looked at that is none of it.
    if extent.bytes == most { extent.end = cursor }
    let beyondBlock = extent.bytes & (geometry.logicalBlock &- 1)
    if beyondBlock != 0 { extent.end = nil }
    extent.bytes &-= beyondBlock
    if (run.length &- beyondBlock) & lengthMask != 0 || extent.bytes == 0 { extent.isAligned = false }
    return extent
  }
}
