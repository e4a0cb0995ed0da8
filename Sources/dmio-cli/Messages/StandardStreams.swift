internal import DMIO
internal import Glibc

/// Standard output and error, written by whole texts; nothing is left in a buffer when the process ends.
enum StandardStreams {
  /// Puts something useless where a standard stream is closed: else the first target that is opened would get its number,
  /// and the messages.
  static func occupy() {
    for (file, flags) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
    where fcntl(file, F_GETFD) < 0 {
      _ = unsafe open("/dev/null", flags)
    }
  }

  /// Writes to standard output. Where that fails the run ends with 1; quietly if nobody reads any more.
  static func output(_ text: String) {
    guard let errno = write(Array(text.utf8), to: STDOUT_FILENO) else { return }
    if errno != .EPIPE { message("standard output: \(errno.message)") }
    Glibc._exit(ExitCode.fatal.rawValue)
  }

  /// Writes to standard error, if there still is one.
  static func error(_ text: String) { _ = write(Array(text.utf8), to: STDERR_FILENO) }

  /// One line of diagnostics.
  static func message(_ text: String) { error("dmio: \(text)\n") }

  /// Writes to a descriptor that may be anything, and gone.
  static func write(_ text: String, to file: Int32) { _ = write(Array(text.utf8), to: file) }

  /// The error, when it could not be written.
  private static func write(_ bytes: [UInt8], to file: Int32) -> Errno? {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if Glibc.errno == EAGAIN {
        var entry = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&entry, 1, 100)
      } else if Glibc.errno != EINTR {
        return Errno(rawValue: Glibc.errno)
      }
    }
    return nil
  }
}
