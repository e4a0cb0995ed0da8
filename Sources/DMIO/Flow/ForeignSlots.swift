/// The free slots for requests of threads that do not own the client: the one list of slots under a lock.
///
/// The lock is held for a few instructions; nobody waits for I/O, or for memory beyond a chunk, under it.
final class ForeignSlots: Sendable {
  private let table = Locked(SlotTable(home: .foreign))

  func take() throws(BlockError) -> Stable<RequestSlot> {
    try table.withLock { (table) throws(BlockError) in try table.take() }
  }

  /// Maps a chunk, so that it stands ready.
  func grow() throws(BlockError) {
    try table.withLock { (table) throws(BlockError) in try table.grow() }
  }

  func put(_ slot: Stable<RequestSlot>) {
    table.withLock { $0.put(slot) }
  }
}
