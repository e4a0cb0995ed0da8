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
  /// Whose pages they are, if they are a client's.
  private let arena: PageArena?

  /// Takes `pages` pages of zeros, aligned to a page. Throws ENOMEM.
  public init(pages: Int) throws(BlockError) {
    guard pages > 0, pages <= Limits.reservedPages else { throw .invalid(.reservation) }
    let bytes = pages * Limits.pageBytes
    guard let base = unsafe dmio_map(bytes, true) else { throw .system(.ENOMEM, "reserving \(bytes) bytes") }
    unsafe self.base = unsafe base
    byteCount = bytes
    arena = nil
  }

  /// Takes `pages` pages of zeros from those that `client` has registered, or ENOMEM when too few are left side by side.
  ///
  /// Large transfers from and to them cost the kernel less. They may be used with any client, and outlive theirs.
  public init(pages: Int, of client: BlockClient) throws(BlockError) {
    guard pages > 0, let base = unsafe client.arena.take(pages) else {
      throw .system(.ENOMEM, "taking \(pages) of the client's \(client.arena.pages) registered pages")
    }
    unsafe self.base = unsafe base
    byteCount = pages * Limits.pageBytes
    arena = client.arena
  }

  deinit {
    if let arena { unsafe arena.put(base, byteCount / Limits.pageBytes) } else { unsafe dmio_unmap(base, byteCount) }
  }

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
  /// Whose pages they are, if they are a client's.
  private let arena: PageArena?

  /// Takes `count` pages of zeros from those that `client` has registered, or ENOMEM when too few are left.
  public init(count: Int, of client: BlockClient) throws(BlockError) {
    guard count > 0, let made = unsafe PageList.takeNodes(count, client.arena) else {
      throw .system(.ENOMEM, "taking \(count) of the client's \(client.arena.pages) registered pages")
    }
    unsafe nodes = unsafe made
    arena = client.arena
  }

  /// A linked node for each of `count` pages of an arena; nil, and nothing taken, when it has too few.
  @unsafe
  private static func takeNodes(_ count: Int, _ arena: PageArena) -> UnsafeMutableBufferPointer<PageNode>? {
    guard count <= arena.pages else { return nil }
    let nodes = UnsafeMutableBufferPointer<PageNode>.allocate(capacity: count)
    for index in nodes.indices {
      guard let page = unsafe arena.take(1) else {
        for taken in 0..<index { unsafe arena.put(nodes[taken].page, 1) }
        unsafe nodes.deallocate()
        return nil
      }
      unsafe nodes.initializeElement(at: index, to: PageNode(page: page, next: nil))
      if index > 0 { unsafe nodes[index - 1].next = nodes.baseAddress.map { unsafe $0 + index } }
    }
    return unsafe nodes
  }

  /// Takes `count` pages of zeros, each in a place of its own.
  public init(count: Int) throws(BlockError) {
    guard count > 0, count <= Limits.reservedPages else { throw .invalid(.reservation) }
    arena = nil
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
    for index in unsafe nodes.indices {
      if let arena { unsafe arena.put(nodes[index].page, 1) } else { unsafe nodes[index].page.deallocate() }
    }
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
