internal import DMIO

/// The bytes of a thread's requests: for each as many of its own as a block has, filled at random.
///
/// At random, because zeros would be nothing to store for a device that compresses or leaves out what is empty.
@safe
final class BenchBytes {
  private let blockBytes: Int
  /// The pages of contiguous bytes, and the first of them; nil for scattered ones.
  private let buffer: PageBuffer?
  private let base: UnsafeMutableRawPointer?
  /// The lists of scattered pages, as many as were made so far.
  private let lists: UnsafeMutablePointer<PageList>
  private var listCount = 0

  init(_ plan: BenchPlan) throws(BlockError) {
    blockBytes = plan.blockPages * Limits.pageBytes
    unsafe lists = .allocate(capacity: plan.depth)
    var random = Places(firstSector: 0, blocks: 1, blockSectors: 1, seed: 1)
    switch plan.memory {
    case .contiguous:
      var buffer = try PageBuffer(pages: plan.depth * plan.blockPages)
      var bytes = buffer.mutableBytes
      BenchBytes.fill(&bytes, &random)
      unsafe base = unsafe bytes.withUnsafeMutableBytes { $0.baseAddress }
      self.buffer = consume buffer
    case .scattered:
      buffer = nil
      unsafe base = nil
      for index in 0..<plan.depth {
        var list = try PageList(count: plan.blockPages)
        for page in 0..<plan.blockPages { list.withPage(page) { BenchBytes.fill(&$0, &random) } }
        unsafe (lists + index).initialize(to: list)
        listCount += 1
      }
    }
  }

  deinit { unsafe lists.deinitialize(count: listCount).deallocate() }

  /// The bytes of request `index`; valid while this holder lives.
  @unsafe
  func memory(_ index: Int) -> Memory {
    guard let base = unsafe base else { return unsafe lists[index].memory() }
    return unsafe Memory(contiguous: base + index * blockBytes, byteCount: blockBytes)
  }

  private static func fill(_ bytes: inout MutableRawSpan, _ random: inout Places) {
    for word in stride(from: 0, to: bytes.byteCount, by: 8) {
      unsafe bytes.storeBytes(of: random.advance(), toUncheckedByteOffset: word, as: UInt64.self)
    }
  }
}
