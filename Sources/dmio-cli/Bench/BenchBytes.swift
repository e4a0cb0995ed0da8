internal import DMIO

/// The bytes of a thread's requests: for each as many of its own as a block has, filled at random.
///
/// At random, because zeros would be nothing to store for a device that compresses or leaves out what is empty. They are
/// pages that the client has registered, if it has as many.
@safe
final class BenchBytes {
  private let blockPages: Int
  private let buffer: PageBuffer
  private let base: UnsafeMutableRawPointer?
  /// For scattered memory the vectors or the list of each request, of every second page; else nothing.
  private let vectors: UnsafeMutableBufferPointer<MemoryVector>
  private let nodes: UnsafeMutableBufferPointer<PageNode>

  init(_ plan: BenchPlan, _ client: BlockClient) throws(BlockError) {
    blockPages = plan.blockPages
    var buffer = try BenchBytes.buffer(plan.bytePages, client)
    var bytes = buffer.mutableBytes
    BenchBytes.fill(&bytes)
    unsafe base = unsafe bytes.withUnsafeMutableBytes { $0.baseAddress }
    self.buffer = buffer
    let scattered = plan.depth * blockPages
    unsafe vectors = .allocate(capacity: plan.memory == .scattered ? scattered : 0)
    unsafe nodes = .allocate(capacity: plan.memory == .list ? scattered : 0)
    guard let base = unsafe base else { return }
    for index in unsafe vectors.indices {
      // All of a block together, which need not be whole pages.
      let length = min(Limits.pageBytes, plan.blockBytes - index % blockPages * Limits.pageBytes)
      let vector = unsafe MemoryVector(base: base + 2 * index * Limits.pageBytes, length: length)
      unsafe vectors.initializeElement(at: index, to: vector)
    }
    for index in unsafe nodes.indices {
      let isLast = index % blockPages == blockPages - 1
      let next = isLast ? nil : unsafe nodes.baseAddress.map { unsafe $0 + index + 1 }
      let node = unsafe PageNode(page: base + 2 * index * Limits.pageBytes, next: next)
      unsafe nodes.initializeElement(at: index, to: node)
    }
  }

  deinit {
    unsafe vectors.deallocate()
    unsafe nodes.deallocate()
  }

  private static func buffer(_ pages: Int, _ client: BlockClient) throws(BlockError) -> PageBuffer {
    if let registered = try? PageBuffer(pages: pages, of: client) { return registered }
    return try PageBuffer(pages: pages)
  }

  /// The bytes of request `index`; valid while this holder lives.
  @unsafe
  func memory(_ index: Int) -> Memory {
    if let first = unsafe vectors.baseAddress, unsafe !vectors.isEmpty {
      return unsafe Memory(vectors: first + index * blockPages, count: blockPages)
    }
    if let first = unsafe nodes.baseAddress, unsafe !nodes.isEmpty {
      return unsafe Memory(pages: first + index * blockPages, offset: 0)
    }
    let bytes = blockPages * Limits.pageBytes
    return unsafe Memory(contiguous: base.map { unsafe $0 + index * bytes }, byteCount: bytes)
  }

  private static func fill(_ bytes: inout MutableRawSpan) {
    var random = Places(firstSector: 0, blocks: 1, blockSectors: 1, seed: 1)
    for word in stride(from: 0, to: bytes.byteCount, by: 8) {
      unsafe bytes.storeBytes(of: random.advance(), toUncheckedByteOffset: word, as: UInt64.self)
    }
  }
}
