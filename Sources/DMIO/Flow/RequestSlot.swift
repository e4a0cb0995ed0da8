/// One request, from the door to its answer: `struct io` of dm-io.c, in a table that does not move.
///
/// A slot is filled by the thread that submits, then belongs to the client's thread, then to the pool.
@safe
struct RequestSlot: ~Copyable {
  // What a folded request needs: one cache line.
  /// What was asked.
  var operation = Operation.read
  /// Pieces in flight, and one more for as long as pieces are being sent. Among the ended requests of a batch: 0, and below 0 for one
  /// that failed.
  var pending: Int32 = 0
  /// The first byte of the memory of a folded request, which has no `bytes`.
  var address: UInt = 0
  var notify: BlockClient.Notify?
  var context: UnsafeMutableRawPointer?
  var next: Stable<RequestSlot>?
  /// The first region; the others stand in `regions`.
  var first = SlotRegion()

  // What every other request needs: one more.
  /// The first byte of the memory.
  var bytes = MemoryCursor(kind: .none, position: 0, within: 0)
  /// Where region 0 would stand among those of a chunk's slots.
  let regions: Stable<SlotRegion>
  var errors: UInt64 = 0
  var failures: UnsafeMutablePointer<RegionFailure>?
  private var counted: Int32 = 1
  private var reached: Int32 = 0
  var phase = Phase.data
  var reply = Reply.notify
  /// True when dispatch has looked at the region it comes to next: `place` says how far it is.
  var isOpen = false
  var isCancelled = false
  let home: Home

  // What is asked for more than a transfer, or failed.
  var place = RegionPlace()
  var firstState = RegionState()
  var completion: ((RegionResult) -> Void)?
  var continuation: UnsafeContinuation<Answer, Never>?
  var blocked: Stable<BlockedCall>?
  /// The ticket by which a waiting task can be cancelled.
  var tag: UInt = 0
  /// The next node of the mailbox, tagged.
  var mail: UInt = 0

  /// Has a slot end with a cache line, so that the next one begins with one; and take up an odd number of them, so that what is
  /// used of each has not the same few places in a cache.
  private let gap = InlineArray<9, UInt64>(repeating: 0)

  /// A slot with room for regions at `regions`.
  init(regions: Stable<SlotRegion>, home: Home) {
    self.regions = regions
    self.home = home
  }

  /// How many regions there are. 1 in a free slot.
  @inline(__always)
  var regionCount: Int {
    get { Int(counted) }
    set { counted = Int32(truncatingIfNeeded: newValue) }
  }

  /// The tag of a request of a batch, where others have the context of their callback.
  @inline(__always)
  var batchTag: UInt {
    get { unsafe UInt(bitPattern: context) }
    set { unsafe context = UnsafeMutableRawPointer(bitPattern: newValue) }
  }

  /// The region that dispatch comes to next.
  @inline(__always)
  var nextRegion: Int {
    get { Int(reached) }
    set { reached = Int32(truncatingIfNeeded: newValue) }
  }

  /// What the pieces in flight are for.
  enum Phase: UInt8 { case preflush, data, postflush }

  /// Whose free list the slot comes from: the client's thread's, or the locked one of all other threads.
  enum Home: UInt8 { case client, foreign }

  /// How the answer is given. `plain` is `notify` for a request that was sent at once, without a place for its failures.
  enum Reply: UInt8 { case notify, plain, completion, continuation, blocked, batch }

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

  /// What was asked.
  @inline(__always)
  var values: RegionRef.Values { RegionRef.Values(device: device, start: start, count: count) }

  @inline(__always)
  mutating func fill(_ values: RegionRef.Values) {
    (device, start, count) = (values.device, values.start, values.count)
  }
}

/// What most regions never need.
struct RegionState {
  /// The device's entry in the client's device table, for dispatch and pieces that have a record.
  var entry: Stable<DeviceEntry>?
  /// Valid while the region's bit is set.
  var failure = RegionFailure(errno: .EIO, sector: 0)
}

/// How far the splitting of one region is.
struct RegionPlace {
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
    index == 0 ? firstRegion : laterRegion(index)
  }

  /// The same of any but the first.
  @inline(__always)
  func laterRegion(_ index: Int) -> Stable<SlotRegion> {
    Stable<SlotRegion>(bits: pointee.regions.bits &+ UInt(bitPattern: index &* SlotChunk.regionStride))
  }

  /// What is noted of region `index`.
  func state(_ index: Int) -> Stable<RegionState> {
    assert(index >= 0 && index < pointee.regionCount)
    guard index > 0 else {
      return unsafe withUnsafeMutablePointer(to: &pointee.firstState) { unsafe Stable<RegionState>($0) }
    }
    return Stable<RegionState>(bits: laterRegion(Limits.regions &+ index).bits)
  }
}
