/// After how many requests a thread looks at the clock: rarely where they are quick, at each where they are slow.
///
/// A look takes about a tenth of a microsecond. It costs credit that passing time brings, so that all looks together stay
/// below a hundredth of the run, and what is slow, or slow at times, is looked at each time. The numbers vary, or they
/// might fall into step with the depth and always hit the same request of a round.
struct Pace {
  /// The most requests between two looks, on average.
  private let most: Int
  /// Nanoseconds of credit that a look costs; 0: there is none to be had or lost, and the mean stays.
  private let cost: Int
  private var credit = 0
  private var mean: Int
  private var last: UInt64 = 0

  /// Looks that can be had in a row after a pause.
  private static let saved = 64

  /// For taking latencies.
  static var sampling: Pace { Pace(most: 512, cost: 64_000, mean: 1) }

  /// For looking after the end only.
  static var idling: Pace { Pace(most: 4096, cost: 1_000_000, mean: 1) }

  /// The same, for a run of so many requests, whatever time they take: two such runs do the same.
  func counting(_ requests: Int) -> Pace {
    let mean = max(1, min(most, requests / 100))
    return Pace(most: mean, cost: 0, mean: mean)
  }

  private init(most: Int, cost: Int, mean: Int) {
    self.most = most
    self.cost = cost
    self.mean = mean
  }

  /// The number of requests until the next look, after one at the time `now`.
  mutating func next(at now: UInt64, random: UInt64) -> Int {
    adapt(to: now)
    return mean == 1 ? 1 : mean / 2 + Int((random >> 33) % UInt64(mean + 1))
  }

  private mutating func adapt(to now: UInt64) {
    let full = Pace.saved * cost
    credit = min(credit + Int(min(now &- last, UInt64(full + cost))), full) - cost
    last = now
    if credit < 0 {
      mean = min(2 * mean, most)
    } else if credit > full / 2 {
      mean = max(mean / 2, 1)
    }
  }
}
