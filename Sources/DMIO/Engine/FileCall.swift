internal import CDMIOSystem

/// One blocking call on a file: what a piece asks for, by value.
struct FileCall {
  var file: Int32
  var isBlock: Bool
  var operation: Operation
  var offset: UInt64
  var length: Int
  var cursor: MemoryCursor

  /// Makes the call on this thread: bytes transferred (0 where none are), or a negative errno; never -EINTR.
  func carryOut() -> Int {
    switch operation.kind {
    case .read, .write: return transfer()
    case .flush: return Int(dmio_file_flush(file))
    case .discard: return Int(dmio_file_discard(file, isBlock, offset, UInt64(length)))
    case .writeZeroes: return Int(dmio_file_write_zeroes(file, isBlock, offset, UInt64(length)))
    }
  }

  /// A plain read or write of contiguous memory, in one call.
  @inline(__always)
  static func whole(_ file: Int32, _ kind: Operation.Kind, _ address: UInt, _ bytes: Int, offset: UInt64) -> Int {
    let base = unsafe UnsafeMutableRawPointer(bitPattern: address)
    return unsafe kind == .read
      ? Int(dmio_file_read_whole(file, base, bytes, offset)) : Int(dmio_file_write_whole(file, base, bytes, offset))
  }

  @inline(__always)
  private func transfer() -> Int {
    guard cursor.kind == .contiguous else { return scatteredTransfer() }
    var vector = unsafe dmio_vector(base: UnsafeMutableRawPointer(bitPattern: cursor.position), length: length)
    return unsafe call(&vector, 1)
  }

  /// The vectors stand on this thread's stack; most pieces fill a page of it.
  private func scatteredTransfer() -> Int {
    unsafe withUnsafeTemporaryAllocation(of: dmio_vector.self, capacity: Limits.pieceRunsAtMost) { vectors in
      guard let first = vectors.baseAddress else { return -Int(Errno.EFAULT.rawValue) }
      // The splitter has seen to it that they are not more.
      let count = unsafe cursor.gather(length, into: first, most: Limits.pieceRunsAtMost)
      return unsafe call(first, Int32(count))
    }
  }

  @unsafe
  private func call(_ vectors: UnsafePointer<dmio_vector>, _ count: Int32) -> Int {
    unsafe operation.kind == .read
      ? Int(dmio_file_read(file, vectors, count, offset, 0))
      : Int(dmio_file_write(file, vectors, count, offset, operation.systemFlags))
  }
}
