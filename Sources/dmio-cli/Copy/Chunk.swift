internal import DMIO

/// A place for one piece of the copy on its way from the source to the targets. It is used again and again.
@safe
final class Chunk {
  /// Bytes that a chunk holds: a multiple of every logical block.
  static let bytes = 1 << 20
  /// Sectors that a chunk holds.
  static let sectors = UInt64(bytes / Limits.sectorBytes)
  /// Chunks in flight; with the client's own pages well below 64 MiB.
  static let window = 16

  private let buffer: PageBuffer
  /// The bytes of `buffer`, which stay in one place for as long as it lives.
  private let space: UnsafeMutableRawBufferPointer
  /// The sectors of the copy that it holds, counted from the copy's first.
  var range: Range<UInt64> = 0..<0
  /// The targets whose fate for this chunk is open, one bit each.
  var unsettled: UInt64 = 0
  /// Ends a narrowing or a request that is part of the chunk; the last one ends the chunk.
  var pending = 0

  /// Pages of all chunks: what a client of a copy should have registered.
  static let pages = window * bytes / Limits.pageBytes

  init(_ client: BlockClient) throws(BlockError) {
    var buffer = try PageBuffer(pages: Chunk.bytes / Limits.pageBytes, of: client)
    var span = buffer.mutableBytes
    unsafe space = span.withUnsafeMutableBytes { unsafe $0 }
    self.buffer = buffer
  }

  /// The memory of `sectors` of the copy. Why this is safe: a chunk is filled, written and begun again one after the other,
  /// and the process ends before it does.
  func memory(of sectors: Range<UInt64>) -> Memory {
    let (offset, count) = bytes(of: sectors)
    return unsafe Memory(contiguous: space.baseAddress.map { unsafe $0 + offset }, byteCount: count)
  }

  /// Zeros from byte `offset` of the chunk on.
  func zero(from offset: Int) {
    guard offset < Chunk.bytes else { return }
    _ = unsafe UnsafeMutableRawBufferPointer(rebasing: space[offset...]).initializeMemory(as: UInt8.self, repeating: 0)
  }

  /// Hands out a run of its bytes.
  func withBytes<Value>(_ range: Range<Int>, _ body: (UnsafeMutableRawBufferPointer) -> Value) -> Value {
    unsafe body(UnsafeMutableRawBufferPointer(rebasing: space[range]))
  }

  private func bytes(of sectors: Range<UInt64>) -> (offset: Int, count: Int) {
    precondition(sectors.lowerBound >= range.lowerBound, "sectors of the chunk")
    let offset = Int(sectors.lowerBound - range.lowerBound) * Limits.sectorBytes
    let count = sectors.count * Limits.sectorBytes
    precondition(offset + count <= Chunk.bytes, "sectors of the chunk")
    return (offset, count)
  }
}
