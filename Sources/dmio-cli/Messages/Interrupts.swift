internal import Glibc
internal import Synchronization

/// SIGINT, SIGTERM and SIGHUP, counted: the first ends the work in order, the second without waiting, the third at once. SIGUSR1
/// asks for a line of progress.
enum Interrupts {
  private static let tally = Atomic<UInt64>(SignalTally().word)
  private static let statusWishes = Atomic<Int>(0)

  /// No new work is to be begun.
  static var areWanted: Bool { count > 0 }
  /// What is in flight is not to be waited for.
  static var areUrgent: Bool { count > 1 }

  private static var count: Int { SignalTally(word: tally.load(ordering: .relaxed)).count }

  /// True if SIGUSR1 came since the last time.
  static func takeStatusWish() -> Bool { statusWishes.exchange(0, ordering: .relaxed) > 0 }

  /// Counts signals from now on.
  static func watch() {
    _ = areWanted
    _ = takeStatusWish()
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = { Interrupts.note($0) }
    // A call that waits for input is to return.
    action.sa_flags = 0
    // Whoever started us may have blocked them, or ignores them as shells do for jobs in the background.
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    // Who ignores hang-ups (nohup) wants the work to go on; a terminal that goes ends it otherwise.
    for signal in isIgnored(SIGHUP) ? [SIGINT, SIGTERM] : [SIGINT, SIGTERM, SIGHUP] {
      _ = unsafe sigaction(signal, &action, nil)
      unsafe sigaddset(&signals, signal)
    }
    unsafe action.__sigaction_handler.sa_handler = { _ in Interrupts.noteStatusWish() }
    _ = unsafe sigaction(SIGUSR1, &action, nil)
    unsafe sigaddset(&signals, SIGUSR1)
    unsafe sigprocmask(SIG_UNBLOCK, &signals, nil)
  }

  private static func noteStatusWish() { statusWishes.wrappingAdd(1, ordering: .relaxed) }

  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    _ = unsafe sigaction(signal, nil, &action)
    return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// Runs in the handler, on any thread, several at a time.
  private static func note(_ signal: Int32) {
    var now = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &now)
    let milliseconds = UInt64(now.tv_sec) * 1000 + UInt64(now.tv_nsec) / 1_000_000
    var word = tally.load(ordering: .relaxed)
    while true {
      var next = SignalTally(word: word)
      next.note(signal, at: milliseconds)
      let (isDone, now) = tally.compareExchange(expected: word, desired: next.word, ordering: .relaxed)
      if !isDone {
        word = now
        continue
      }
      if next.count > 2 { Glibc._exit(ExitCode.interrupted.rawValue) }
      return
    }
  }
}
