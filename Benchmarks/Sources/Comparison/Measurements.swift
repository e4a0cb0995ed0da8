/// All samples of an experiment, by the names of its contestants, and why some have none.
public struct Measurements: Sendable {
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

  /// Says that `contestant` cannot be measured.
  public mutating func fail(_ contestant: String, because reason: String) {
    failures[contestant] = reason
  }

  /// The median of one quantity; nil without samples or after a failure.
  public func median(_ quantity: Quantity, of contestant: String) -> Double? {
    guard failures[contestant] == nil else { return nil }
    return Comparison.median((samples[contestant] ?? []).compactMap { $0.values[quantity] })
  }

  /// The largest sample of one quantity; nil without samples or after a failure.
  public func most(_ quantity: Quantity, of contestant: String) -> Double? {
    guard failures[contestant] == nil else { return nil }
    return (samples[contestant] ?? []).compactMap { $0.values[quantity] }.max()
  }

  /// The contestant of `names` with the highest median of `quantity`.
  public func best(_ quantity: Quantity, of names: [String]) -> String? {
    names.filter { median(quantity, of: $0) != nil }
      .max { (median(quantity, of: $0) ?? 0) < (median(quantity, of: $1) ?? 0) }
  }
}

/// The value in the middle; of an even number the mean of the two in the middle; nil of none.
public func median(_ values: [Double]) -> Double? {
  guard !values.isEmpty else { return nil }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}
