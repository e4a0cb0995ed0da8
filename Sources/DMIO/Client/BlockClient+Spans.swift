/// The doors in everyday words: memory is a span, a page buffer or a page list, which stays borrowed until the
/// answer is there.
extension BlockClient {
  /// Reads a region into the beginning of `bytes`. What could not be read is zero, and the region's bit is set.
  public nonisolated(nonsending) func read(
    _ region: Region, into bytes: inout MutableRawSpan
  ) async throws(BlockError) -> RegionResult {
    try await perform(.read, region, unsafe Memory(readingInto: &bytes))
  }

  /// Reads a region into the beginning of `buffer`.
  public nonisolated(nonsending) func read(
    _ region: Region, into buffer: inout PageBuffer
  ) async throws(BlockError) -> RegionResult {
    try await perform(.read, region, unsafe buffer.memory)
  }

  /// Writes the beginning of `bytes` to every region, the same bytes to each.
  public nonisolated(nonsending) func write(
    _ regions: [Region], from bytes: RawSpan, _ flags: Operation.Flags = []
  ) async throws(BlockError) -> RegionResult {
    try await perform(.write(flags), regions, unsafe Memory(writingFrom: bytes))
  }

  /// Writes the beginning of `buffer` to every region, the same bytes to each.
  public nonisolated(nonsending) func write(
    _ regions: [Region], from buffer: borrowing PageBuffer, _ flags: Operation.Flags = []
  ) async throws(BlockError) -> RegionResult {
    try await perform(.write(flags), regions, unsafe buffer.memory)
  }

  /// Reads a region into a page list, from `offset` bytes into its first page.
  public nonisolated(nonsending) func read(
    _ region: Region, into pages: inout PageList, offset: Int = 0
  ) async throws(BlockError) -> RegionResult {
    try await perform(.read, region, unsafe pages.memory(offset: offset))
  }

  /// Writes a page list, from `offset` bytes into its first page, to every region, the same bytes to each.
  public nonisolated(nonsending) func write(
    _ regions: [Region], from pages: borrowing PageList, offset: Int = 0, _ flags: Operation.Flags = []
  ) async throws(BlockError) -> RegionResult {
    try await perform(.write(flags), regions, unsafe pages.memory(offset: offset))
  }

  /// Makes what was completed before durable on each device; bit *i* is device *i*.
  public nonisolated(nonsending) func flush(_ devices: [BlockDevice]) async throws(BlockError) -> RegionResult {
    try await perform(.flush, devices.map { Region($0, start: 0, count: 0) }, .none)
  }

  /// Gives up the contents of every region: a hint.
  public nonisolated(nonsending) func discard(_ regions: [Region]) async throws(BlockError) -> RegionResult {
    try await perform(.discard, regions, .none)
  }

  /// Makes every region read as zeros: a guarantee.
  public nonisolated(nonsending) func writeZeroes(_ regions: [Region]) async throws(BlockError) -> RegionResult {
    try await perform(.writeZeroes, regions, .none)
  }
}

/// The same, blocking.
extension BlockClient {
  /// Reads a region into the beginning of `bytes`. What could not be read is zero, and the region's bit is set.
  public func readBlocking(
    _ region: Region, into bytes: inout MutableRawSpan
  ) throws(BlockError) -> RegionResult {
    try performBlocking(.read, [region], unsafe Memory(readingInto: &bytes))
  }

  /// Reads a region into the beginning of `buffer`.
  public func readBlocking(_ region: Region, into buffer: inout PageBuffer) throws(BlockError) -> RegionResult {
    try performBlocking(.read, [region], unsafe buffer.memory)
  }

  /// Writes the beginning of `bytes` to every region, the same bytes to each.
  public func writeBlocking(
    _ regions: [Region], from bytes: RawSpan, _ flags: Operation.Flags = []
  ) throws(BlockError) -> RegionResult {
    try performBlocking(.write(flags), regions, unsafe Memory(writingFrom: bytes))
  }

  /// Writes the beginning of `buffer` to every region, the same bytes to each.
  public func writeBlocking(
    _ regions: [Region], from buffer: borrowing PageBuffer, _ flags: Operation.Flags = []
  ) throws(BlockError) -> RegionResult {
    try performBlocking(.write(flags), regions, unsafe buffer.memory)
  }

  /// Reads a region into a page list, from `offset` bytes into its first page.
  public func readBlocking(
    _ region: Region, into pages: inout PageList, offset: Int = 0
  ) throws(BlockError) -> RegionResult {
    try performBlocking(.read, [region], unsafe pages.memory(offset: offset))
  }

  /// Writes a page list, from `offset` bytes into its first page, to every region, the same bytes to each.
  public func writeBlocking(
    _ regions: [Region], from pages: borrowing PageList, offset: Int = 0, _ flags: Operation.Flags = []
  ) throws(BlockError) -> RegionResult {
    try performBlocking(.write(flags), regions, unsafe pages.memory(offset: offset))
  }

  /// Makes what was completed before durable on each device; bit *i* is device *i*.
  public func flushBlocking(_ devices: [BlockDevice]) throws(BlockError) -> RegionResult {
    try performBlocking(.flush, devices.map { Region($0, start: 0, count: 0) }, .none)
  }

  /// Gives up the contents of every region: a hint.
  public func discardBlocking(_ regions: [Region]) throws(BlockError) -> RegionResult {
    try performBlocking(.discard, regions, .none)
  }

  /// Makes every region read as zeros: a guarantee.
  public func writeZeroesBlocking(_ regions: [Region]) throws(BlockError) -> RegionResult {
    try performBlocking(.writeZeroes, regions, .none)
  }
}

extension Memory {
  /// The bytes of a span. The span's borrow has to last until the request has completed.
  @unsafe
  fileprivate init(readingInto bytes: inout MutableRawSpan) {
    let count = bytes.byteCount
    let base = unsafe bytes.withUnsafeMutableBytes { $0.baseAddress }
    unsafe self.init(contiguous: base, byteCount: count)
  }

  /// The bytes of a span. The span's borrow has to last until the request has completed.
  @unsafe
  fileprivate init(writingFrom bytes: RawSpan) {
    let base = unsafe bytes.withUnsafeBytes { $0.baseAddress }
    unsafe self.init(contiguous: UnsafeMutableRawPointer(mutating: base), byteCount: bytes.byteCount)
  }
}
