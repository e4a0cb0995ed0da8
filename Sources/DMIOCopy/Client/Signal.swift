internal import DMIO
internal import Glibc

/// Wakes a thread that may be waiting for a client, too: a pipe.
final class Signal: Sendable {
  private let reader: Int32
  private let writer: Int32

  init() throws(BlockError) {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw .system(Errno(rawValue: errno), "a pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (reader, writer) = (ends[0], ends[1])
    // Who raises never waits: a full pipe wakes as well as one more byte would.
    _ = fcntl(writer, F_SETFL, O_NONBLOCK)
  }

  deinit {
    Glibc.close(reader)
    Glibc.close(writer)
  }

  func raise() {
    var byte: UInt8 = 1
    _ = unsafe write(writer, &byte, 1)
  }

  /// Takes back all raises.
  func clear() {
    var bytes = [UInt8](repeating: 0, count: 64)
    var entry = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
    while unsafe poll(&entry, 1, 0) > 0, unsafe read(reader, &bytes, bytes.count) > 0 {}
  }

  /// Waits until it is raised.
  func wait() {
    var byte: UInt8 = 0
    while unsafe read(reader, &byte, 1) < 0, errno == EINTR {}
  }

  /// Waits until it is raised, for all who wait so: it stays raised.
  func waitForAll() {
    wait()
    raise()
  }

  /// Waits until it is raised, `other` is readable, or the time is over; negative: no time.
  func wait(or other: Int32, milliseconds: Int32) {
    var entries = [reader, other].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    _ = unsafe poll(&entries, 2, milliseconds)
  }
}
