internal import Synchronization

/// The free slots for requests of threads that find the client's seat taken.
///
/// Such a thread takes one under a lock that is held for a few instructions; nobody waits for I/O, or for memory beyond a
/// chunk, under it. The client's thread takes no lock: what it puts back is pushed on a stack, which who runs out
/// of slots takes as a whole.
final class ForeignSlots: Sendable {
  private let table = Locked(SlotTable(home: .foreign))
  /// The slot that came back last; 0 when all were taken since.
  private let returned = Atomic<UInt>(0)

  func take() throws(BlockError) -> Stable<RequestSlot> {
    try table.withLock { (table) throws(BlockError) in
      if table.ready == nil { takeReturned(&table) }
      return try table.take()
    }
  }

  private func takeReturned(_ table: inout SlotTable) {
    var bits = returned.exchange(0, ordering: .acquiring)
    while bits != 0 {
      let slot = Stable<RequestSlot>(bits: bits)
      bits = slot.pointee.mail
      table.put(slot)
    }
  }

  /// Maps a chunk, so that it stands ready.
  func grow() throws(BlockError) {
    try table.withLock { (table) throws(BlockError) in try table.grow() }
  }

  /// Puts a slot back. The client's thread.
  func put(_ slot: Stable<RequestSlot>) {
    var seen = returned.load(ordering: .relaxed)
    while true {
      slot.pointee.mail = seen
      let (done, now) = returned.weakCompareExchange(
        expected: seen, desired: slot.bits, successOrdering: .releasing, failureOrdering: .relaxed)
      if done { return }
      seen = now
    }
  }
}
