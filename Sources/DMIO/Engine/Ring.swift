internal import CDMIOSystem
internal import Synchronization

/// A client's io_uring: entries are filled here, and nowhere else. The client's thread only, but for `descriptor`.
@safe
struct Ring: ~Copyable {
  /// The entries of the submission queue, and the bits of a number that say which is meant.
  private let entries: UnsafeMutablePointer<dmio_sqe>
  private let mask: UInt32
  /// The number of the next entry to fill, and of the first that cannot be filled before the next `enter`.
  private(set) var tail: UInt32
  private var end: UInt32
  private let view: dmio_ring_view
  private let handle: OpaquePointer
  /// Vectors of the entries that are not submitted yet; the kernel copies them when it takes an entry.
  let vectors: UnsafeMutablePointer<dmio_vector>
  var vectorCount = 0
  var shared = SharedVectors()
  /// The memory of the request that is being sent.
  var aimed = RingMemory()

  static let vectorCapacity = 4096
  /// `user_data` of the watch on the mailbox; nothing stands at this address.
  static var watch: UInt { 2 }
  /// Marks the address of the slot of a whole region in `user_data`; that of a record has this bit clear.
  static var wholeMark: UInt { 1 }
  /// Where above the address the index of that region begins, in bits that no address has.
  static var indexShift: UInt { 58 }
  /// Marks the address of the slot of a folded request, and among those the slot of one that was queued.
  static var foldedMark: UInt { 4 }
  static var queuedMark: UInt { 2 }
  static var foldedBatchMark: UInt { foldedMark | queuedMark }

  /// The memory that the ring knows beforehand, as its buffer 0; and whether vectors may lie in it.
  private(set) var known: Range<UInt> = 0..<0
  private(set) var knowsVectors = false

  /// Makes a ring on the calling thread, which is then the only one that may use it unless it `isShared`.
  ///
  /// The queues are as long as `pieces` in flight need, within limits: the shorter they are, the better they stay in the
  /// processor's cache. Throws the kernel's errno: EPERM or ENOSYS where containers or sysctl refuse io_uring.
  init(pieces: Int, isShared: Bool) throws(Errno) {
    var handle: OpaquePointer?
    let rc = unsafe dmio_ring_create(
      UInt32(min(pieces / 2, Limits.ringEntries)), UInt32(pieces), UInt32(Limits.devices), isShared, &handle)
    guard rc == 0, let handle = unsafe handle else { throw Errno(rawValue: -rc) }
    unsafe self.handle = unsafe handle
    unsafe view = dmio_ring_look(handle).pointee
    unsafe (entries, mask, tail) = unsafe (view.sqes, view.sq_mask, view.sqe_tail.pointee)
    unsafe end = tail &+ dmio_ring_room(view, tail)
    unsafe vectors = .allocate(capacity: Ring.vectorCapacity)
  }

  /// Closes the ring, in which nothing but the watch may be left.
  deinit {
    unsafe dmio_ring_destroy(handle)
    unsafe vectors.deallocate()
  }

  /// The next entry to fill; nil when there is no room until the next `enter`.
  @unsafe
  @inline(__always)
  mutating func next() -> UnsafeMutablePointer<dmio_sqe>? {
    guard hasRoomAtHand || findRoom() else { return nil }
    return unsafe fillNext()
  }

  /// The next entry, for which there is room at hand.
  @unsafe
  @inline(__always)
  mutating func fillNext() -> UnsafeMutablePointer<dmio_sqe> {
    assert(hasRoomAtHand)
    defer { tail &+= 1 }
    return unsafe entries + Int(tail & mask)
  }

  /// True when an entry can be filled without looking for more room.
  @inline(__always)
  var hasRoomAtHand: Bool { tail != end }

  private var room: UInt32 { end &- tail }

  /// True when `count` entries can be filled before the next `enter`.
  @inline(__always)
  mutating func hasRoom(for count: Int) -> Bool { Int(room) >= count || findRoom() && Int(room) >= count }

  /// Looks for room that completions have left since the last `enter`.
  @inline(never)
  private mutating func findRoom() -> Bool {
    unsafe end = tail &+ dmio_ring_room(view, tail)
    return hasRoomAtHand
  }

  /// Takes back the entries from `number` on, which were not submitted.
  mutating func takeBack(to number: UInt32) { tail = number }

