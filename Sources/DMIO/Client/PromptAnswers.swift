internal import CDMIOSystem
internal import Synchronization

/// Which transfers of a file are over as soon as they are asked for, so that nobody has to be suspended for them.
enum Promptness: UInt8 {
  case none
  /// Reads of what the page cache holds; the kernel says when it does not.
  case cachedReads
  /// All: the file is in memory.
  case memory
}

/// The short way of the await door: a small transfer that only moves bytes in memory is made by the task itself.
///
/// Suspending a task and resuming it costs several times what such a call does. The checks and the meaning of the result are
/// those of every request; what is not simply done takes the general way from its beginning.
extension BlockClient {
  /// Makes the transfer if nobody has to wait for it; false: nothing was done that the general way does not do again.
  @inline(__always)
  func isDoneAtOnce(_ operation: Operation, _ region: RegionRef, _ memory: Memory, isOwner: Bool) -> Bool {
    guard memory.kind == .contiguous, region.device.with({ $0.promptness }) != .none else { return false }
    return isTransferred(operation, region, unsafe UInt(bitPattern: memory.base), memory.count, isOwner: isOwner)
  }

  @inline(never)
  private func isTransferred(
    _ operation: Operation, _ region: RegionRef, _ address: UInt, _ byteCount: Int, isOwner: Bool
  ) -> Bool {
    let (region, state) = (region.values, self.state)
    let bytes = Int(truncatingIfNeeded: region.count) &* Limits.sectorBytes
    guard operation.isPlain, operation.priority == .none,
      region.count <= UInt64(Limits.promptBytes / Limits.sectorBytes), byteCount >= bytes,
      isOwner || kind == .shared, !state.pointee.ringOnly, region.device.isHealthy,
      !state.pointee.isClosed.load(ordering: .relaxed)
    else { return false }
    // On the client's thread other tasks, and what the ring completes, have their turn now and then.
    if isOwner {
      guard state.pointee.promptBytes >= bytes else { return false }
      state.pointee.promptBytes &-= max(bytes, Limits.pageBytes)
    }
    return region.device.with { device in
      guard device.fit.takes(operation, region.start, region.count, address) else { return false }
      let offset = region.start &* UInt64(Limits.sectorBytes)
      if device.promptness == .memory {
        return FileCall.whole(device.descriptor, operation.kind, address, bytes, offset: offset) == bytes
      }
      return operation.kind == .read && device.readCached(address, bytes, offset: offset)
    }
  }
}

extension BlockDevice {
  /// Reads what the page cache holds; false where not all is there, and then for some reads to come without asking: a
  /// question that is answered no costs a system call.
  fileprivate func readCached(_ address: UInt, _ bytes: Int, offset: UInt64) -> Bool {
    let skip = cachedReadsToSkip.load(ordering: .relaxed)
    guard skip == 0 else {
      // Of two threads that count at once one may be forgotten: nothing depends on the number.
      cachedReadsToSkip.store(skip &- 1, ordering: .relaxed)
      return false
    }
    let base = unsafe UnsafeMutableRawPointer(bitPattern: address)
    if unsafe dmio_file_read_cached(descriptor, base, bytes, offset) == Int64(bytes) { return true }
    cachedReadsToSkip.store(Limits.cachedReadsToSkip, ordering: .relaxed)
    return false
  }
}
