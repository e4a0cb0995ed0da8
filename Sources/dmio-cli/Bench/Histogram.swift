/// How latencies are put into classes: exact below 32 ns, then 32 classes for each power of two, up to 18 minutes.
///
/// A class is at most 3.2 % as wide as its values, so its middle is off by at most 1.6 %.
enum LatencyClass {
  private static let bits = 5
  private static let perPower = 1 << bits
  /// Latencies of this many nanoseconds or more count as just below it.
  static let limit = UInt64(1) << 40
  /// How many classes there are.
  static let count = (40 - bits + 1) * perPower

  /// The class of a latency.
  static func index(_ nanoseconds: UInt64) -> Int {
    let value = min(nanoseconds, limit - 1)
    guard value >= UInt64(perPower) else { return Int(value) }
    let shift = 63 - value.leadingZeroBitCount - bits
    return shift * perPower + Int(value >> UInt64(shift))
  }

  /// The latencies of a class.
  static func values(_ index: Int) -> Range<UInt64> {
    guard index >= 2 * perPower else { return UInt64(index)..<UInt64(index) + 1 }
    let shift = UInt64(index / perPower - 1)
    let first = UInt64(index % perPower + perPower) << shift
    return first..<first + (1 << shift)
  }
}

/// How many latencies fell into each class.
struct Histogram {
  private var counts = [UInt64](repeating: 0, count: LatencyClass.count)
  /// How many latencies there are.
  private(set) var count: UInt64 = 0

  /// Adds `count` latencies of the class `index`.
  mutating func add(_ count: UInt64, at index: Int) {
    counts[index] += count
    self.count += count
  }

  /// Adds all latencies of another histogram.
  mutating func add(_ other: Histogram) {
    for index in other.counts.indices where other.counts[index] > 0 { add(other.counts[index], at: index) }
  }

  /// The latency that `share` (0…1) of all do not exceed, as the middle of its class, in nanoseconds; nil when there are none.
  func percentile(_ share: Double) -> Double? {
    guard count > 0 else { return nil }
    let rank = max(1, UInt64((share * Double(count)).rounded(.up)))
    var seen: UInt64 = 0
    for index in counts.indices {
      seen += counts[index]
      guard seen >= rank else { continue }
      let values = LatencyClass.values(index)
      return Double(values.lowerBound + values.upperBound - 1) / 2
    }
    return nil
  }
}
