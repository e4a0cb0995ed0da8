internal import CDMIOSystem

/// A run of mapped memory that a client's table stands in, given back as a whole.
///
/// Mapped rather than allocated: a table can be larger than what of it is ever touched, bounce pages can
/// be given back while their addresses stay, and everything is page-aligned and zero.
@safe
struct Arena: ~Copyable {
  private let base: UnsafeMutableRawPointer
  private let bytes: Int

  /// Maps `bytes` bytes; `populate` makes sure that the memory is really there.
  init(bytes: Int, populate: Bool) throws(BlockError) {
    guard let base = unsafe dmio_map(bytes, populate) else {
      throw .system(.ENOMEM, "reserving \(bytes) bytes")
    }
    unsafe self.base = base
    self.bytes = bytes
  }

  deinit { unsafe dmio_unmap(base, bytes) }

  /// The address of byte `offset`, bound to nothing yet.
  @unsafe
  func address(_ offset: Int) -> UnsafeMutableRawPointer {
    assert(offset >= 0 && offset < bytes)
    return unsafe base + offset
  }

  /// A run of bytes.
  @unsafe
  func bytes(_ offset: Int, _ count: Int) -> UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(start: base + offset, count: count)
  }

  /// Sets a run of bytes to zero; whole pages of it are given back.
  func zero(_ offset: Int, _ count: Int) {
    let page = Limits.pageBytes
    let firstPage = min((offset + page - 1) / page * page, offset + count)
    let lastPage = max(firstPage, (offset + count) / page * page)
    unsafe (base + offset).initializeMemory(as: UInt8.self, repeating: 0, count: firstPage - offset)
    if lastPage > firstPage { unsafe dmio_give_back(base + firstPage, lastPage - firstPage) }
    let tail = offset + count - lastPage
    if tail > 0 { unsafe (base + lastPage).initializeMemory(as: UInt8.self, repeating: 0, count: tail) }
  }
}
