internal import CDMIOSystem

/// The vectors that were gathered last, for the next region of the request, which gets the same bytes.
struct SharedVectors {
  var cursor = MemoryCursor(kind: .none, position: 0, within: 0)
  /// Bytes; 0 when there are none.
  var length = 0
  /// The first, among those of the ring.
  var first = 0
  var count = 0
  /// True when all of it is memory that the ring knows; nil while nobody has asked.
  var areKnown: Bool?
}

/// Scattered memory on its way into the ring.
extension Ring {
  /// Has `shared` tell where the next `length` bytes are; false when there is no room for their vectors, or they are too many.
  @inline(__always)
  mutating func gather(_ cursor: MemoryCursor, _ length: Int) -> Bool {
    shared.length == length && shared.cursor == cursor || gatherAnew(cursor, length)
  }

  /// Gathers a page list that nobody has looked at: false, too, when it has fewer than `length` bytes, or so many that it
  /// takes more than one transfer. What was gathered of it before is not trusted: it may have been changed since.
  @inline(__always)
  mutating func walk(_ list: MemoryCursor, _ length: Int) -> Bool {
    shared.length = 0
    return length < Limits.pieceRunsAtMost * Limits.pageBytes - Limits.pageBytes && gatherAnew(list, length)
  }

  /// Has `aimed` name the first `length` bytes of memory that nobody has looked at; false where there are fewer, or too many for one
  /// transfer. `count` is that of the memory.
  @inline(__always)
  mutating func aim(_ memory: MemoryCursor, _ count: Int, _ length: Int) -> Bool {
    switch memory.kind {
    case .contiguous where count >= length: aimed = RingMemory(memory.position, length)
    case .pages where memory.isInPage && walk(memory, length): aimed = gathered(length)
    case .vectors where memory.areJust(count, length):
      aimed = count > 1 ? RingMemory(vectors: memory.position, count) : RingMemory(memory.firstVector, length)
    default: return false
    }
    return true
  }

  /// Takes back the entries from `number` on, which were not submitted, with the vectors of a page list that was walked for them alone.
  @inline(never)
  mutating func takeBack(to number: UInt32, walked: Bool) {
    takeBack(to: number)
    guard walked, shared.length > 0 else { return }
    vectorCount = shared.first
    shared.length = 0
  }

  private mutating func gatherAnew(_ cursor: MemoryCursor, _ length: Int) -> Bool {
    guard vectorCount &+ Limits.pieceRunsAtMost <= Ring.vectorCapacity else { return false }
    let count = unsafe cursor.gather(length, into: vectors + vectorCount, most: Limits.pieceRunsAtMost)
    guard count > 0, count <= Limits.pieceRunsAtMost else { return false }
    shared = SharedVectors(cursor: cursor, length: length, first: vectorCount, count: count)
    vectorCount &+= count
    return true
  }

  /// True when the vectors that were gathered last lie in memory that the ring knows, and it takes vectors there.
  var areKnown: Bool {
    mutating get {
      guard knowsVectors else { return false }
      if let areKnown = shared.areKnown { return areKnown }
      let areKnown = (shared.first..<shared.first &+ shared.count).allSatisfy { index in
        unsafe isKnown(UInt(bitPattern: vectors[index].base), vectors[index].length)
      }
      shared.areKnown = areKnown
      return areKnown
    }
  }

  /// How an entry names the first `length` bytes from `cursor`; empty where there is no room for their vectors, or they are
  /// too many for one transfer.
  @inline(__always)
  mutating func memory(_ cursor: MemoryCursor, _ length: Int) -> RingMemory {
    if cursor.kind == .contiguous { return RingMemory(cursor.position, length) }
    return gather(cursor, length) ? gathered(length) : RingMemory()
  }

  /// The same of the bytes that were gathered last.
  @inline(__always)
  private func gathered(_ length: Int) -> RingMemory {
    let first = unsafe vectors + shared.first
    guard shared.count > 1 else { return unsafe RingMemory(UInt(bitPattern: first.pointee.base), length) }
    return RingMemory(vectors: UInt(bitPattern: first), shared.count)
  }

