internal import CDMIOSystem

/// A file as an entry of the ring names it.
struct RingFile {
  /// The first word of the entry of a read: its opcode, which that of the write follows, the flags, and above them the
  /// descriptor or, with the flag, the place in the ring's table.
  private(set) var readHead: UInt64
  /// The same without an opcode.
  @inline(__always)
  var head: UInt64 { readHead &- UInt64(DMIO_OP_READ) }
  /// True for O_DIRECT, where the kernel pins memory that it does not know.
  let isDirect: Bool

  /// A file by its descriptor; -1: none.
  init(descriptor: Int32 = -1, isDirect: Bool = false) {
    readHead = UInt64(UInt32(bitPattern: descriptor)) << 32 | UInt64(DMIO_OP_READ)
    self.isDirect = isDirect
  }

  /// Names the file by its place in the ring's table.
  mutating func stand(at place: Int) {
    readHead = UInt64(place) << 32 | UInt64(DMIO_SQE_FIXED_FILE) | UInt64(DMIO_OP_READ)
  }

  /// True when the file is named by its place in the ring's table.
  var isInTable: Bool { readHead & UInt64(DMIO_SQE_FIXED_FILE) != 0 }

  /// True for a transfer that is worth looking for its memory among what the ring knows.
  @inline(__always)
  func gainsFromKnown(_ length: Int) -> Bool { length >= Limits.registeredBytes && isDirect }
}
