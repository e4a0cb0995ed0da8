import Glibc
import Testing

@testable import dmio_cli

/// What signals mean by the times at which they come.
@Suite struct SignalTallyTests {
  private func count(_ signals: (Int32, UInt64)...) -> Int {
    var tally = SignalTally()
    for (signal, milliseconds) in signals { tally.note(signal, at: milliseconds) }
    return tally.count
  }

  @Test("a signal that is repeated at once is one wish, as timeout sends it to its child and to the group")
  func repeated() {
    #expect(count() == 0)
    #expect(count((SIGTERM, 1000)) == 1)
    #expect(count((SIGTERM, 1000), (SIGTERM, 1000)) == 1)
    #expect(count((SIGTERM, 1000), (SIGTERM, 1499), (SIGTERM, 1499)) == 1)
  }

  @Test("a signal that comes later than its repeats does is a second wish, and the next a third") func later() {
    #expect(count((SIGTERM, 1000), (SIGTERM, 1500)) == 2)
    #expect(count((SIGTERM, 1000), (SIGTERM, 1200), (SIGTERM, 1500), (SIGTERM, 1501)) == 3)
  }

  @Test("another signal is a second wish at once, but not a hang-up that goes with it") func others() {
    #expect(count((SIGINT, 1000), (SIGTERM, 1000)) == 2)
    #expect(count((SIGTERM, 1000), (SIGHUP, 1001)) == 1)
    #expect(count((SIGHUP, 1000), (SIGTERM, 1001)) == 1)
    #expect(count((SIGTERM, 1000), (SIGHUP, 1600)) == 2)
  }

  @Test("a handler that was overtaken by another is a repeat, and counts end where they cannot be told") func edges() {
    #expect(count((SIGTERM, 1000), (SIGTERM, 999)) == 1)
    #expect(count((SIGTERM, 0), (SIGTERM, 0)) == 1)
    var tally = SignalTally()
    for time in 0..<1000 { tally.note(SIGINT, at: UInt64(time) * 1000) }
    #expect(tally.count == 255 && SignalTally(word: tally.word) == tally)
  }
}
