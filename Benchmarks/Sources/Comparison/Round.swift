/// What the contestants of an experiment gave in one round.
public struct Round: Sendable {
  /// By the names of the contestants.
  public private(set) var samples: [String: Sample] = [:]

  /// Nothing measured yet.
  public init() {}

  /// Adds what `contestant` gave.
  public mutating func add(_ sample: Sample, of contestant: String) { samples[contestant] = sample }

  /// In a quiet round no program differs from its twin by more than this.
  static let mostRestlessness = 0.05

  /// By how much a program differed from itself, at most, in I/Os a second. Who is compared with it has no part in that: it tells
  /// what else the machine did meanwhile.
  public var restlessness: Double {
    samples.compactMap { name, sample in
      guard let one = sample.values[.iops], let other = samples["\(name)-2"]?.values[.iops], min(one, other) > 0
      else { return nil }
      return max(one, other) / min(one, other) - 1
    }.max() ?? 0
  }

  /// Whether the round counts without a second thought.
  public var isQuiet: Bool { restlessness <= Round.mostRestlessness }
}

extension [Round] {
  /// The `count` quietest, or all, in their order.
  public func quietest(_ count: Int) -> [Round] {
    let chosen = indices.sorted { (self[$0].restlessness, $0) < (self[$1].restlessness, $1) }.prefix(count)
    return chosen.sorted().map { self[$0] }
  }
}
