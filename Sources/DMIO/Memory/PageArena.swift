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
  private let places: Locked<Places>

  /// Maps `pages` pages of zeros. Throws ENOMEM.
  init(pages: Int) throws(BlockError) {
    arena = try Arena(bytes: max(1, pages) * Limits.pageBytes, populate: pages > 0)
    self.pages = pages
    places = Locked(Places(pages: pages))
  }

  /// The address of the first page.
  var start: UInt { unsafe UInt(bitPattern: arena.address(0)) }

  /// Takes `count` pages of zeros that lie side by side, as near to the beginning as there are; nil when there are none.
  @unsafe
  func take(_ count: Int) -> UnsafeMutableRawPointer? {
    guard let (first, used) = places.withLock({ $0.take(count) }) else { return nil }
    // Written over, not given back: others in their place would be strangers to the ring.
    if used > 0 {
      _ = unsafe arena.bytes(first * Limits.pageBytes, used * Limits.pageBytes)
        .initializeMemory(as: UInt8.self, repeating: 0)
    }
    return unsafe arena.bytes(first * Limits.pageBytes, count * Limits.pageBytes).baseAddress
  }

  /// Gives `count` pages back.
  @unsafe
  func put(_ address: UnsafeMutableRawPointer, _ count: Int) {
    let first = Int(UInt(bitPattern: address) - start) / Limits.pageBytes
    places.withLock { $0.put(first..<first + count) }
  }
}

/// Which pages of an arena are taken.
private struct Places {
  private var isTaken: [Bool]
  /// The first page that nobody ever had: from here on they are as they were mapped.
  private var fresh = 0

  init(pages: Int) { isTaken = [Bool](repeating: false, count: pages) }

  /// Takes the first `count` places side by side that are free: the first of them, and how many of them somebody had before.
  mutating func take(_ count: Int) -> (first: Int, used: Int)? {
    var free = 0
    for index in isTaken.indices {
      free = isTaken[index] ? 0 : free + 1
      guard free == count else { continue }
      let first = index + 1 - count
      for place in first...index { isTaken[place] = true }
      defer { fresh = max(fresh, first + count) }
      return (first, min(count, max(0, fresh - first)))
    }
    return nil
  }

  mutating func put(_ places: Range<Int>) {
    for place in places { isTaken[place] = false }
  }
}