  /// Fills an entry with a piece; false when there is no room until the next `enter`.
  mutating func fill(_ record: Stable<PieceRecord>) -> Bool {
    guard record.pointee.operation.kind != .flush else { return fillFlush(record) }
    if record.pointee.cursor.kind == .contiguous {
      let (address, length) = (record.pointee.cursor.position, record.pointee.length)
      return fill(record, opcode(record.pointee.ringFile, address, length), UInt64(address), UInt32(length))
    }
    guard gather(record.pointee.cursor, record.pointee.length) else { return false }
    let first = unsafe vectors + shared.first
    guard shared.count > 1 else {
      let address = unsafe UInt(bitPattern: first.pointee.base)
      let opcode = opcode(record.pointee.ringFile, address, record.pointee.length)
      return fill(record, opcode, UInt64(address), UInt32(record.pointee.length))
    }
    let isFixed = record.pointee.ringFile.gainsFromKnown(record.pointee.length) && areKnown
    let opcode = UInt32(isFixed ? DMIO_OP_READV_FIXED : DMIO_OP_READV)
    return fill(record, opcode, UInt64(UInt(bitPattern: first)), UInt32(shared.count))
  }

  /// How one run of memory is read; the opcode of the write follows.
  @inline(__always)
  private func opcode(_ file: RingFile, _ address: UInt, _ length: Int) -> UInt32 {
    guard file.gainsFromKnown(length), isKnown(address, length) else { return UInt32(DMIO_OP_READ) }
    return UInt32(DMIO_OP_READ_FIXED)
  }

  func isKnown(_ address: UInt, _ length: Int) -> Bool {
    address >= known.lowerBound && address &+ UInt(length) <= known.upperBound
  }

  /// Fills an entry with a whole region of contiguous memory, for a plain operation; false when there is no room at hand.
  @inline(__always)
  mutating func fillPlain(
    _ bits: UInt, _ entry: Stable<DeviceEntry>, _ operation: Operation,
    start: UInt64, count: UInt64, address: UInt
  ) -> Bool {
    guard _fastPath(hasRoomAtHand) else { return false }
    // Plain operations are reads and writes, each with the opcode that follows as it does.
    let head = Ring.head(0, operation) &+ entry.pointee.ringFile.readHead
    let sqe = unsafe fillNext()
    unsafe sqe.pointee.head = head
    unsafe sqe.pointee.off = start &* UInt64(Limits.sectorBytes)
    unsafe sqe.pointee.addr = UInt64(address)
    // A piece, so the bytes are all in the lower half; and no flags are above them.
    unsafe sqe.pointee.transfer = count &* UInt64(Limits.sectorBytes)
    unsafe sqe.pointee.user_data = UInt64(bits)
    return true
  }

  /// The first word of an entry, without its file. The opcode is that of the read; that of the write follows it.
  @inline(__always)
  static func head(_ opcode: UInt32, _ operation: Operation) -> UInt64 {
    // Where an operation has its flags an entry has its own: the words are alike but for those.
    UInt64(operation.bits & ~0xFF00 &+ opcode)
  }

