internal import CDMIOSystem
internal import Synchronization

/// The pages of a client that its ring knows beforehand, so that a large transfer need not pin them each time.
///
/// They stay mapped, and are the same pages, for as long as the client's ring or a buffer made of them exists: a ring that knows
/// an address would go on to use the pages that once were there. The first `registered` of them are known to the ring, the
/// others are memory like any other.
// Why unchecked: the mapping is made once and never moves; which pages are taken stands under a lock.
final class PageArena: @unchecked Sendable {
  private let arena: Arena
  /// How many pages there are.
  let pages: Int
  /// How many the ring took; set once, by the client's thread.
  let registered = Atomic<Int>(0)
  /// Why it took no more: an errno, or 0.
  let refusal = Atomic<Int32>(0)
  private let taken: Locked<[Bool]>

  /// Maps `pages` pages of zeros. Throws ENOMEM.
  init(pages: Int) throws(BlockError) {
    arena = try Arena(bytes: max(1, pages) * Limits.pageBytes, populate: pages > 0)
    self.pages = pages
    taken = Locked([Bool](repeating: false, count: pages))
  }

  /// The address of the first page.
  var start: UInt { unsafe UInt(bitPattern: arena.address(0)) }

  /// Takes `count` pages of zeros that lie side by side, as near to the beginning as there are; nil when there are none.
  @unsafe
  func take(_ count: Int) -> UnsafeMutableRawPointer? {
    guard let first = taken.withLock({ $0.takeRun(count) }) else { return nil }
    // Written over, not given back: others in their place would be strangers to the ring.
    let pages = unsafe arena.bytes(first * Limits.pageBytes, count * Limits.pageBytes)
    _ = unsafe pages.initializeMemory(as: UInt8.self, repeating: 0)
    return pages.baseAddress
  }

  /// Gives `count` pages back.
  @unsafe
  func put(_ address: UnsafeMutableRawPointer, _ count: Int) {
    let first = Int(UInt(bitPattern: address) - start) / Limits.pageBytes
    taken.withLock { taken in
      for page in first..<first + count { taken[page] = false }
    }
  }
}

extension [Bool] {
  /// Marks the first `count` places side by side that are free; the first of them.
  fileprivate mutating func takeRun(_ count: Int) -> Int? {
    var free = 0
    for index in indices {
      free = self[index] ? 0 : free + 1
      guard free == count else { continue }
      for place in index + 1 - count...index { self[place] = true }
      return index + 1 - count
    }
    return nil
  }
}
