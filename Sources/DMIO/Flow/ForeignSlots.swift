/// The free slots for requests of threads that do not own the client: the one list of slots under a lock.
///
/// The lock is held for a few instructions; nobody waits for I/O, or for memory beyond a chunk, under it.
final class ForeignSlots: Sendable {
  private let table = Locked(SlotTable(home: .foreign))

  func take(for client: Stable<ClientState>) throws(BlockError) -> Stable<RequestSlot> {
    try table.withLock { (table) throws(BlockError) in try table.take(for: client) }
  }

  /// Maps a chunk, so that it stands ready.
  func grow(for client: Stable<ClientState>) throws(BlockError) {
    try table.withLock { (table) throws(BlockError) in try table.grow(for: client) }
  }

  func put(_ slot: Stable<RequestSlot>) {
    table.withLock { $0.put(slot) }
  }
}
