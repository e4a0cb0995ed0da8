/// A device that forgets what is written and reads as zeros.
final class NullDevice: BlockBackend {
  let geometry: Geometry

  init(bytes: UInt64, isWritable: Bool = true) {
    geometry = Geometry(
      bytes: bytes, discardSectors: 1 << 31, writeZeroesSectors: 1 << 31, isWritable: isWritable)
  }

  func submit(_ piece: consuming Piece) {
    if piece.operation.kind == .read {
      unsafe piece.forEachRun { run in unsafe _ = run.initializeMemory(as: UInt8.self, repeating: 0) }
    }
    piece.succeed()
  }

  func close() {}
}

extension BlockDevice {
  /// A device of `bytes` bytes that forgets what is written and reads as zeros.
  public static func null(bytes: UInt64) throws(BlockError) -> BlockDevice {
    try BlockDevice(NullDevice(bytes: bytes), name: "null:\(bytes)")
  }

  /// The same with the right to write or without, as a file is opened.
  package static func null(bytes: UInt64, access: FileOptions.Access) throws(BlockError) -> BlockDevice {
    try BlockDevice(NullDevice(bytes: bytes, isWritable: access == .readWrite), name: "null:\(bytes)")
  }
}
