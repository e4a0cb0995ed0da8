internal import Glibc
internal import Synchronization

/// SIGINT and SIGTERM, counted: the first ends the work in order, the second without waiting, the third at once. SIGUSR1 asks
/// for a line of progress.
enum Interrupts {
  private static let count = Atomic<Int>(0)
  private static let statusWishes = Atomic<Int>(0)

  /// No new work is to be begun.
  static var areWanted: Bool { count.load(ordering: .relaxed) > 0 }
  /// What is in flight is not to be waited for.
  static var areUrgent: Bool { count.load(ordering: .relaxed) > 1 }

  /// True if SIGUSR1 came since the last time.
  static func takeStatusWish() -> Bool { statusWishes.exchange(0, ordering: .relaxed) > 0 }

  /// Counts signals from now on.
  static func watch() {
    _ = areWanted
    _ = takeStatusWish()
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
    unsafe action.__sigaction_handler.sa_handler = { _ in Interrupts.noteStatusWish() }
    _ = unsafe sigaction(SIGUSR1, &action, nil)
    unsafe sigaddset(&signals, SIGUSR1)
    unsafe sigprocmask(SIG_UNBLOCK, &signals, nil)
  }

  private static func noteStatusWish() { statusWishes.wrappingAdd(1, ordering: .relaxed) }

  private static func note() {
    if count.wrappingAdd(1, ordering: .relaxed).newValue > 2 { Glibc._exit(ExitCode.interrupted.rawValue) }
  }
}
