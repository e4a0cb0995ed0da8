/// A disk in memory: sparse, zero at first, gone with its last holder.
///
/// Supports discard (which gives the memory back, so that the sectors read as zeros) and write-zeroes.
final class RAMDevice: BlockBackend {
  let geometry: Geometry
  private let content: Locked<Content>

  /// The bytes. Held under a lock because several clients may come at a time.
  private struct Content: ~Copyable {
    let arena: Arena
  }

  init(bytes: UInt64, logicalBlock: Int, isWritable: Bool = true) throws(BlockError) {
    guard logicalBlock > 0, bytes > 0, bytes <= 1 << 46, bytes % UInt64(logicalBlock) == 0 else {
      throw .system(.EINVAL, "a RAM disk of \(bytes) bytes (a multiple of \(logicalBlock), at most 64 TiB)")
    }
    geometry = Geometry(
      bytes: bytes, logicalBlock: logicalBlock, discardSectors: 1 << 31, writeZeroesSectors: 1 << 31,
      isWritable: isWritable)
    content = Locked(Content(arena: try Arena(bytes: Int(bytes), populate: false)))
  }

  func submit(_ piece: consuming Piece) {
    content.withLock { carryOut(piece, $0.arena) }
    piece.succeed()
  }

  func close() {}

  private func carryOut(_ piece: borrowing Piece, _ arena: borrowing Arena) {
    let offset = Int(piece.offset)
    var done = 0
    switch piece.operation.kind {
    case .read:
      unsafe piece.forEachRun { run in
        unsafe run.copyMemory(from: UnsafeRawBufferPointer(arena.bytes(offset + done, run.count)))
        done += run.count
      }
    case .write:
      unsafe piece.forEachRun { run in
        unsafe arena.bytes(offset + done, run.count).copyMemory(from: UnsafeRawBufferPointer(run))
        done += run.count
      }
    case .discard, .writeZeroes: arena.zero(offset, piece.length)
    case .flush: break
    }
  }
}

extension BlockDevice {
  /// A disk in memory of `bytes` bytes, a multiple of `logicalBlock`.
  public static func ram(bytes: UInt64, logicalBlock: Int = Limits.sectorBytes) throws(BlockError) -> BlockDevice {
    try BlockDevice(RAMDevice(bytes: bytes, logicalBlock: logicalBlock), name: "ram:\(bytes)")
  }

  /// The same with the right to write or without, as a file is opened.
  package static func ram(bytes: UInt64, access: FileOptions.Access) throws(BlockError) -> BlockDevice {
    let device = try RAMDevice(bytes: bytes, logicalBlock: Limits.sectorBytes, isWritable: access == .readWrite)
    return try BlockDevice(device, name: "ram:\(bytes)")
  }
}
