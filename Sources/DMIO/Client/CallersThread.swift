internal import Synchronization

/// The blocking door's short way: one region of a file, carried out by the calling thread itself.
///
/// The checks, the split loop and the meaning of results are those of every request; what differs is that
/// nobody is handed anything.
extension BlockClient {
  /// The straight line: a plain read or write of one whole region in one call; nil: nothing was done.
  @inline(__always)
  func performWhole(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory
  ) -> RegionResult? {
    guard regions.count == 1, memory.kind == .contiguous else { return nil }
    let region = RegionRef(regions, 0)
    let address = unsafe UInt(bitPattern: memory.base)
    guard let result = transferWhole(operation, region, address, memory.count) else { return nil }
    if result == Int(region.count) &* Limits.sectorBytes { return .success }
    return finishWhole(operation, region, memory, result)
  }

  /// Makes the one call if the request is plain and fits; its result.
  @inline(__always)
  private func transferWhole(
    _ operation: Operation, _ region: RegionRef, _ address: UInt, _ byteCount: Int
  ) -> Int? {
    let (region, bytes) = (region.values, Int(truncatingIfNeeded: region.count) &* Limits.sectorBytes)
    guard operation.priority == .none, byteCount >= bytes,
      region.device.isHealthy, !state.pointee.isClosed.load(ordering: .relaxed)
    else { return nil }
    return region.device.with { device in
      guard device.fit.takesPlain(operation, region.start, region.count, address) else { return nil }
      return FileCall.whole(
        device.descriptor, operation.kind, address, bytes, offset: region.start &* UInt64(Limits.sectorBytes))
    }
  }

  /// Goes on where the one call did not do all.
  @inline(never)
  private func finishWhole(
    _ operation: Operation, _ region: RegionRef, _ memory: Memory, _ result: Int
  ) -> RegionResult {
    region.device.with { device in
      let call = FileCall(
        file: device.descriptor, isBlock: false, operation: operation,
        offset: region.start &* UInt64(Limits.sectorBytes), length: Int(region.count) &* Limits.sectorBytes,
        cursor: memory.start)
      guard let failure = finish(call, result, device.geometry) else { return .success }
      return .failure(failure)
    }
  }

  /// Carries the request out here if it is one region of a file with memory as the file wants it; else nil, and
  /// nothing was done.
  @inline(__always)
  func performHere(
    _ operation: Operation, _ regions: borrowing Span<Region>, _ memory: Memory
  ) throws(BlockError) -> RegionResult? {
    guard regions.count == 1, operation.movesData, memory.kind == .contiguous,
      operation.flags.isDisjoint(with: [.preflush, .atomic]), operation.priority == .none
    else { return nil }
    let region = regions[0]
    guard let file = region.device.file,
      memory.start.position & UInt(region.device.geometry.memoryAlignment &- 1) == 0
    else { return nil }
    try Validation.check(operation, regions, memory)
    guard !state.pointee.isClosed.load(ordering: .relaxed) else { throw .closed }
    if let errno = region.device.refusal(operation, start: region.start, count: region.count), region.count > 0 {
      if operation.kind == .read { memory.start.zero(Int(region.count) * Limits.sectorBytes) }
      return .failure(RegionFailure(errno: errno, sector: region.start))
    }
    return perform(operation, region, file, memory.start)
  }

  @inline(__always)
  private func perform(
    _ operation: Operation, _ region: Region, _ file: FileBackend, _ start: MemoryCursor
  ) -> RegionResult {
    let geometry = region.device.geometry
    var cursor = start
    var offset = region.start &* UInt64(Limits.sectorBytes)
    var remaining = Int(region.count) &* Limits.sectorBytes
    var failure: RegionFailure?
    while remaining > 0 {
      let piece = Splitter.next(cursor, remaining: remaining, longest: geometry.pieceBytes, geometry: geometry)
      let call = FileCall(
        file: file.descriptor, isBlock: file.isBlock, operation: operation,
        offset: offset, length: piece.bytes, cursor: cursor)
      let result = call.carryOut()
      if result != piece.bytes, let failed = finish(call, result, geometry), failure == nil { failure = failed }
      offset &+= UInt64(piece.bytes)
      remaining &-= piece.bytes
      cursor.advance(pastPiece: piece.bytes)
    }
    guard let failure else { return .success }
    return .failure(failure)
  }

  /// Goes on with a call that was short until it is done or fails; nil when it is done.
  private func finish(_ first: FileCall, _ firstResult: Int, _ geometry: Geometry) -> RegionFailure? {
    var (call, result, retries) = (first, firstResult, 0)
    while true {
      var errno = Errno.EIO
      switch Outcome.of(result, call.operation.kind, offset: call.offset, length: call.length, geometry) {
      case .done: return nil
      case .padding:
        call.cursor.advance(by: result)
        call.cursor.zero(call.length - result)
        return nil
      case .progress(let bytes):
        call.offset += UInt64(bytes)
        call.length -= bytes
        call.cursor.advance(by: bytes)
      case .again: retries += 1
      case .failed(let given):
        errno = given
        retries = .max
      }
      guard retries <= Limits.retries else {
        if call.operation.kind == .read { call.cursor.zero(call.length) }
        return RegionFailure(errno: errno, sector: call.offset / UInt64(Limits.sectorBytes))
      }
      result = call.carryOut()
    }
  }
}
