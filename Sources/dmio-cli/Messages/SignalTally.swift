internal import Glibc

/// How often the work was asked to end, from the signals and the times at which they came.
///
/// One wish may come as several signals: timeout(1) signals its child and then the group that the child is in, systemd follows
/// SIGTERM by SIGHUP. So what comes close behind the first signal is the same wish, unless it is a signal of another kind that
/// somebody has to send on purpose.
struct SignalTally: Equatable {
  /// How long after the first signal its repeats do not count.
  static let deadMilliseconds: UInt64 = 500

  /// All of it, so that a handler can exchange it at once: the time of the first signal, its number, and the count.
  private(set) var word: UInt64

  init(word: UInt64 = 0) { self.word = word }

  /// The wishes up to now; it goes no further than 255.
  var count: Int { Int(word & 0xFF) }

  private var first: (signal: Int32, milliseconds: UInt64) { (Int32(word >> 8 & 0xFF), word >> 16) }

  /// Counts a signal, unless it repeats the first.
  ///
  /// - Parameter milliseconds: When it came, by a clock that is never set; handlers that run at once may be out of order.
  mutating func note(_ signal: Int32, at milliseconds: UInt64) {
    if count == 0 {
      word = milliseconds << 16 | UInt64(signal) << 8 | 1
    } else if !isRepeat(signal, at: milliseconds), count < 0xFF {
      word += 1
    }
  }

  private func isRepeat(_ signal: Int32, at milliseconds: UInt64) -> Bool {
    guard milliseconds < first.milliseconds + SignalTally.deadMilliseconds else { return false }
    return signal == first.signal || signal == SIGHUP || first.signal == SIGHUP
  }
}
