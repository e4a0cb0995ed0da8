/// One request, from the door to its answer: `struct io` of dm-io.c, in a table that does not move.
///
/// A slot is filled by the thread that submits, then belongs to the client's thread, then to the pool.
@safe
struct RequestSlot: ~Copyable {
  // What a folded request needs: one cache line, with the first three words of `first`.
  /// What was asked.
  var operation = Operation.read
  /// Pieces in flight, and one more for as long as pieces are being sent.
  var pending: Int32 = 0
  /// The first byte of the memory of a folded request, which has no `bytes`.
  var address: UInt = 0
  var notify: BlockClient.Notify?
  var context: UnsafeMutableRawPointer?
  var next: Stable<RequestSlot>?
  /// The first region; the others stand in `regions`.
  var first = SlotRegion()

  // What every other request needs: two more, from the rest of `first` to the beginning of `place`.
  /// The first byte of the memory.
  var bytes = MemoryCursor(kind: .none, position: 0, within: 0)
  /// Room for `Limits.regions` regions, of which the first is not used.
  let regions: Stable<SlotRegion>
  /// 1 in a free slot.
  var regionCount = 1
  var phase = Phase.data
  var reply = Reply.notify
  /// The region that dispatch comes to next, and the place in it.
  var nextRegion = 0
  var errors: UInt64 = 0
  var failures: UnsafeMutablePointer<RegionFailure>?
  var place = RegionPlace()

  // How it is answered.
  var completion: ((RegionResult) -> Void)?
  var continuation: UnsafeContinuation<Answer, Never>?
  var blocked: Stable<BlockedCall>?
  /// The batch's tag, or the ticket by which a waiting task can be cancelled.
  var tag: UInt = 0
  var isCancelled = false

  // Where it is listed.
  let home: Home
  /// The next node of the mailbox, tagged.
  var mail: UInt = 0

  /// Has a slot end with a cache line, so that the next one begins with one.
  private let gap = InlineArray<6, UInt64>(repeating: 0)

  /// A slot with room for regions at `regions`.
  init(regions: Stable<SlotRegion>, home: Home) {
    self.regions = regions
    self.home = home
  }

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

extension Operation {
  /// What a request of this operation begins with.
  @inline(__always)
  var firstPhase: RequestSlot.Phase { kind == .flush || flags.contains(.preflush) ? .preflush : .data }
}

/// One region of a request under way.
struct SlotRegion {
  /// Held by the client's device table for as long as the request runs.
  var device = DeviceRef.none
  var start: UInt64 = 0
  var count: UInt64 = 0
  /// The device's entry in that table, for dispatch and pieces that have a record.
  var entry: Stable<DeviceEntry>?
  /// Valid while the region's bit is set.
  var failure = RegionFailure(errno: .EIO, sector: 0)

  /// What was asked.
  @inline(__always)
  var values: RegionRef.Values { RegionRef.Values(device: device, start: start, count: count) }

  @inline(__always)
  mutating func fill(_ values: RegionRef.Values) {
    (device, start, count) = (values.device, values.start, values.count)
  }
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
  /// The first region of the request.
  @inline(__always)
  var firstRegion: Stable<SlotRegion> {
    unsafe withUnsafeMutablePointer(to: &pointee.first) { unsafe Stable<SlotRegion>($0) }
  }

  /// The devices of the request's regions.
  func namedDevices() -> Set<DeviceRef> { Set((0..<pointee.regionCount).map { region($0).pointee.device }) }

  /// Region `index` of the request.
  @inline(__always)
  func region(_ index: Int) -> Stable<SlotRegion> {
    assert(index >= 0 && index < pointee.regionCount)
    return anyRegion(index)
  }

  /// The same, also beyond what the request has.
  @inline(__always)
  func anyRegion(_ index: Int) -> Stable<SlotRegion> {
    if index == 0 { return firstRegion }
    return Stable<SlotRegion>(bits: pointee.regions.bits &+ UInt(bitPattern: index &* MemoryLayout<SlotRegion>.stride))
  }
}
