internal import Glibc
internal import Synchronization

/// SIGINT and SIGTERM, counted: the first ends the work in order, the second without waiting, the third at once.
enum Interrupts {
  private static let count = Atomic<Int>(0)

  /// No new work is to be begun.
  static var areWanted: Bool { count.load(ordering: .relaxed) > 0 }
  /// What is in flight is not to be waited for.
  static var areUrgent: Bool { count.load(ordering: .relaxed) > 1 }

  /// Counts signals from now on.
  static func watch() {
    _ = areWanted
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = { _ in Interrupts.note() }
    // A call that waits for input is to return.
    action.sa_flags = 0
    // Whoever started us may have blocked them, or ignores them as shells do for jobs in the background.
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM] {
      _ = unsafe sigaction(signal, &action, nil)
      unsafe sigaddset(&signals, signal)
    }
    unsafe sigprocmask(SIG_UNBLOCK, &signals, nil)
  }

  private static func note() {
    if count.wrappingAdd(1, ordering: .relaxed).newValue > 2 { Glibc._exit(ExitCode.interrupted.rawValue) }
  }
}
