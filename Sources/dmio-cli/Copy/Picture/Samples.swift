/// What a copy had done at points in time, as many as a picture can show.
///
/// There is room for 240. A copy that outlasts them gives up every second one, and takes the next ones half as often: its length
/// need not be known, and a day takes no more memory than a minute.
struct Samples {
  /// What had been done for the source or a target.
  struct Count: Equatable {
    /// Bytes that were read or written.
    var bytes: UInt64 = 0
    /// Sectors that were found to be bad.
    var bad: UInt64 = 0
  }

  struct Sample {
    /// Seconds from the beginning.
    let seconds: Double
    /// One for the source, then one for each target.
    let counts: [Count]
  }

  static let capacity = 240

  /// All that are kept, in their order.
  private(set) var list: [Sample]
  /// Seconds from one to the next, at least.
  private(set) var spacing = 0.1

  /// - Parameter counts: What was known at the beginning.
  init(_ counts: [Count]) { list = [Sample(seconds: 0, counts: counts)] }

  /// True when it is time for another one.
  func isDue(at seconds: Double) -> Bool { seconds - list[list.count - 1].seconds >= spacing }

  /// Adds the present state.
  mutating func add(_ sample: Sample) {
    if list.count == Samples.capacity {
      list = list.indices.filter { $0 % 2 == 0 }.map { list[$0] }
      spacing *= 2
    }
    list.append(sample)
  }
}
