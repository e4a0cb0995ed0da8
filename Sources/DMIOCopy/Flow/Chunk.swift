internal import DMIO

/// A place for one piece of a copy on its way from the source to the targets. It is used again and again.
@safe
package final class Chunk {
  /// Bytes that it holds: a multiple of every logical block.
  let bytes: Int
  private let buffer: PageBuffer
  /// The bytes of `buffer`, which stay in one place for as long as it lives.
  private let space: UnsafeMutableRawBufferPointer
  /// The sectors of the copy that it holds, counted from the copy's first.
  package internal(set) var range: Range<UInt64> = 0..<0
  /// The whole range is zeros by what the source's file says; it may be longer than the memory, which is not used then.
  var isGap = false
  /// All targets have answered; it only waits for its bytes to be told of.
  var wasWritten = false
  /// Somebody still takes its bytes.
  var isLent = false
  /// Some of it is to be looked at in another pass.
  var wasLeft = false
  /// Some of it could not be read, and which sectors is not known: none of it is written.
  var isUnread = false
  /// The pass had been there without the target that it goes to now.
  var wasMissed = false
  /// Where the part of it begins that is still to be told of; nil: there is none.
  var newFrom: UInt64?
  /// Ends a request that is part of the chunk; the last one ends the chunk.
  var pending = 0
  /// Requests that were given up, and in which the kernel may still use the memory.
  var held = 0
  /// The targets that it goes to, one bit each.
  var needs: UInt64 = 0
  /// Those of them that have not answered for it.
  var open: UInt64 = 0
  /// The requests that are open.
  var parts: [Part] = []

  /// A chunk of the client's registered pages while it has some, else of others.
  convenience init(bytes: Int, of client: BlockClient?) throws(BlockError) {
    let pages = bytes / Limits.pageBytes
    if let client, let buffer = try? PageBuffer(pages: pages, of: client) {
      self.init(buffer)
    } else {
      self.init(try PageBuffer(pages: pages))
    }
  }

  private init(_ buffer: consuming PageBuffer) {
    var span = buffer.mutableBytes
    unsafe space = span.withUnsafeMutableBytes { unsafe $0 }
    bytes = buffer.byteCount
    self.buffer = buffer
  }

  /// The memory of `sectors` of the copy. Why this is safe: a chunk is filled, written and begun again one after the other,
  /// and lives until the kernel has answered all that it was used for.
  func memory(of sectors: Range<UInt64>) -> Memory {
    let place = bytes(of: sectors)
    return unsafe Memory(contiguous: space.baseAddress.map { unsafe $0 + place.lowerBound }, byteCount: place.count)
  }

  /// Zeros from byte `offset` of the chunk on.
  package func zero(from offset: Int) { zero(offset..<max(offset, bytes)) }

  /// Zeros in a range of bytes.
  func zero(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    _ = unsafe UnsafeMutableRawBufferPointer(rebasing: space[range]).initializeMemory(as: UInt8.self, repeating: 0)
  }

  /// Hands out a run of its bytes.
  package func withBytes<Value>(_ range: Range<Int>, _ body: (UnsafeMutableRawBufferPointer) -> Value) -> Value {
    unsafe body(UnsafeMutableRawBufferPointer(rebasing: space[range]))
  }

  /// The first `count` bytes of the chunk that hold a part of its sectors.
  package func place(of sectors: Range<UInt64>, _ count: Int) -> Range<Int> {
    let first = bytes(of: sectors).lowerBound
    return first..<first + count
  }

  /// The bytes of the chunk that hold `sectors` of the copy.
  func bytes(of sectors: Range<UInt64>) -> Range<Int> {
    precondition(sectors.lowerBound >= range.lowerBound, "sectors of the chunk")
    let offset = Int(sectors.lowerBound - range.lowerBound) * Limits.sectorBytes
    let count = sectors.count * Limits.sectorBytes
    precondition(offset + count <= bytes, "sectors of the chunk")
    return offset..<offset + count
  }
}

/// One open request of a chunk: a read of the source, or a write or read of one target.
final class Part {
  /// The chunk that waits for it.
  let chunk: Chunk
  /// The chunk whose memory it uses: another one when a target is read back.
  let memory: Chunk
  /// The target; nil for the source.
  let target: CopyTarget?
  let started = ContinuousClock.now
  /// Ends the part; nil once that has happened.
  var answer: ((Errno?) -> Void)?

  init(_ chunk: Chunk, _ target: CopyTarget?, memory: Chunk? = nil, _ answer: @escaping (Errno?) -> Void) {
    self.chunk = chunk
    self.memory = memory ?? chunk
    self.target = target
    self.answer = answer
  }
}
