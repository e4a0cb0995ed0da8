internal import DMIO
internal import DMIOCopy
internal import DMIONames
internal import Glibc

/// A bar with rate and time left, on one line of standard error, drawn at each tick.
struct Progress {
  private let copier: CopyRun
  private let started = ContinuousClock.now
  private let isTerminal: Bool
  private let isWanted: Bool
  private var drawn = 0

  /// - Parameter choice: Whether to draw; nil: on a terminal only.
  init(_ copier: CopyRun, _ choice: Bool?) {
    self.copier = copier
    isTerminal = isatty(STDERR_FILENO) == 1
    isWanted = choice ?? isTerminal
  }

  /// Draws the present state. On a terminal over the line before, elsewhere as lines, one a second.
  mutating func draw() {
    guard isWanted else { return }
    drawn += 1
    if isTerminal {
      StandardStreams.error("\r\(line)\u{1B}[K")
    } else if drawn % (1000 / Run.tickMilliseconds) == 1 {
      StandardStreams.error(line + "\n")
    }
  }

  /// Takes the bar away from the terminal, and leaves the last state elsewhere.
  func finish() {
    guard isWanted else { return }
    StandardStreams.error(isTerminal ? "\r\u{1B}[K" : line + "\n")
  }

  private var line: String {
    let (done, all) = (copier.bytesDone, copier.source.bytes)
    let percent = all == 0 ? 100 : Int(Double(done) / Double(all) * 100)
    let bar = String(repeating: "#", count: percent / 5) + String(repeating: ".", count: 20 - percent / 5)
    let seconds = max(0.001, Double((ContinuousClock.now - started) / .milliseconds(1)) / 1000)
    let rate = Double(done) / seconds
    let left = rate > 0 ? Progress.duration(Double(all - done) / rate) : "?"
    let bad = copier.targets.count { $0.isDropped }
    let targets = bad == 0 ? "" : ", \(bad) of \(copier.targets.count) targets failed"
    return "[\(bar)] \(percent)% of \(ByteSize(bytes: all)), \(ByteSize(bytes: UInt64(rate)))/s, \(left) left\(targets)"
  }

  private static func duration(_ seconds: Double) -> String {
    let whole = Int(min(seconds.rounded(.up), 359_999))
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(whole % 60))" : "\(minutes):\(two(whole % 60))"
  }
}
