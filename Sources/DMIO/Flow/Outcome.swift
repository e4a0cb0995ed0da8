/// What a result means for the piece that has it: a pure function, the same for every lane.
enum Outcome: Equatable {
  /// All was done.
  case done
  /// The rest lies between the end of a file and the end of its last block, and reads as zeros.
  case padding
  /// So many bytes, up to a block boundary, are done; the rest is to be sent again.
  case progress(Int)
  /// Nothing was done, and it is worth asking again.
  case again
  /// Nothing more will come.
  case failed(Errno)

  /// The outcome of `result` (bytes, 0 where none are transferred, or a negative errno).
  static func of(_ result: Int, _ kind: Operation.Kind, offset: UInt64, length: Int, _ geometry: Geometry) -> Outcome {
    if result < 0 {
      let errno = Errno(rawValue: Int32(truncatingIfNeeded: 0 &- result))
      return errno == .EINTR || errno == .EAGAIN ? .again : .failed(errno)
    }
    guard kind == .read || kind == .write, result < length else { return .done }
    // Whole blocks first: what is behind them may be bad, not ended, and asking again tells.
    let progress = result & ~(geometry.logicalBlock &- 1)
    if progress > 0 { return .progress(progress) }
    if kind == .read, geometry.isPadding(offset &+ UInt64(result)) { return .padding }
    // The end of the device where none should be, or one that cannot go on.
    return .failed(.EIO)
  }
}

extension Geometry {
  /// True from the end of a file whose last block is filled up with zeros.
  func isPadding(_ offset: UInt64) -> Bool {
    offset >= bytes && bytes < sectors &* UInt64(Limits.sectorBytes)
  }
}
