internal import DMIO
internal import DMIOCopy
internal import Glibc

/// Standard output as the only target of a copy: chunks are written in their order, whenever they are filled.
final class StandardOutput {
  private var waiting: [UInt64: (chunk: Chunk, whenDone: () -> Void)] = [:]
  private var next: UInt64 = 0
  /// Bytes that were written.
  private(set) var written: UInt64 = 0
  /// The error that ended it.
  private(set) var errno: Errno?
  /// Something was not written, so that nothing may follow.
  private var isCut = false

  /// Takes a filled chunk, and writes what now stands in line without a gap.
  func take(_ copier: CopyRun, _ chunk: Chunk, _ whenDone: @escaping () -> Void) {
    waiting[chunk.range.lowerBound] = (chunk, whenDone)
    while let (chunk, whenDone) = waiting.removeValue(forKey: next) {
      let count = Int(copier.source.bytes(in: chunk.range))
      unsafe chunk.withBytes(0..<count) { bytes in unsafe write(bytes) }
      if isCut { copier.hasEnded = true }
      next = chunk.range.upperBound
      whenDone()
    }
  }

  private func write(_ bytes: UnsafeMutableRawBufferPointer) {
    var rest = unsafe bytes[...]
    while unsafe !rest.isEmpty, !isCut {
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: rest)
      let count = unsafe Glibc.write(STDOUT_FILENO, part.baseAddress, part.count)
      if count > 0 {
        written += UInt64(count)
        // A write that a signal ended: whoever reads may never read again, and what was not written yet stays so.
        isCut = count < part.count && Interrupts.areWanted
        unsafe rest = rest.dropFirst(count)
      } else if Glibc.errno == EAGAIN, !Interrupts.areWanted {
        var entry = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&entry, 1, 100)
      } else if Glibc.errno != EINTR, Glibc.errno != EAGAIN {
        errno = Errno(rawValue: Glibc.errno)
        isCut = true
      } else if Interrupts.areWanted {
        isCut = true
      }
    }
  }
}
