internal import Synchronization

/// The request slots of one client: a free list over mapped chunks.
///
/// The reservation bounds the requests in flight; the slots of those that wait come from here too, so that
/// waiting is a link in a list. A chunk stands ready from the start; further ones are mapped only at the submission of a
/// request that has to wait behind that many.
struct SlotTable: ~Copyable {
  /// The first free slot that stands ready.
  private(set) var ready: Stable<RequestSlot>?
  private var chunks: [SlotChunk] = []
  /// Where slots of this table go home to.
  let home: RequestSlot.Home

  init(home: RequestSlot.Home) { self.home = home }

  /// Takes a free slot; maps another chunk when there is none.
  mutating func take() throws(BlockError) -> Stable<RequestSlot> {
    if ready == nil { try grow() }
    guard let slot = ready else { throw .busy }
    takeReady(slot)
    return slot
  }

  /// Takes the slot that stands ready.
  @inline(__always)
  mutating func takeReady(_ slot: Stable<RequestSlot>) { ready = slot.pointee.next }

  /// Puts a slot back.
  @inline(__always)
  mutating func put(_ slot: Stable<RequestSlot>) {
    assert(slot.pointee.home == home && slot.pointee.regionCount == 1)
    slot.pointee.next = ready
    ready = slot
  }

  /// The devices that slots name which are not free. Looks at every slot.
  func namedDevices() -> Set<DeviceRef> {
    // What a free slot named does not count any more.
    var free = ready
    while let slot = free {
      slot.pointee.first.device = .none
      free = slot.pointee.next
    }
    var named = Set<DeviceRef>()
    for chunk in chunks {
      for index in 0..<Limits.slotChunk {
        let slot = chunk.slot(index)
        if slot.pointee.first.device != .none { named.formUnion(slot.namedDevices()) }
      }
    }
    return named
  }

  /// Maps a chunk of free slots.
  mutating func grow() throws(BlockError) {
    guard chunks.count * Limits.slotChunk < Limits.waitingRequests + Limits.reservedPages else { throw .busy }
    let chunk = try SlotChunk()
    for index in 0..<Limits.slotChunk { put(chunk.makeSlot(index, home: home)) }
    chunks.append(chunk)
  }
}

/// The mapped memory of `Limits.slotChunk` slots and their regions.
///
/// All but the first region of each slot stand in a run of their own, which most requests do not touch: the second ones of all
/// slots, then the third ones, so that few regions take few cache lines; behind them, likewise, their states.
final class SlotChunk {
  private let slots: Arena
  private let regions: Arena

  /// From a region of a slot to the next, which has another place in a cache for the line between.
  static var regionStride: Int { Limits.slotChunk * MemoryLayout<SlotRegion>.stride + 64 }

  fileprivate init() throws(BlockError) {
    assert(
      MemoryLayout<RequestSlot>.stride % 128 == 64, "a slot begins with a cache line, and has an odd number of them")
    assert(MemoryLayout<RegionState>.stride == MemoryLayout<SlotRegion>.stride)
    slots = try Arena(bytes: Limits.slotChunk * MemoryLayout<RequestSlot>.stride, populate: false)
    regions = try Arena(bytes: 2 * Limits.regions * SlotChunk.regionStride, populate: false)
  }

  /// Slot `index`.
  fileprivate func slot(_ index: Int) -> Stable<RequestSlot> {
    unsafe Stable<RequestSlot>(
      slots.address(index * MemoryLayout<RequestSlot>.stride).assumingMemoryBound(to: RequestSlot.self))
  }

  /// The same, made where it stands.
  fileprivate func makeSlot(_ index: Int, home: RequestSlot.Home) -> Stable<RequestSlot> {
    let first = unsafe regions.address(index * MemoryLayout<SlotRegion>.stride)
    let address = unsafe slots.address(index * MemoryLayout<RequestSlot>.stride)
    unsafe address.initializeMemory(
      as: RequestSlot.self,
      to: RequestSlot(regions: Stable(bits: UInt(bitPattern: first)), home: home))
    let slot = slot(index)
    assert(
      unsafe withUnsafeMutablePointer(to: &slot.pointee.place) { UInt(bitPattern: $0) } == slot.bits + 128,
      "what most requests need takes two cache lines")
    return slot
  }
}

/// A first-in, first-out list of slots, linked through `next`.
struct SlotQueue {
  private var first: Stable<RequestSlot>?
  private var last: Stable<RequestSlot>?

  var isEmpty: Bool { first == nil }

  @inline(__always)
  mutating func append(_ slot: Stable<RequestSlot>) {
    slot.pointee.next = nil
    if let last { last.pointee.next = slot } else { first = slot }
    last = slot
  }

  /// Takes all slots out, and returns the first; each names the next one.
  @inline(__always)
  mutating func takeAll() -> Stable<RequestSlot>? {
    defer { self = SlotQueue() }
    return first
  }

  /// Puts a slot before all others.
  mutating func prepend(_ slot: Stable<RequestSlot>) {
    slot.pointee.next = first
    first = slot
    if last == nil { last = slot }
  }

  @inline(__always)
  mutating func popFirst() -> Stable<RequestSlot>? {
    guard let slot = first else { return nil }
    first = slot.pointee.next
    if first == nil { last = nil }
    slot.pointee.next = nil
    return slot
  }

  /// Takes out the slots of waiting tasks that have one of the tickets, in one pass, and hands them out.
  mutating func remove(_ tickets: Set<UInt>, _ body: (Stable<RequestSlot>) -> Void) {
    var rest = self
    self = SlotQueue()
    while let slot = rest.popFirst() {
      if slot.pointee.reply == .continuation, tickets.contains(slot.pointee.tag) { body(slot) } else { append(slot) }
    }
  }
}
