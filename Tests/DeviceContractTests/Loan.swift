import DMIO
import Glibc
import HostParts

/// Memory for one request, `shift` bytes behind a page boundary.
final class Loan {
  private let base: UnsafeMutableRawPointer
  private let shift: Int
  private let count: Int

  init(_ bytes: [UInt8], shift: Int) {
    base = .allocate(byteCount: bytes.count + shift + 1, alignment: 4096)
    (self.shift, count) = (shift, bytes.count)
    (base + shift).copyMemory(from: bytes, byteCount: bytes.count)
  }

  deinit { base.deallocate() }

  var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: base + shift, count: count)) }

  // By memcmp: a loop over the bytes of a debug build takes minutes under a sanitizer.

  /// True if all bytes of the range, or of the loan, are `value`.
  func isAll(_ value: UInt8, _ range: Range<Int>? = nil) -> Bool {
    let (range, first) = (range ?? 0..<count, base + shift + (range?.lowerBound ?? 0))
    return range.isEmpty
      || first.load(as: UInt8.self) == value && memcmp(first, first + 1, range.count - 1) == 0
  }

  /// True if the loan's bytes are those of `other` from `start`.
  func equals(_ other: [UInt8], from start: Int) -> Bool {
    other[start..<start + count].withUnsafeBytes { $0.baseAddress.map { memcmp($0, base + shift, count) == 0 } ?? true }
  }

  var memory: Memory { Memory(contiguous: base + shift, byteCount: count) }

  func use<Value>(_ body: (Memory) throws -> Value) rethrows -> Value {
    try withExtendedLifetime(self) { try body(memory) }
  }
}

/// Counts for numbered requests, from any thread.
final class Counts: Sendable {
  private let counts: Guarded<[Int]>

  init(_ count: Int) { counts = Guarded([Int](repeating: 0, count: count)) }

  func add(_ index: Int) { counts.withLock { $0[index] += 1 } }

  var all: [Int] { counts.withLock { $0 } }
}

/// The same numbers in every run (SplitMix64).
struct Numbers: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      for index in stride(from: 0, to: count, by: 8) {
        UnsafeMutableRawBufferPointer(buffer).storeBytes(of: next(), toByteOffset: index, as: UInt64.self)
      }
      filled = count
    }
  }

  /// A region of up to `most` sectors that fits the device.
  mutating func region(on device: BlockDevice, most: UInt64) -> Region {
    let block = UInt64(device.geometry.logicalBlock / 512)
    let count = UInt64.random(in: 1...most / block, using: &self) * block
    let start = UInt64.random(in: 0...(device.geometry.sectors - count) / block, using: &self) * block
    return Region(device, start: start, count: count)
  }
}
