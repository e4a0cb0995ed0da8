/// The checks of a request: the only place that throws `.invalid` for one.
///
/// What depends on a device (alignment, size, support) is not checked here; that is a region's bit.
enum Validation {
  /// Throws if a request of `operation` over `regions` with `memory` is wrong in itself.
  ///
  /// `walk` is asked for a page list first: it may know a better use of a walk than finding out how long the list is. It
  /// returns true when the list has so many bytes.
  @inline(__always)
  static func check(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory,
    walk: (MemoryCursor, Int) -> Bool = { _, _ in false }
  ) throws(BlockError) {
    guard regions.count <= Limits.regions else { throw .invalid(.tooManyRegions) }
    guard operation.kind != .read || regions.count <= 1 else { throw .invalid(.readOfSeveralRegions) }
    var longest: UInt64 = 0
    if operation.kind != .flush {
      for index in regions.indices {
        let region = RegionRef(regions, index)
        try checkSectors(region.start, region.count)
        longest = max(longest, region.count)
      }
    }
    guard operation.movesData, longest > 0 else { return }
    let need = Int(longest) &* Limits.sectorBytes
    if memory.kind == .contiguous {
      guard memory.count >= need else { throw .invalid(.memoryTooShort) }
    } else if memory.kind != .pages || !memory.start.isInPage || !walk(memory.start, need) {
      try checkScattered(memory, need)
    }
  }

  /// The same for a request of one region that stands in its slot, with `byteCount` bytes of contiguous memory.
  static func check(_ slot: Stable<RequestSlot>, _ byteCount: Int) throws(BlockError) {
    let operation = slot.pointee.operation
    guard operation.kind != .flush else { return }
    let region = slot.firstRegion
    try checkSectors(region.pointee.start, region.pointee.count)
    guard !operation.movesData || byteCount >= Int(region.pointee.count) &* Limits.sectorBytes else {
      throw .invalid(.memoryTooShort)
    }
  }

  @inline(__always)
  private static func checkSectors(_ start: UInt64, _ count: UInt64) throws(BlockError) {
    // One comparison for both: a start and a count below 2^54 sectors have a sum below 2^63 bytes twice over.
    guard start | count < sectorLimit, start &+ count <= sectorLimit else { throw .invalid(.sectorOverflow) }
  }

  /// Sectors whose bytes fit into 63 bits.
  private static let sectorLimit = Limits.deviceSectors

  private static func checkScattered(_ memory: Memory, _ need: Int) throws(BlockError) {
    switch memory.kind {
    case .vectors: try checkVectors(memory, need)
    case .pages: try checkPages(memory, need)
    case .bioVectors: try checkBioVectors(memory, need)
    case .none, .contiguous: throw .invalid(.memoryTooShort)
    }
  }

  private static func checkVectors(_ memory: Memory, _ need: Int) throws(BlockError) {
    guard let base = unsafe memory.base, memory.count > 0 else { throw .invalid(.memoryTooShort) }
    let vectors = unsafe UnsafeBufferPointer(
      start: base.assumingMemoryBound(to: MemoryVector.self), count: memory.count)
    var rest = need
    for index in vectors.indices {
      let vector = unsafe vectors[index]
      guard vector.length >= 0, vector.length % Limits.sectorBytes == 0 else { throw .invalid(.segmentNotSectors) }
      guard unsafe vector.length == 0 || vector.base != nil else { throw .invalid(.memoryTooShort) }
      if vector.length >= rest { return }
      rest -= vector.length
    }
    throw .invalid(.memoryTooShort)
  }

  private static func checkBioVectors(_ memory: Memory, _ need: Int) throws(BlockError) {
    guard var next = unsafe memory.base?.assumingMemoryBound(to: BioVector.self) else {
      throw .invalid(.memoryTooShort)
    }
    var rest = need
    while rest > 0 {
      guard unsafe next.pointee.isValid else { throw .invalid(.segmentNotSectors) }
      rest -= unsafe Int(next.pointee.length)
      unsafe next += 1
    }
  }

  /// Pages of a list that are walked without asking whether it is circular.
  private static let shortList = 256

  private static func checkPages(_ memory: Memory, _ need: Int) throws(BlockError) {
    guard memory.offset >= 0, memory.offset < Limits.pageBytes else { throw .invalid(.offsetOutsidePage) }
    guard memory.offset % Limits.sectorBytes == 0 else { throw .invalid(.segmentNotSectors) }
    // The first page counts for what lies behind the offset: the sum of both could overflow.
    var rest = need
    var part = Limits.pageBytes - memory.offset
    var next = unsafe memory.base?.assumingMemoryBound(to: PageNode.self)
    // Most lists are short: they end before it is worth looking whether they do.
    for _ in 0..<shortList {
      guard rest > 0 else { return }
      guard let node = unsafe next else { throw .invalid(.memoryTooShort) }
      rest -= part
      part = Limits.pageBytes
      unsafe next = node.pointee.next
    }
    // A list that comes back to a page it had before is circular and ends nowhere; the page to look for moves on, each time
    // after twice as many steps.
    var seen = unsafe next
    var (steps, stepsToMove) = (0, 1)
    while rest > 0 {
      guard let node = unsafe next else { throw .invalid(.memoryTooShort) }
      rest -= part
      part = Limits.pageBytes
      unsafe next = node.pointee.next
      if unsafe next == seen { return }
      steps += 1
      guard steps == stepsToMove else { continue }
      unsafe seen = next
      (steps, stepsToMove) = (0, 2 * stepsToMove)
    }
  }
}