  /// How long a transfer is, in bytes or vectors, and the flags of the call.
  @inline(__always)
  static func transfer(_ length: UInt32, _ flags: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: flags)) << 32 | UInt64(length)
  }

  @inline(__always)
  private mutating func fill(_ record: Stable<PieceRecord>, _ opcode: UInt32, _ address: UInt64, _ length: UInt32)
    -> Bool
  {
    guard let sqe = unsafe next() else { return false }
    let operation = record.pointee.operation
    unsafe sqe.pointee.head = Ring.head(opcode, operation) | record.pointee.ringFile.head
    unsafe sqe.pointee.off = record.pointee.offset
    unsafe sqe.pointee.addr = address
    unsafe sqe.pointee.transfer = Ring.transfer(length, operation.systemFlags)
    unsafe sqe.pointee.user_data = UInt64(record.bits)
    return true
  }

  private mutating func fillFlush(_ record: Stable<PieceRecord>) -> Bool {
    guard let sqe = unsafe next() else { return false }
    unsafe sqe.pointee = dmio_sqe()
    unsafe sqe.pointee.head = UInt64(DMIO_OP_FSYNC) | record.pointee.ringFile.head
    unsafe sqe.pointee.transfer = Ring.transfer(0, Int32(DMIO_FSYNC_DATASYNC))
    unsafe sqe.pointee.user_data = UInt64(record.bits)
    return true
  }

  /// Fills an entry that completes when `event` becomes readable.
  mutating func fillWatch(_ event: Int32) -> Bool {
    guard let sqe = unsafe next() else { return false }
    unsafe sqe.pointee = dmio_sqe()
    unsafe sqe.pointee.head = UInt64(DMIO_OP_POLL_ADD) | RingFile(descriptor: event, isDirect: false).head
    unsafe sqe.pointee.transfer = Ring.transfer(0, Int32(DMIO_POLL_IN))
    unsafe sqe.pointee.user_data = UInt64(Ring.watch)
    return true
  }

  /// Tells the kernel of an arena's pages, or of as many of the first as it takes.
  mutating func register(_ arena: PageArena) {
    var pages = arena.pages
    while pages >= Limits.leastRegisteredPages {
      let bytes = pages * Limits.pageBytes
      let rc = unsafe dmio_ring_register_memory(handle, UnsafeMutableRawPointer(bitPattern: arena.start), bytes)
      if rc == 0 {
        known = arena.start..<arena.start + UInt(bytes)
        knowsVectors = unsafe dmio_ring_knows(handle, Int32(DMIO_OP_WRITEV_FIXED))
        return arena.registered.store(pages, ordering: .relaxed)
      }
      arena.refusal.store(-rc, ordering: .relaxed)
      pages /= 2
    }
  }

  /// Puts a file into place `index` of the ring's table, or takes it out (-1); false where there is no such place.
  func setFile(_ index: Int, _ file: Int32) -> Bool { unsafe dmio_ring_set_file(handle, UInt32(index), file) == 0 }

  /// True when entries were filled that the kernel has not been given.
  var hasFilled: Bool { unsafe dmio_ring_unsubmitted(view, tail) }

  /// How many entries were filled whose completion was not taken out yet.
  @inline(__always)
  var outstanding: UInt32 { unsafe tail &- dmio_ring_cq_head(view) }

  /// Gives the kernel what was filled and lets it finish what it put off; waits for one completion if asked.
  mutating func enter(wait: Bool, timeoutMilliseconds: Int64) -> Int32 {
    unsafe view.sqe_tail.pointee = tail
    let rc = unsafe dmio_ring_enter(handle, wait, timeoutMilliseconds)
    noteSubmission()
    return rc
  }

  /// Gives the kernel what was filled, and no time for what it put off; true if completions stand ready.
  @inline(__always)
  mutating func submit() -> Bool {
    unsafe view.sqe_tail.pointee = tail
    // What goes wrong goes wrong again, and is seen, when the ring is entered.
    _ = unsafe dmio_ring_submit(handle)
    noteSubmission()
    return readyCount > 0
  }

  @inline(__always)
  private mutating func noteSubmission() {
    unsafe end = tail &+ dmio_ring_room(view, tail)
    if vectorCount > 0 { forgetVectors() }
  }

  /// Memory may be used anew once its request has completed: what was gathered before is not looked at again.
  private mutating func forgetVectors() {
    shared.length = 0
    if !hasFilled { vectorCount = 0 }
  }

  /// What can be read while completions stand ready. Any thread.
  var descriptor: Int32 { unsafe dmio_ring_fd(handle) }

  /// Has the kernel signal `event` when there is something to reap, or to be let finish. With a ring that puts that off until it
  /// is entered, its own descriptor does not become readable each time.
  func signal(_ event: Int32) throws(BlockError) {
    let rc = unsafe dmio_ring_signal(handle, event)
    guard rc == 0 else { throw .system(Errno(rawValue: -rc), "having a ring signal an event") }
  }

  /// How many completions stand ready.
  @inline(__always)
  var readyCount: UInt32 { unsafe dmio_ring_ready(view) }

  /// The number of the completion that is to be taken next.
  @inline(__always)
  var nextCompletion: UInt32 { unsafe dmio_ring_cq_head(view) }

  /// Takes completion `number`, the next one, which has to stand ready: `user_data` and result.
  ///
  /// Who takes several counts for himself: that number as it was stored a moment ago is later at hand than one that was kept.
  @inline(__always)
  func take(_ number: UInt32) -> (bits: UInt, result: Int) {
    let cqe = unsafe dmio_ring_take(view, number)
    return (UInt(cqe.user_data), Int(cqe.res))
  }
}

extension Operation {
  /// The flags of `preadv2` and `pwritev2`, which are those of the ring.
  @inline(__always)
  var systemFlags: Int32 {
    guard kind == .write, !flags.isDisjoint(with: [.fua, .atomic]) else { return 0 }
    return (flags.contains(.fua) ? Int32(DMIO_RWF_DSYNC) : 0)
      | (flags.contains(.atomic) ? Int32(DMIO_RWF_ATOMIC) : 0)
  }
}
