import DMIO
import Glibc

/// Memory for requests, in every form that the service knows, with guard bytes around it that must not change.
// Why unchecked: a test lends it to one request at a time.
package final class Bytes: @unchecked Sendable {
  /// How the memory is laid out.
  package enum Form: Hashable, Sendable, CustomStringConvertible {
    /// One buffer that begins so many bytes after a page.
    case contiguous(shift: Int)
    /// Vectors of these lengths, again and again, each so many bytes after a page.
    case vectors([Int], shift: Int)
    /// A page list whose data begins at an offset.
    case pages(offset: Int)

    package var description: String {
      switch self {
      case .contiguous(let shift): "contiguous+\(shift)"
      case .vectors(let lengths, let shift): "vectors\(lengths)+\(shift)"
      case .pages(let offset): "pages+\(offset)"
      }
    }

    /// One of each, aligned and not.
    package static let all: [Form] = [
      .contiguous(shift: 0), .contiguous(shift: 512), .contiguous(shift: 8), .vectors([4096], shift: 0),
      .vectors([512, 1024, 0, 4096], shift: 0), .vectors([1536], shift: 4), .pages(offset: 0), .pages(offset: 512),
      .pages(offset: 3584),
    ]
  }

  package let form: Form
  package let count: Int
  private let base: UnsafeMutableRawPointer
  private let bytes: Int
  private var runs: [(offset: Int, length: Int)] = []
  private let vectors: UnsafeMutablePointer<MemoryVector>
  private let nodes: UnsafeMutablePointer<PageNode>

  package init(_ form: Form, count: Int) {
    self.form = form
    self.count = count
    let page = 4096
    var next = 0
    switch form {
    case .contiguous(let shift):
      runs = [(shift, count)]
      next = (shift + count + page - 1) / page * page + page
    case .vectors(let lengths, let shift):
      var done = 0
      while done < count {
        let length = min(lengths[runs.count % lengths.count], count - done)
        runs.append((next + shift, length))
        next += (shift + length + page) / page * page + page
        done += length
      }
    case .pages(let offset):
      var done = 0
      while done < count {
        let within = done == 0 ? offset : 0
        let length = min(page - within, count - done)
        runs.append((next + within, length))
        next += 2 * page
        done += length
      }
    }
    bytes = next + page
    base = .allocate(byteCount: bytes, alignment: page)
    memset(base, Int32(Self.guardByte), bytes)
    vectors = .allocate(capacity: runs.count + 1)
    nodes = .allocate(capacity: runs.count + 1)
    for (index, run) in runs.enumerated() {
      (vectors + index).initialize(to: MemoryVector(base: base + run.offset, length: run.length))
      let next = index + 1 < runs.count ? nodes + index + 1 : nil
      (nodes + index).initialize(to: PageNode(page: base + run.offset / page * page, next: next))
    }
  }

  deinit {
    base.deallocate()
    vectors.deallocate()
    nodes.deallocate()
  }

  private static let guardByte: UInt8 = 0xA7

  package var memory: Memory {
    switch form {
    case .contiguous: Memory(contiguous: base + runs[0].offset, byteCount: count)
    case .vectors: Memory(vectors: vectors, count: runs.count)
    case .pages(let offset): Memory(pages: runs.isEmpty ? nil : UnsafePointer(nodes), offset: offset)
    }
  }

  package var contents: [UInt8] {
    get {
      [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        for run in runs where run.length > 0 {
          buffer.baseAddress.map { _ = memcpy($0 + filled, base + run.offset, run.length) }
          filled += run.length
        }
      }
    }
    set {
      precondition(newValue.count == count)
      var done = 0
      newValue.withUnsafeBytes { source in
        for run in runs {
          if let first = source.baseAddress { memcpy(base + run.offset, first + done, run.length) }
          done += run.length
        }
      }
    }
  }

  /// False when bytes between the runs were changed.
  package var isGuardIntact: Bool {
    var at = 0
    for run in runs + [(bytes, 0)] {
      let gap = run.offset - at
      // Each byte is equal to the next, and the first is what it was.
      guard gap == 0 || base.load(fromByteOffset: at, as: UInt8.self) == Self.guardByte,
        gap < 2 || memcmp(base + at, base + at + 1, gap - 1) == 0
      else { return false }
      at = run.offset + run.length
    }
    return true
  }
}

/// Bytes that differ from sector to sector and from byte to byte.
package func pattern(_ count: Int, _ seed: UInt64 = 1) -> [UInt8] {
  var generator = Seeded(seed: seed)
  return [UInt8](unsafeUninitializedCapacity: count + 8) { buffer, filled in
    // A debug build calls a function for each number of a range, and for each byte that is stored in a generic way.
    let words = UnsafeMutableRawPointer(buffer.baseAddress.unsafelyUnwrapped).assumingMemoryBound(to: UInt64.self)
    var index = 0
    while index * 8 < count {
      words[index] = generator.next()
      index += 1
    }
    filled = count
  }
}

/// Compares bytes in one call: the general operator calls several functions for each of them in a debug build, which is
/// what most of the time of a test run would go into, above all under the sanitizers.
package func == (left: [UInt8], right: [UInt8]) -> Bool {
  guard left.count == right.count else { return false }
  return left.withUnsafeBytes { left in
    right.withUnsafeBytes { right in
      guard let left = left.baseAddress, let other = right.baseAddress else { return true }
      return memcmp(left, other, right.count) == 0
    }
  }
}
