internal import DMIO
internal import DMIOCopy
internal import Glibc

/// Standard input as the source of a copy: read in order, to the last byte that is wanted and one more.
final class StandardInput {
  private let wanted: UInt64
  private(set) var taken: UInt64 = 0
  /// What was wrong with it; nil while nothing is.
  private(set) var refusal: Refusal?

  private var errno: Errno?

  init(wanted: UInt64) { self.wanted = wanted }

  /// Refuses a file of the wrong size before anything is written; a pipe shows its size only at its end.
  func check() throws(Refusal) {
    var info = stat()
    guard unsafe fstat(STDIN_FILENO, &info) == 0 else {
      throw StandardInput.refusal("\(Errno(rawValue: Glibc.errno).message)")
    }
    var nothing: UInt8 = 0
    if unsafe Glibc.read(STDIN_FILENO, &nothing, 0) < 0 {
      throw StandardInput.refusal("\(Errno(rawValue: Glibc.errno).message)")
    }
    let status = FileStatus(info)
    guard status.kind == .regular else { return }
    let place = UInt64(max(0, lseek(STDIN_FILENO, 0, SEEK_CUR)))
    let rest = status.bytes - min(place, status.bytes)
    guard rest != wanted else { return }
    throw StandardInput.refusal("has \(rest) bytes, the regions have \(wanted)")
  }

  /// Fills a chunk. An input that ends early, or does not end, ends the copy.
  func fill(_ copier: CopyRun, _ chunk: Chunk, _ whenDone: () -> Void) {
    let count = Int(copier.source.bytes(in: chunk.range))
    let got = unsafe chunk.withBytes(0..<count) { bytes in unsafe read(into: bytes) }
    taken += UInt64(got)
    if got < count {
      if !Interrupts.areWanted { refusal = ending }
      copier.hasEnded = true
    }
    whenDone()
  }

  /// After the last byte: nothing may follow.
  func checkEnd() {
    guard refusal == nil, taken == wanted, !Interrupts.areWanted else { return }
    var byte: UInt8 = 0
    let got = unsafe withUnsafeMutableBytes(of: &byte) { unsafe read(into: $0) }
    if got > 0 { refusal = StandardInput.refusal("goes on after the \(wanted) bytes of the regions") }
  }

  private var ending: Refusal {
    StandardInput.refusal(errno.map { "\($0.message)" } ?? "ends after \(taken) of \(wanted) bytes")
  }

  private static func refusal(_ text: String) -> Refusal { Refusal("standard input: \(text)") }

  /// Reads until the buffer is full, the input ends or a signal came.
  private func read(into bytes: UnsafeMutableRawBufferPointer) -> Int {
    var filled = 0
    while filled < bytes.count, !Interrupts.areWanted {
      // A signal that comes just before a read would not end it: so the read is not begun before there is something.
      var entry = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
      if unsafe poll(&entry, 1, 100) == 0 { continue }
      let got = unsafe Glibc.read(STDIN_FILENO, bytes.baseAddress.map { unsafe $0 + filled }, bytes.count - filled)
      if got > 0 {
        filled += got
      } else if got == 0 {
        break
      } else if Glibc.errno != EINTR, Glibc.errno != EAGAIN {
        errno = Errno(rawValue: Glibc.errno)
        break
      }
    }
    return filled
  }
}
