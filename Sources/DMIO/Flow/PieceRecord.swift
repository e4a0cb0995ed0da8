/// One piece of one region: what is to be done with which bytes, and for which request.
///
/// The address of a record is the ring's `user_data`. It belongs to whoever holds its `Piece`.
@safe
struct PieceRecord: ~Copyable {
  var client: Stable<ClientState>
  /// The request; of a child piece, the request of its parent.
  var slot: Stable<RequestSlot>
  var region = 0
  var operation = Operation.read
  /// Where on the device, in bytes.
  var offset: UInt64 = 0
  /// How many bytes.
  var length = 0
  /// The result that means "done, nothing else to see to". `PieceRecord.never` sends every result to the slow side.
  var expected = 0
  /// Where in memory: the caller's, or the bounce pages'.
  var cursor = MemoryCursor(kind: .none, position: 0, within: 0)
  /// The file, once a file device has been reached, and what it is.
  var file: Int32 = -1
  var ringFile = RingFile()
  var isBlockFile = false
  var isRingLane = false
  var isInMemory = false
  var writesInTurn = false
  var retries = 0

  /// The bounce pages that stand in for the caller's memory, and where that is.
  var bounce: Stable<PageNode>?
  var home = MemoryCursor(kind: .none, position: 0, within: 0)
  /// Set in the record of a child piece.
  var child: Unmanaged<ChildPiece>?

  /// The answer, on its way through the mailbox.
  var result = 0
  var next: Stable<PieceRecord>?
  var mail: UInt = 0

  init(client: Stable<ClientState>, slot: Stable<RequestSlot>) {
    self.client = client
    self.slot = slot
  }

  /// No transfer has this result.
  static let never = Int.min
}

/// The piece records of one client: a free list over mapped memory that grows with the reservation.
struct PiecePool: ~Copyable {
  private var free: Stable<PieceRecord>?
  private var chunks: [PieceChunk] = []
  /// Records that exist.
  private var made = 0
  /// Pieces in flight, with their record or without.
  private var inUse = 0
  /// How many may be in use at once.
  private var limit = 0

  /// Lets `limit` records be in use at once, and makes those that are missing.
  mutating func resize(to limit: Int, client: Stable<ClientState>, slot: Stable<RequestSlot>) throws(BlockError) {
    if limit > made {
      let chunk = try PieceChunk(capacity: limit - made)
      for index in 0..<chunk.capacity {
        let record = chunk.record(index, client: client, slot: slot)
        record.pointee.next = free
        free = record
      }
      chunks.append(chunk)
      made = limit
    }
    self.limit = limit
  }

  /// How many more pieces may be in flight.
  var room: Int { limit &- inUse }
  /// True while one more may.
  var hasRoom: Bool { inUse < limit }

  /// Counts pieces that fly without a record, because their region says all that there is to say about them.
  @inline(__always)
  mutating func count(_ pieces: Int) { inUse &+= pieces }

  /// The record of a piece that was counted: there is one for each.
  mutating func takeCounted() -> Stable<PieceRecord> {
    guard let record = free else { preconditionFailure("a record for every piece in flight") }
    free = record.pointee.next
    return record
  }

  /// A free record; nil while as many pieces as allowed are in flight.
  @inline(__always)
  mutating func take() -> Stable<PieceRecord>? {
    guard hasRoom, let record = free else { return nil }
    free = record.pointee.next
    inUse &+= 1
    return record
  }

  @inline(__always)
  mutating func put(_ record: Stable<PieceRecord>) {
    record.pointee.next = free
    free = record
    inUse &-= 1
  }
}

/// The mapped memory of some piece records.
private final class PieceChunk {
  let capacity: Int
  private let arena: Arena

  init(capacity: Int) throws(BlockError) {
    self.capacity = capacity
    arena = try Arena(bytes: capacity * MemoryLayout<PieceRecord>.stride, populate: true)
  }

  func record(_ index: Int, client: Stable<ClientState>, slot: Stable<RequestSlot>) -> Stable<PieceRecord> {
    let address = unsafe arena.address(index * MemoryLayout<PieceRecord>.stride)
    return unsafe Stable(
      address.initializeMemory(as: PieceRecord.self, to: PieceRecord(client: client, slot: slot)))
  }
}
