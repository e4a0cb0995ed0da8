/// All samples of an experiment, by the names of its contestants, and why some have none.
public struct Measurements: Sendable, Encodable {
  /// In the order of the rounds.
  public private(set) var samples: [String: [Sample]] = [:]
  /// Why a contestant did not run to its end. Its samples do not count.
  public private(set) var failures: [String: String] = [:]

  /// Nothing measured yet.
  public init() {}

  /// Adds a sample of one round.
  public mutating func add(_ sample: Sample, of contestant: String) {
    samples[contestant, default: []].append(sample)
  }

  /// Adds the samples of these rounds.
  public mutating func add(_ rounds: [Round]) {
    for round in rounds { for (contestant, sample) in round.samples { add(sample, of: contestant) } }
  }

  /// Says that `contestant` cannot be measured.
  public mutating func fail(_ contestant: String, because reason: String) {
    failures[contestant] = reason
  }

  /// All samples of one quantity; none after a failure.
  public func values(_ quantity: Quantity, of contestant: String) -> [Double] {
    guard failures[contestant] == nil else { return [] }
    return (samples[contestant] ?? []).compactMap { $0.values[quantity] }
  }

  /// The median of one quantity; nil without samples or after a failure.
  public func median(_ quantity: Quantity, of contestant: String) -> Double? {
    Comparison.median(values(quantity, of: contestant))
  }

  /// The median of a contestant and its twin together.
  public func medianOfTwins(_ quantity: Quantity, of contestant: String) -> Double? {
    Comparison.median(values(quantity, of: contestant) + values(quantity, of: "\(contestant)-2"))
  }

  /// The largest sample of one quantity; nil without samples or after a failure.
  public func most(_ quantity: Quantity, of contestant: String) -> Double? {
    values(quantity, of: contestant).max()
  }

  /// The contestant of `names` that is best in `quantity`, where more is better.
  ///
  /// Judged by both twins together: by one alone, luck would choose the best, and its twin would look slow beside it.
  public func best(_ quantity: Quantity, of names: [String]) -> String? {
    names.filter { medianOfTwins(quantity, of: $0) != nil }
      .max { (medianOfTwins(quantity, of: $0) ?? 0) < (medianOfTwins(quantity, of: $1) ?? 0) }
  }
}

/// The value in the middle; of an even number the mean of the two in the middle; nil of none.
public func median(_ values: [Double]) -> Double? {
  guard !values.isEmpty else { return nil }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}
