internal import CDMIOSystem

/// A run of pages that its holder owns: aligned, in one place, zero at first, freed at the end.
///
/// It cannot be copied, and a request borrows it for as long as it runs. So while a device uses the pages the compiler
/// keeps everybody else away from them.
///
///     var buffer = try PageBuffer(pages: 16)
///     let result = try await client.read(Region(disk, start: 0, count: 128), into: &buffer)
@safe
public struct PageBuffer: ~Copyable {
  private let base: UnsafeMutableRawPointer
  /// How many bytes it has: a multiple of 4,096.
  public let byteCount: Int

  /// Takes `pages` pages of zeros, aligned to a page. Throws ENOMEM.
  public init(pages: Int) throws(BlockError) {
    guard pages > 0, pages <= Limits.reservedPages else { throw .invalid(.reservation) }
    let bytes = pages * Limits.pageBytes
    guard let base = unsafe dmio_map(bytes, true) else { throw .system(.ENOMEM, "reserving \(bytes) bytes") }
    unsafe self.base = unsafe base
    byteCount = bytes
  }

  deinit { unsafe dmio_unmap(base, byteCount) }

  /// The bytes, for reading.
  public var bytes: RawSpan {
    @_lifetime(borrow self) borrowing get {
      let span = unsafe RawSpan(_unsafeStart: base, byteCount: byteCount)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The bytes, for changing.
  public var mutableBytes: MutableRawSpan {
    @_lifetime(&self) mutating get {
      let span = unsafe MutableRawSpan(_unsafeStart: base, byteCount: byteCount)
      return unsafe _overrideLifetime(span, mutating: &self)
    }
  }

  /// The pages as a request's memory, for doors that the type cannot guard: the caller promises what `Memory` asks.
  @unsafe
  public var memory: Memory { unsafe Memory(contiguous: base, byteCount: byteCount) }
}

/// A list of pages that its holder owns, linked as `struct page_list` of `dm-io.txt`.
@safe
public struct PageList: ~Copyable {
  private let nodes: UnsafeMutableBufferPointer<PageNode>

  /// Takes `count` pages of zeros, each in a place of its own.
  public init(count: Int) throws(BlockError) {
    guard count > 0, count <= Limits.reservedPages else { throw .invalid(.reservation) }
    unsafe nodes = .allocate(capacity: count)
    var next: UnsafeMutablePointer<PageNode>?
    for index in (0..<count).reversed() {
      let page = UnsafeMutableRawPointer.allocate(byteCount: Limits.pageBytes, alignment: Limits.pageBytes)
      unsafe page.initializeMemory(as: UInt8.self, repeating: 0, count: Limits.pageBytes)
      unsafe nodes.initializeElement(at: index, to: PageNode(page: page, next: next))
      unsafe next = nodes.baseAddress.map { unsafe $0 + index }
    }
  }

  deinit {
    for index in unsafe nodes.indices { unsafe nodes[index].page.deallocate() }
    unsafe nodes.deallocate()
  }

  /// How many pages.
  public var count: Int { unsafe nodes.count }

  /// Hands out page `index` for reading and changing.
  public mutating func withPage<Value>(_ index: Int, _ body: (inout MutableRawSpan) -> Value) -> Value {
    precondition(index >= 0 && index < count, "the list has \(count) pages")
    var span = unsafe MutableRawSpan(_unsafeStart: nodes[index].page, byteCount: Limits.pageBytes)
    return body(&span)
  }

  /// The list as a request's memory that begins `offset` bytes into the first page; the caller promises what
  /// `Memory` asks.
  @unsafe
  public func memory(offset: Int = 0) -> Memory { unsafe Memory(pages: nodes.baseAddress, offset: offset) }
}

// Why unchecked: the pages and nodes belong to the one value that owns them, which cannot be copied.
extension PageBuffer: @unchecked Sendable {}
// Why unchecked: as above.
extension PageList: @unchecked Sendable {}
