import DMIO
import Glibc

/// The memory of one request at a time, in the kind that the line asks for, with a border that nobody may touch.
final class RequestMemory {
  private static let page = 4096
  /// Room for the largest request with an offset, and pages between that belong to nobody.
  private static let pages = 1024
  private static let border: Int32 = 0xA5

  private static let arenaBytes = (pages + 2) * page
  private let arena = UnsafeMutableRawPointer.allocate(byteCount: arenaBytes, alignment: page)
  /// What the arena has to hold.
  private let wanted = UnsafeMutableRawPointer.allocate(byteCount: arenaBytes, alignment: page)
  /// The request's bytes, side by side.
  let bytes = UnsafeMutableRawPointer.allocate(byteCount: pages * page, alignment: page)
  private let nodes = UnsafeMutablePointer<PageNode>.allocate(capacity: pages)
  private let vectors = UnsafeMutablePointer<MemoryVector>.allocate(capacity: pages * page / 512)
  /// Where the bytes lie in the arena, run by run.
  private var runs: [Range<Int>] = []
  /// Where in the arena this request's part ends.
  private var used = 0
  private(set) var memory = Memory.none

  // The same for C, whose vectors name a page and what of it.
  var pageNodes: UnsafeMutablePointer<PageNode> { nodes }
  var contiguous: UnsafeMutableRawPointer? { runs.first.flatMap { $0.isEmpty ? nil : arena + $0.lowerBound } }
  var vectorsInPages: [(page: UnsafeMutableRawPointer, offset: Int, length: Int)] {
    runs.map { run in
      let offset = run.lowerBound % RequestMemory.page
      return (arena + (run.lowerBound - offset), offset, run.count)
    }
  }

  deinit {
    arena.deallocate()
    wanted.deallocate()
    bytes.deallocate()
    nodes.deallocate()
    vectors.deallocate()
  }

  /// Lays out memory for a line. Bytes that are to be written are in place; bytes to be read into are not zero.
  func prepare(_ line: RecordedLine) {
    runs = []
    let count = line.bytes
    used = RequestMemory.page + (line.offset + count + 2 * RequestMemory.page - 1) & ~(RequestMemory.page - 1)
    used = min(RequestMemory.arenaBytes, used + 3 * RequestMemory.page)
    memset(arena, RequestMemory.border, used)
    switch line.memory {
    case .page_list: layOutPages(count, offset: line.offset)
    case .bvec: layOutVectors(count, offset: line.offset, longest: line.vector_bytes)
    case .vm, .kmem: layOutContiguous(count, offset: line.offset)
    }
    if line.op == .write { fill(count, line.n) }
    memcpy(wanted, arena, used)
  }

  private func layOutContiguous(_ count: Int, offset: Int) {
    let first = RequestMemory.page + offset
    runs = [first..<first + count]
    memory = Memory(contiguous: count == 0 ? nil : arena + first, byteCount: count)
  }

  /// Data page `index` stands at this place: three side by side, the threes in falling order.
  private func place(_ index: Int, of pages: Int) -> Int {
    let groups = (pages + 2) / 3
    return RequestMemory.page + ((groups - 1 - index / 3) * 3 + index % 3) * RequestMemory.page
  }

  private func layOutPages(_ count: Int, offset: Int) {
    let pages = count == 0 ? 0 : (offset + count + RequestMemory.page - 1) / RequestMemory.page
    for index in (0..<pages).reversed() {
      let page = arena + place(index, of: pages)
      (nodes + index).initialize(to: PageNode(page: page, next: index + 1 < pages ? nodes + index + 1 : nil))
    }
    split(count, offset: offset, longest: RequestMemory.page, pages: pages)
    memory = Memory(pages: pages == 0 ? nil : nodes, offset: offset)
  }

  private func layOutVectors(_ count: Int, offset: Int, longest: Int) {
    split(
      count, offset: offset, longest: longest, pages: (offset + count + RequestMemory.page - 1) / RequestMemory.page)
    for (index, run) in runs.enumerated() {
      (vectors + index).initialize(
        to: MemoryVector(base: arena + run.lowerBound, length: run.count))
    }
    memory = Memory(vectors: vectors, count: runs.count)
  }

  /// Cuts the bytes into runs of at most `longest`, none crossing a page.
  private func split(_ count: Int, offset: Int, longest: Int, pages: Int) {
    var done = 0
    while done < count {
      let (page, within) = ((offset + done) / RequestMemory.page, (offset + done) % RequestMemory.page)
      let length = min(longest, RequestMemory.page - within, count - done)
      let first = place(page, of: pages) + within
      runs.append(first..<first + length)
      done += length
    }
  }

  /// Bytes that differ from line to line and from sector to sector.
  private func fill(_ count: Int, _ line: Int) {
    memcpy(bytes, Noise.bytes, count)
    for sector in 0..<count / 512 {
      bytes.storeBytes(
        of: UInt64(line + 1) << 32 | UInt64(sector), toByteOffset: sector * 512 + 8 * (line % 64), as: UInt64.self)
    }
    scatter(into: arena)
  }

  private func scatter(into target: UnsafeMutableRawPointer) {
    var done = 0
    for run in runs {
      memcpy(target + run.lowerBound, bytes + done, run.count)
      done += run.count
    }
  }

  /// Brings the request's bytes from where they were laid out to `bytes`.
  func gather() {
    var done = 0
    for run in runs {
      memcpy(bytes + done, arena + run.lowerBound, run.count)
      done += run.count
    }
  }

  /// True if the border was changed, or, for a request that reads nothing, the request's own bytes.
  func wasDamaged(exceptData: Bool) -> Bool {
    if exceptData { scatter(into: wanted) }
    return memcmp(arena, wanted, used) != 0
  }
}

/// Bytes without a pattern, made once.
enum Noise {
  nonisolated(unsafe) static let bytes: UnsafeRawPointer = {
    let count = 1 << 22
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 4096)
    var state: UInt64 = 0x5EED
    for index in stride(from: 0, to: count, by: 8) {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      bytes.storeBytes(of: state ^ state >> 31, toByteOffset: index, as: UInt64.self)
    }
    return UnsafeRawPointer(bytes)
  }()
}
