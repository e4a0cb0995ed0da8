/// Where the bytes of a request are: the three kinds of `dm-io.txt`, as one plain value.
///
/// A `Memory` owns nothing. Whoever submits a request with it promises that the bytes, and the nodes or
/// vectors that lead to them, live and stay where they are until the request has completed; that nobody
/// writes to them meanwhile; and, for a read, that nobody reads them either. `PageBuffer` and `PageList` keep
/// that promise through their types; a `Memory` made from addresses leaves it to the caller.
///
/// Every region of a request gets the same bytes, from the start. Memory may be longer than the longest region.
@safe
public struct Memory {
  enum Kind: UInt8 { case none, contiguous, vectors, pages, bioVectors }
  /// The kind in the lowest byte, the offset above it: as one word both are passed at once.
  @usableFromInline
  let form: Int
  /// The first byte, vector or node.
  @usableFromInline
  let base: UnsafeMutableRawPointer?
  /// Bytes (contiguous) or vectors.
  @usableFromInline
  let count: Int

  /// What `base` is the address of.
  @inline(__always)
  var kind: Kind { unsafe unsafeBitCast(UInt8(truncatingIfNeeded: form), to: Kind.self) }
  /// True for one buffer. As the caller's compiler sees it: for a memory that was made on the spot it need not look.
  @inlinable
  var isContiguous: Bool { form & 0xFF == 1 }
  /// Where the data begins in the first page.
  var offset: Int { form >> 8 }

  /// No memory, for operations that transfer nothing.
  public static var none: Memory { unsafe Memory(.none, nil, count: 0, offset: 0) }

  private init(_ kind: Kind, _ base: UnsafeMutableRawPointer?, count: Int, offset: Int) {
    unsafe self.base = unsafe base
    self.count = count
    // What no page has for an offset stays so.
    form = Int(Int32(clamping: offset)) << 8 | Int(kind.rawValue)
  }

  /// One buffer of `byteCount` bytes.
  @unsafe
  public init(contiguous base: UnsafeMutableRawPointer?, byteCount: Int) {
    // Without an address there is no memory, whatever its length.
    unsafe self.init(base == nil ? .none : .contiguous, base, count: byteCount, offset: 0)
  }

  /// An array of `count` vectors, each a multiple of 512 bytes long.
  @unsafe
  public init(vectors: UnsafePointer<MemoryVector>, count: Int) {
    unsafe self.init(.vectors, UnsafeMutableRawPointer(mutating: vectors), count: count, offset: 0)
  }

  /// An array of the kernel's vectors, as long as the request needs.
  @unsafe
  package init(bioVectors: UnsafePointer<BioVector>?) {
    unsafe self.init(.bioVectors, UnsafeMutableRawPointer(mutating: bioVectors), count: 0, offset: 0)
  }

  /// A list of pages; the data begins `offset` bytes into the first. The list may be circular.
  @unsafe
  public init(pages first: UnsafePointer<PageNode>?, offset: Int) {
    unsafe self.init(.pages, UnsafeMutableRawPointer(mutating: first), count: 0, offset: offset)
  }

  /// A cursor at the first byte.
  var start: MemoryCursor {
    unsafe MemoryCursor(kind: kind, position: UInt(bitPattern: base), within: offset)
  }
}

/// One vector of memory, laid out as `struct iovec`.
@safe
public struct MemoryVector {
  /// The first byte.
  public var base: UnsafeMutableRawPointer?
  /// How many bytes.
  public var length: Int

  /// The `length` bytes at `base`.
  @unsafe
  public init(base: UnsafeMutableRawPointer?, length: Int) {
    unsafe self.base = unsafe base
    self.length = length
  }
}

/// Bytes within one page, laid out as the kernel's `struct bio_vec`.
@safe
package struct BioVector {
  /// The page: 4,096 bytes.
  package var page: UnsafeMutableRawPointer?
  /// How many bytes, a multiple of 512.
  package var length: UInt32
  /// Where they begin in the page, where they have to end, too: a multiple of 512.
  package var offset: UInt32

  /// The `length` bytes that begin `offset` bytes into `page`.
  @unsafe
  package init(page: UnsafeMutableRawPointer?, length: UInt32, offset: UInt32) {
    unsafe self.page = unsafe page
    self.length = length
    self.offset = offset
  }

  /// True for whole sectors of one page that is there.
  var isValid: Bool {
    unsafe page != nil && Int(length | offset) % Limits.sectorBytes == 0
      && Int(offset) + Int(length) <= Limits.pageBytes
  }
}

/// One node of a page list, laid out as `struct page_list` of `dm-io.txt`.
@safe
public struct PageNode {
  /// The node of the next page; nil after the last.
  public var next: UnsafeMutablePointer<PageNode>?
  /// The page: 4,096 bytes.
  public var page: UnsafeMutableRawPointer

  /// A node for `page`.
  @unsafe
  public init(page: UnsafeMutableRawPointer, next: UnsafeMutablePointer<PageNode>?) {
    unsafe self.page = unsafe page
    unsafe self.next = unsafe next
  }
}
