internal import DMIO
internal import Glibc
internal import Synchronization

/// Standard output and error, written by whole texts; nothing is left in a buffer when the process ends.
///
/// Whoever reads them is waited for, until signals are urgent. What is not worth that goes by `Offers`.
enum StandardStreams {
  /// Puts something useless where a standard stream is closed: else the first target that is opened would get its number,
  /// and the messages.
  static func occupy() {
    for (file, flags) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
    where fcntl(file, F_GETFD) < 0 {
      _ = unsafe open("/dev/null", flags)
    }
  }

  /// Writes to standard output. Where that fails the run ends with 1; quietly if nobody reads any more. With 7 it ends when
  /// nobody takes it and signals are urgent.
  static func output(_ text: String) {
    guard let errno = write(Array(text.utf8), to: STDOUT_FILENO) else { return }
    if errno == .EINTR { Glibc._exit(ExitCode.interrupted.rawValue) }
    if errno != .EPIPE { message("standard output: \(errno.message)") }
    Glibc._exit(ExitCode.fatal.rawValue)
  }

  /// Writes to standard error, if there still is one.
  static func error(_ text: String) { _ = write(Array(text.utf8), to: STDERR_FILENO) }

  /// One line of diagnostics.
  static func message(_ text: String) { error("dmio: \(text)\n") }

  /// The error, when it could not be written; EINTR when nobody takes it and nothing is to be waited for any more.
  private static func write(_ bytes: [UInt8], to file: Int32) -> Errno? {
    if Streams.isSilent(file) { return nil }
    var rest = (Offers.takeRest(of: file) + bytes)[...]
    while !rest.isEmpty {
      guard awaitRoom(in: file) else { return .EINTR }
      let count = Offers.writePart(of: rest, to: file)
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if Glibc.errno == EAGAIN {
        // There is room, but not for this much.
        if Interrupts.areUrgent { return .EINTR }
        usleep(1000)
      } else if Glibc.errno != EINTR {
        return Errno(rawValue: Glibc.errno)
      }
    }
    return nil
  }

  /// Waits until a descriptor takes something; false when signals are urgent and it takes nothing.
  private static func awaitRoom(in file: Int32) -> Bool {
    while true {
      if Offers.hasRoom(file, withinMilliseconds: isGivenUp.load(ordering: .relaxed) ? 0 : 100) { return true }
      guard Interrupts.areUrgent else { continue }
      isGivenUp.store(true, ordering: .relaxed)
      return false
    }
  }

  /// A reader that took nothing when signals were urgent is not waited for again with the next line.
  private static let isGivenUp = Atomic<Bool>(false)
}
