/// One request, from the door to its answer: `struct io` of dm-io.c, in a table that does not move.
///
/// A slot is filled by the thread that submits, then belongs to the client's thread, then to the pool.
@safe
struct RequestSlot: ~Copyable {
  // What was asked.
  var operation = Operation.read
  var regionCount = 0
  var memory = Memory.none
  /// The regions, `regionCount` of them, in the table's block that belongs to this slot.
  var regions: Stable<SlotRegion>

  // How far it is.
  /// Pieces in flight, and one more for as long as pieces are being sent.
  var pending = 0
  var phase = Phase.data
  /// The region that dispatch comes to next, and the place in it.
  var nextRegion = 0
  var place = RegionPlace()
  var errors: UInt64 = 0

  // How it is answered.
  var reply = Reply.notify
  var notify: BlockClient.Notify?
  var context: UnsafeMutableRawPointer?
  var failures: UnsafeMutablePointer<RegionFailure>?
  var completion: ((RegionResult) -> Void)?
  var continuation: UnsafeContinuation<Answer, Never>?
  var blocked: Stable<BlockedCall>?
  /// The batch's tag, or the ticket by which a waiting task can be cancelled.
  var tag: UInt = 0
  var isCancelled = false

  // Where it is listed.
  var home = Home.client
  var next: Stable<RequestSlot>?
  /// The next node of the mailbox, tagged.
  var mail: UInt = 0

  init(regions: Stable<SlotRegion>) { self.regions = regions }

  /// What the pieces in flight are for.
  enum Phase: UInt8 { case preflush, data, postflush }

  /// Whose free list the slot comes from: the client's thread's, or the locked one of all other threads.
  enum Home: UInt8 { case client, foreign }

  /// How the answer is given.
  enum Reply: UInt8 { case notify, completion, continuation, blocked, batch }

  /// What a waiting task gets.
  struct Answer {
    var result: RegionResult
    var isCancelled = false
  }
}

/// One region of a request under way.
struct SlotRegion {
  /// Held by the client's device table for as long as the request runs.
  var device: DeviceRef
  var start: UInt64
  var count: UInt64
  /// The device's entry in that table, from admission to answer.
  var entry: Stable<DeviceEntry>?
  /// Valid while the region's bit is set.
  var failure: RegionFailure
}

/// How far the splitting of one region is.
struct RegionPlace {
  /// False: the region has not been looked at yet.
  var isOpen = false
  var cursor = MemoryCursor(kind: .none, position: 0, within: 0)
  /// The next byte on the device.
  var offset: UInt64 = 0
  /// Bytes that are still to be sent.
  var remaining = 0
  /// The longest piece, read from the geometry once, when the region was opened.
  var longest = 0
}

extension Stable where Value == RequestSlot {
  /// Region `index` of the request.
  @inline(__always)
  func region(_ index: Int) -> Stable<SlotRegion> {
    assert(index >= 0 && index < pointee.regionCount)
    return Stable<SlotRegion>(bits: pointee.regions.bits &+ UInt(index &* MemoryLayout<SlotRegion>.stride))
  }
}
