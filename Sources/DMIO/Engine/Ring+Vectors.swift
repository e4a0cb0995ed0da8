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
  mutating func walk(_ list: MemoryCursor, _ length: Int) -> Bool {
    shared.length = 0
    return length < Limits.pieceRunsAtMost * Limits.pageBytes - Limits.pageBytes && gatherAnew(list, length)
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

  /// True when the vectors that were gathered last can be one transfer.
  @inline(__always)
  private func fits(_ fit: WholeFit) -> Bool { shared.count <= fit.runs && (fit.takesAnyMemory || areAligned(fit)) }

  private func areAligned(_ fit: WholeFit) -> Bool {
    (shared.first..<shared.first &+ shared.count).allSatisfy { index in
      unsafe UInt(bitPattern: vectors[index].base) & fit.addressMask == 0 && vectors[index].length & fit.lengthMask == 0
    }
  }

  /// Fills an entry with a whole region of scattered memory; false when that is more than one transfer can take, or there is
  /// no room until the next `enter`.
  mutating func fillWhole(
    _ bits: UInt, _ entry: Stable<DeviceEntry>, _ operation: Operation, _ flags: Int32,
    start: UInt64, memory: MemoryCursor, bytes: Int
  ) -> Bool {
    guard gather(memory, bytes), fits(entry.pointee.fit), let sqe = unsafe next() else { return false }
    let first = unsafe vectors + shared.first
    let isOne = shared.count == 1
    unsafe sqe.pointee.head =
      Ring.head(UInt32(isOne ? DMIO_OP_READ : DMIO_OP_READV), operation) | entry.pointee.ringFile.flags
    unsafe sqe.pointee.fd = entry.pointee.ringFile.number
    unsafe sqe.pointee.off = start &* UInt64(Limits.sectorBytes)
    unsafe sqe.pointee.addr = UInt64(UInt(bitPattern: isOne ? first.pointee.base : UnsafeMutableRawPointer(first)))
    unsafe sqe.pointee.len = UInt32(truncatingIfNeeded: isOne ? bytes : shared.count)
    unsafe sqe.pointee.rw_flags = UInt32(bitPattern: flags)
    unsafe sqe.pointee.user_data = UInt64(bits)
    return true
  }
}