  /// True when each of the vectors lies as the device wants it.
  @inline(never)
  static func areAligned(_ memory: RingMemory, _ entry: Stable<DeviceEntry>) -> Bool {
    let vectors = unsafe UnsafeBufferPointer(
      start: UnsafePointer<dmio_vector>(bitPattern: memory.address), count: memory.runs)
    let (addressMask, lengthMask) = (entry.pointee.fit.addressMask, entry.pointee.fit.lengthMask)
    return unsafe vectors.allSatisfy { vector in
      unsafe UInt(bitPattern: vector.base) & addressMask == 0 && vector.length & lengthMask == 0
    }
  }

  /// True when a region is whole: one transfer between its device and `memory`, which is as long.
  @inline(__always)
  func isWhole(
    _ operation: Operation, _ device: DeviceRef, _ entry: Stable<DeviceEntry>, start: UInt64, count: UInt64,
    _ memory: RingMemory
  ) -> Bool {
    guard device.isHealthy, entry.pointee.fit.takes(operation, start, count, memory.run),
      entry.pointee.fit.takes(runs: memory.runs)
    else { return false }
    if memory.runs == 1 || entry.pointee.fit.takesAnyMemory { return true }
    return Ring.areAligned(memory, entry)
  }

  /// Fills an entry with a whole region that says where its bytes go. There has to be room at hand.
  @inline(__always)
  mutating func fillWhole(
    _ bits: UInt, _ entry: Stable<DeviceEntry>, _ operation: Operation, _ flags: Int32, _ start: UInt64,
    _ memory: RingMemory
  ) {
    let sqe = unsafe fillNext()
    unsafe sqe.pointee.head = Ring.head(memory.opcode, operation) | entry.pointee.ringFile.head
    unsafe sqe.pointee.off = start &* UInt64(Limits.sectorBytes)
    unsafe sqe.pointee.addr = UInt64(memory.address)
    unsafe sqe.pointee.transfer = Ring.transfer(memory.length, flags)
    unsafe sqe.pointee.user_data = UInt64(bits)
  }

  /// The same of a region of a file that takes it, and of what was aimed at.
  @inline(__always)
  mutating func fill(_ bits: UInt, _ file: WholeFile, _ start: UInt64) {
    let sqe = unsafe fillNext()
    unsafe sqe.pointee.head = file.head
    unsafe sqe.pointee.off = start &* UInt64(Limits.sectorBytes)
    unsafe sqe.pointee.addr = UInt64(aimed.address)
    unsafe sqe.pointee.transfer = Ring.transfer(aimed.length, 0)
    unsafe sqe.pointee.user_data = UInt64(bits)
  }
}

/// What whole regions of one length on one file have in common.
struct WholeFile {
  /// The first word of their entries.
  var head: UInt64 = 0
  /// The sectors where one may start, and the bits that must be clear in them.
  var starts: UInt64 = 0
  var sectorMask: UInt64 = .max

  /// None is taken.
  init() {}

  /// For plain operations on regions that fit.
  @inline(__always)
  init(_ entry: Stable<DeviceEntry>, _ operation: Operation, _ count: UInt64, _ memory: RingMemory) {
    head = Ring.head(memory.opcode, operation) | entry.pointee.ringFile.head
    starts = entry.pointee.fit.sectors &- count &+ 1
    sectorMask = entry.pointee.fit.sectorMask
  }

  @inline(__always)
  func takes(_ start: UInt64) -> Bool { start < starts && start & sectorMask == 0 }
}

/// Memory as an entry of the ring names it.
struct RingMemory {
  /// That of a read; that of the write follows it.
  var opcode: UInt32 = 0
  /// Bytes of the one run, or the number of the vectors at `address`.
  var length: UInt32 = 0
  var address: UInt = 0
  /// Runs of memory; 0: none.
  var runs = 0

  init() {}

  /// One run.
  @inline(__always)
  init(_ address: UInt, _ bytes: Int) {
    (opcode, self.address, length, runs) = (UInt32(DMIO_OP_READ), address, UInt32(truncatingIfNeeded: bytes), 1)
  }

  @inline(__always)
  init(vectors: UInt, _ count: Int) {
    (opcode, self.address, length, runs) = (UInt32(DMIO_OP_READV), vectors, UInt32(truncatingIfNeeded: count), count)
  }

  /// Where the one run is; 0, which is always aligned, where there are several, each with its own place.
  @inline(__always)
  var run: UInt { runs == 1 ? address : 0 }
}
