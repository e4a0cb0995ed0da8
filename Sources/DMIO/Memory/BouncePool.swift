internal import CDMIOSystem

/// The bounce pages of one client: they stand in for memory that a device cannot take.
///
/// Free pages are a page list, so a piece takes the first few nodes and walks them as it would a caller's.
/// They are filled with what is in the caller's memory, for reads too, and of what is read only the bytes that arrived are
/// copied out. So no page ever shows a caller what was in it before, even where a device brought less than it says.
struct BouncePool: ~Copyable {
  private var free: Stable<PageNode>?
  private var chunks: [BounceChunk] = []
  /// Pages in the free list.
  private(set) var freeCount = 0
  /// Pages that the reservation wants, and that exist (in use, free, but not retired).
  private var wanted = 0
  private var existing = 0
  /// Pages whose memory was given back; their addresses stay.
  private var retired: Stable<PageNode>?

  /// Makes or gives back pages until there are `pages` of them; those in use are given back when they return.
  mutating func resize(to pages: Int) throws(BlockError) {
    while existing < pages, let node = retired {
      unsafe retired = node.pointee.next.map { unsafe Stable($0) }
      existing += 1
      keep(node)
      guard unsafe dmio_populate(node.pointee.page, Limits.pageBytes) else {
        throw .system(.ENOMEM, "reserving a bounce page")
      }
    }
    if existing < pages {
      let chunk = try BounceChunk(pages: pages - existing)
      for index in 0..<chunk.pages { keep(chunk.node(index)) }
      chunks.append(chunk)
      existing = pages
    }
    wanted = pages
    while existing > wanted, let node = detachFirst() { retire(node) }
  }

  /// Takes `least` to `most` pages, linked to one another; nil when fewer than `least` are free.
  mutating func take(least: Int, most: Int) -> (first: Stable<PageNode>, count: Int)? {
    guard freeCount >= least, let first = free else { return nil }
    var last = first
    var count = 1
    while count < most, let next = unsafe last.pointee.next {
      unsafe last = Stable(next)
      count += 1
    }
    unsafe free = last.pointee.next.map { unsafe Stable($0) }
    unsafe last.pointee.next = nil
    freeCount -= count
    return (first, count)
  }

  /// Puts back the pages that `take` gave out.
  mutating func put(_ first: Stable<PageNode>) {
    var rest: Stable<PageNode>? = first
    while let node = rest {
      unsafe rest = node.pointee.next.map { unsafe Stable($0) }
      if existing > wanted { retire(node) } else { keep(node) }
    }
  }

  private mutating func keep(_ node: Stable<PageNode>) {
    unsafe node.pointee.next = free.flatMap { unsafe UnsafeMutablePointer(bitPattern: $0.bits) }
    free = node
    freeCount += 1
  }

  private mutating func detachFirst() -> Stable<PageNode>? {
    guard let node = free else { return nil }
    unsafe free = node.pointee.next.map { unsafe Stable($0) }
    freeCount -= 1
    return node
  }

  private mutating func retire(_ node: Stable<PageNode>) {
    unsafe dmio_give_back(node.pointee.page, Limits.pageBytes)
    unsafe node.pointee.next = retired.flatMap { unsafe UnsafeMutablePointer(bitPattern: $0.bits) }
    retired = node
    existing -= 1
  }
}

/// The mapped memory of some bounce pages, and their nodes.
private final class BounceChunk {
  let pages: Int
  private let memory: Arena
  private let nodes: Arena

  init(pages: Int) throws(BlockError) {
    self.pages = pages
    memory = try Arena(bytes: pages * Limits.pageBytes, populate: true)
    nodes = try Arena(bytes: pages * MemoryLayout<PageNode>.stride, populate: true)
  }

  func node(_ index: Int) -> Stable<PageNode> {
    let page = unsafe memory.address(index * Limits.pageBytes)
    let address = unsafe nodes.address(index * MemoryLayout<PageNode>.stride)
    return unsafe Stable(address.initializeMemory(as: PageNode.self, to: PageNode(page: page, next: nil)))
  }
}
