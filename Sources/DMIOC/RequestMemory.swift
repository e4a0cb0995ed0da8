internal import CDMIO
internal import DMIO

/// The three kinds of memory of dm-io.txt, none of which is copied: nodes and vectors are laid out as ours.
enum RequestMemory {
  /// A list of pages; nil where a page of those that `sectors` sectors need is missing, or a node is misaligned.
  static func pages(_ list: UnsafeMutablePointer<page_list>?, offset: UInt32, sectors: UInt64) -> Memory? {
    unsafe assert(MemoryLayout<page_list>.stride == MemoryLayout<PageNode>.stride)
    guard unsafe hasPages(list, sectors: sectors, offset: offset) else { return nil }
    let nodes = unsafe UnsafeRawPointer(list)?.assumingMemoryBound(to: PageNode.self)
    return unsafe Memory(pages: nodes, offset: Int(offset))
  }

  /// An array of vectors; nil where it is misaligned.
  static func vectors(_ vectors: UnsafeMutablePointer<bio_vec>?) -> Memory? {
    guard unsafe isAligned(vectors) else { return nil }
    unsafe assert(MemoryLayout<bio_vec>.stride == MemoryLayout<BioVector>.stride)
    return unsafe Memory(bioVectors: UnsafeRawPointer(vectors)?.assumingMemoryBound(to: BioVector.self))
  }

  /// A buffer, whose length only the caller knows.
  static func buffer(_ data: UnsafeMutableRawPointer?) -> Memory {
    unsafe Memory(contiguous: data, byteCount: .max)
  }

  /// False where a node without a page, or a misaligned one, stands among those that are needed. That the list is long enough
  /// is looked at elsewhere; one that comes back to a node it had before is circular, and has been seen whole.
  private static func hasPages(_ list: UnsafeMutablePointer<page_list>?, sectors: UInt64, offset: UInt32) -> Bool {
    guard unsafe isAligned(list) else { return false }
    // What is beyond these is refused elsewhere.
    guard sectors < Limits.deviceSectors, offset < Limits.pageBytes, var node = unsafe list else { return true }
    // The first page counts for what lies behind the offset: the sum of both could overflow.
    var rest = Int(sectors) * Limits.sectorBytes
    var part = Limits.pageBytes - Int(offset)
    var (seen, steps, stepsToMove) = unsafe (node, 0, 1)
    while rest > 0 {
      guard unsafe node.pointee.page != nil else { return false }
      rest -= part
      part = Limits.pageBytes
      guard let next = unsafe node.pointee.next, unsafe next != seen else { return true }
      // Where the data end before it nobody goes there.
      guard unsafe rest <= 0 || isAligned(next) else { return false }
      unsafe node = next
      steps += 1
      guard steps == stepsToMove else { continue }
      unsafe (seen, steps, stepsToMove) = unsafe (node, 0, 2 * stepsToMove)
    }
    return true
  }

  /// The sectors of the longest region.
  static func longest(_ regions: UnsafePointer<io_region>?, _ count: UInt32) -> UInt64 {
    guard let regions = unsafe regions, count <= UInt32(Limits.regions) else { return 0 }
    return (0..<Int(count)).reduce(0) { max($0, unsafe regions[$1].count) }
  }
}
