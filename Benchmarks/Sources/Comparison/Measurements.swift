/// What an experiment gave, round by round, and why some of its contestants gave nothing.
public struct Measurements: Sendable, Encodable {
  /// What each contestant gave in a round, by their names.
  public typealias Round = [String: Sample]

  /// In their order.
  public private(set) var rounds: [Round] = []
  /// Why a contestant did not run to its end. Its samples do not count.
  public private(set) var failures: [String: String] = [:]

  /// Nothing measured yet.
  public init() {}

  /// Adds what one round gave.
  public mutating func add(_ round: Round) {
    rounds.append(round)
  }

  /// Says that `contestant` cannot be measured.
  public mutating func fail(_ contestant: String, because reason: String) {
    failures[contestant] = reason
  }

  /// What `contestant` gave of one quantity, in each round in which it gave something; nothing after a failure.
  public func values(_ quantity: Quantity, of contestant: String) -> [Double] {
    rounds.compactMap { value(quantity, of: contestant, in: $0) }
  }

  /// The median of one quantity; nil without samples or after a failure.
  public func median(_ quantity: Quantity, of contestant: String) -> Double? {
    Comparison.median(values(quantity, of: contestant))
  }

  /// The median of a contestant and its twin together.
  public func medianOfTwins(_ quantity: Quantity, of contestant: String) -> Double? {
    Comparison.median(values(quantity, of: contestant) + values(quantity, of: "\(contestant)-2"))
  }

  /// The median of `subject`'s ratios to `reference`, each within a round; to the mean of both twins where they count together.
  ///
  /// How fast a machine is changes from second to second. Who ran in the same round ran on the same machine, and the rest of its
  /// moods falls out. The ratio of two medians keeps them: it pairs a good moment of one with a bad one of the other.
  public func ratio(_ quantity: Quantity, of subject: String, to reference: String, withTwin: Bool = false) -> Double? {
    Comparison.median(
      rounds.compactMap { round in
        guard let numerator = value(quantity, of: subject, in: round),
          let first = value(quantity, of: reference, in: round)
        else { return nil }
        let twin = withTwin ? value(quantity, of: "\(reference)-2", in: round) : nil
        let denominator = twin.map { (first + $0) / 2 } ?? first
        return denominator > 0 ? numerator / denominator : nil
      })
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

  private func value(_ quantity: Quantity, of contestant: String, in round: Round) -> Double? {
    failures[contestant] == nil ? round[contestant]?.values[quantity] : nil
  }
}

/// The value in the middle; of an even number the mean of the two in the middle; nil of none.
public func median(_ values: [Double]) -> Double? {
  guard !values.isEmpty else { return nil }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}
