import DMIO
import Glibc

/// A buffer of the test's own, aligned to a page, for one request at a time.
final class Block {
  let base: UnsafeMutableRawPointer
  let count: Int

  init(count: Int, _ value: UInt8) {
    (base, self.count) = (.allocate(byteCount: count, alignment: 4096), count)
    base.initializeMemory(as: UInt8.self, repeating: value, count: count)
  }

  deinit { base.deallocate() }

  var memory: Memory { Memory(contiguous: base, byteCount: count) }

  func perform(_ client: BlockClient, _ operation: Operation, _ regions: [Region]) throws -> RegionResult {
    try withExtendedLifetime(self) { try client.performBlocking(operation, regions, memory) }
  }

  /// True if all bytes of the range are `value`.
  func isAll(_ value: UInt8, _ range: Range<Int>? = nil) -> Bool {
    let range = range ?? 0..<count
    let first = base + range.lowerBound
    // By memcmp: a loop over the bytes of a debug build takes minutes under a sanitizer.
    return range.isEmpty || first.load(as: UInt8.self) == value && memcmp(first, first + 1, range.count - 1) == 0
  }

  /// The first sector that is not `value` throughout.
  func firstSector(isNot value: UInt8) -> Int? {
    (0..<count / 512).first { !isAll(value, $0 * 512..<($0 + 1) * 512) }
  }
}

extension EngineChoice {
  static let both: [EngineChoice] = [.uring, .threads]
}
