/// What a thread did over time: how many requests, and their latencies, in intervals of one width.
///
/// Where a plot is wanted it has room for 200 intervals and begins with 10 ms each; a run that outlasts them makes all
/// twice as wide, so that its length need not be known and nothing is allocated while it runs. Else one interval is enough.
@safe
struct Series: ~Copyable {
  /// How many intervals there are.
  let capacity: Int
  /// Nanoseconds of one interval.
  private(set) var width: UInt64
  /// How many latencies were taken.
  private(set) var samples: UInt64 = 0
  /// The longest of them, exactly.
  private(set) var longest: UInt64 = 0
  /// When the first interval began.
  var start: UInt64 = 0
  /// Requests of each interval.
  private let counts: UnsafeMutablePointer<UInt64>
  /// How often each class of latencies was met in each interval.
  private let latencies: UnsafeMutablePointer<UInt64>

  /// - Parameter isDivided: Whether the time is divided into intervals.
  init(isDivided: Bool) {
    (capacity, width) = isDivided ? (200, 10_000_000) : (1, .max)
    unsafe counts = .allocate(capacity: capacity)
    unsafe counts.initialize(repeating: 0, count: capacity)
    let classes = capacity * LatencyClass.count
    unsafe latencies = .allocate(capacity: classes)
    unsafe latencies.initialize(repeating: 0, count: classes)
  }

  deinit {
    unsafe counts.deallocate()
    unsafe latencies.deallocate()
  }

  /// Counts `requests` that were carried out up to the time `now`.
  mutating func count(_ requests: Int, at now: UInt64) {
    let interval = interval(at: now)
    unsafe counts[interval] = counts[interval] &+ UInt64(requests)
  }

  /// Counts a latency that was known at the time `now`, for `requests` requests: those that it was picked from.
  mutating func record(_ nanoseconds: UInt64, at now: UInt64, for requests: Int) {
    samples &+= 1
    longest = max(longest, nanoseconds)
    let place = interval(at: now) * LatencyClass.count + LatencyClass.index(nanoseconds)
    unsafe latencies[place] = latencies[place] &+ UInt64(requests)
  }

  /// The interval of a time, after making room for it.
  private mutating func interval(at now: UInt64) -> Int {
    let elapsed = now > start ? now - start : 0
    while elapsed / width >= UInt64(capacity) { widen() }
    return Int(elapsed / width)
  }

  /// Makes each interval twice as wide, and half as many.
  mutating func widen() {
    width *= 2
    let (half, classes) = (capacity / 2, LatencyClass.count)
    for interval in 0..<half {
      unsafe counts[interval] = counts[2 * interval] + counts[2 * interval + 1]
      let (first, into) = unsafe (latencies + 2 * interval * classes, latencies + interval * classes)
      for index in 0..<classes { unsafe into[index] = first[index] &+ first[classes + index] }
    }
    unsafe (counts + half).update(repeating: 0, count: half)
    unsafe (latencies + half * classes).update(repeating: 0, count: half * classes)
  }

  /// Requests of an interval.
  func requests(_ interval: Int) -> UInt64 { unsafe counts[interval] }

  /// Latencies of an interval.
  func histogram(_ interval: Int) -> Histogram {
    var histogram = Histogram()
    for index in 0..<LatencyClass.count {
      let count = unsafe latencies[interval * LatencyClass.count + index]
      if count > 0 { histogram.add(count, at: index) }
    }
    return histogram
  }
}
