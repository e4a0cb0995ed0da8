import Glibc
import Synchronization

/// Ctrl-C, or the end of the terminal: the program that runs is ended, the devices are taken down, then the runner
/// ends.
enum Interruption {
  private static let isAskedFor = Atomic<Bool>(false)
  /// The group of the program that runs, 0 for none.
  private static let group = Atomic<pid_t>(0)

  /// From here on the signals no longer end the process where it stands.
  static func watch() {
    // Both are made here, because a handler must not be the first to use them.
    isAskedFor.store(false, ordering: .relaxed)
    group.store(0, ordering: .relaxed)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      _ = signal(number) { _ in
        Interruption.isAskedFor.store(true, ordering: .relaxed)
        // With all that it started; what it works on is ours to throw away.
        let group = Interruption.group.load(ordering: .relaxed)
        if group != 0 { kill(-group, SIGKILL) }
      }
    }
  }

  /// From here on signals do nothing: what is taken down now is taken down to the end.
  static func disregard() {
    for number in [SIGINT, SIGTERM, SIGHUP] { _ = signal(number) { _ in } }
    isAskedFor.store(false, ordering: .relaxed)
  }

  /// Throws once a signal came.
  static func check() throws(Message) {
    if isAskedFor.load(ordering: .relaxed) { throw Message("interrupted") }
  }

  /// Names the program that runs now, 0 for none, so that a signal ends it.
  static func follow(_ identifier: pid_t) {
    group.store(identifier, ordering: .relaxed)
  }
}
