package import DMIO

/// The chunks of a copier: made before the first copy begins, and the only memory that a copy uses.
package final class Reserve {
  let client: BlockClient
  /// Bytes of a chunk.
  let chunkBytes: Int
  /// Chunks that may be on their way at once.
  let window: Int
  private var idle: [Chunk] = []
  /// Chunks that are with a copy.
  private var lent = 0
  /// All that were made.
  private var count: Int
  /// More than these are never made: a target that hangs keeps the chunks that it holds.
  private let most: Int
  /// Who reads targets back, one at a time each.
  private var readers: [Chunk] = []
  /// Those that are there or will come back.
  private var readerCount = 0
  private var waiting: [Reading] = []

  /// A wish for a reader.
  private struct Reading {
    let target: CopyTarget
    let isAlone: Bool
    let body: (Chunk?) -> Void

    /// One that is slow in reading leaves others half of the readers.
    var mayHave: Bool { target.readers < (isAlone ? Reserve.readers : Reserve.readers / 2) }
  }

  /// Chunks that are made beyond the window in the place of such that somebody holds.
  package static let spare = 16
  /// Chunks for reading targets back.
  static let readers = 4

  package init(_ client: BlockClient, chunks: Int, chunkBytes: Int, readsBack: Bool = false) throws(BlockError) {
    self.client = client
    self.chunkBytes = chunkBytes
    window = chunks
    count = chunks
    most = chunks + Reserve.spare
    for _ in 0..<chunks { idle.append(try Chunk(bytes: chunkBytes, of: client)) }
    guard readsBack else { return }
    for _ in 0..<Reserve.readers { readers.append(try Chunk(bytes: chunkBytes, of: client)) }
    readerCount = readers.count
  }

  /// Sectors that a chunk holds.
  var chunkSectors: UInt64 { UInt64(chunkBytes / Limits.sectorBytes) }
  /// True when a chunk can be taken.
  var hasChunk: Bool { !idle.isEmpty }
  /// Chunks beyond the window that are there or will come back.
  var beyondWindow: Int { idle.count + lent - window }
  /// No chunk is left, and none is with a copy that will give it back: devices that hang hold them all.
  var isExhausted: Bool { idle.isEmpty && lent == 0 }

  func take() -> Chunk? {
    guard let chunk = idle.popLast() else { return nil }
    lent += 1
    return chunk
  }

  func giveBack(_ chunk: Chunk) {
    lent -= 1
    idle.append(chunk)
  }

  /// Writes off a chunk that the kernel may still use, and makes another in its place.
  func forfeit() {
    lent -= 1
    replace()
  }

  /// Takes a chunk that was written off after all: the kernel has answered.
  func recover(_ chunk: Chunk) { idle.append(chunk) }

  /// Makes a chunk in the place of one that is held by somebody who does not answer, as far as that may go.
  func replace() {
    if let chunk = makeSpare() { idle.append(chunk) }
  }

  /// Writes off a chunk that the kernel may still use, and hands out another in its place; nil: there is none.
  func exchange() -> Chunk? { makeSpare() ?? idle.popLast() }

  /// The client's own pages are for the chunks that it began with: a spare one comes from elsewhere.
  private func makeSpare() -> Chunk? {
    guard count < most, let chunk = try? Chunk(bytes: chunkBytes, of: nil) else { return nil }
    count += 1
    return chunk
  }

  /// Hands a chunk for reading `target` back to `body` as soon as there is one; nil when none is left, for devices that hang
  /// hold all. One of several targets has half of them at most.
  func withReader(for target: CopyTarget, isAlone: Bool, _ body: @escaping (Chunk?) -> Void) {
    waiting.append(Reading(target: target, isAlone: isAlone, body: body))
    lendReaders()
  }

  private func lendReaders() {
    while !readers.isEmpty || readerCount == 0 {
      guard let place = waiting.firstIndex(where: { readerCount == 0 || $0.mayHave }) else { return }
      let reading = waiting.remove(at: place)
      let reader = readers.popLast()
      if reader != nil { reading.target.readers += 1 }
      reading.body(reader)
    }
  }

  /// Takes one back that `target` does not use any more.
  func recover(reader: Chunk, of target: CopyTarget) {
    target.readers -= 1
    readers.append(reader)
    lendReaders()
  }

  /// Writes one off that `target` holds, which does not answer, and makes another in its place as far as that may go.
  func replaceReader(of target: CopyTarget) {
    target.readers -= 1
    if let chunk = exchange() { readers.append(chunk) } else { readerCount -= 1 }
    lendReaders()
  }

  /// Takes one back that was written off after all: the kernel has answered.
  func regain(reader: Chunk) {
    readerCount += 1
    readers.append(reader)
    lendReaders()
  }
}
