/// One line of the table: what is compared with what, and what must come out.
public struct Row: Sendable {
  /// For `--only`; unique.
  public let id: String
  /// For the reader.
  public let what: String
  /// The experiment that measures it.
  public let experiment: String
  /// Whose median is the numerator.
  public let subject: String
  /// Whose median is the denominator; the best of several; of none, the subject's own value counts.
  public let reference: [String]
  /// What is compared.
  public let quantity: Quantity
  /// What must hold; nil for rows that are shown only.
  public let bar: Bar?
  /// Better than the bar, as text.
  public let reach: String
  /// Who ran twice so that the noise can be seen; nil for the reference itself, whose runs then count together.
  public let noise: String?
  /// The rows, of the same experiment, that say what C reaches of the same; none where nothing tells.
  public let limits: [String]

  /// A row.
  public init(
    _ id: String, _ what: String, in experiment: String, _ subject: String, over reference: [String] = [],
    by quantity: Quantity = .iops, bar: Bar? = nil, reach: String = "", noise: String? = "C",
    limits: [String] = []
  ) {
    self.id = id
    self.what = what
    self.experiment = experiment
    self.subject = subject
    self.reference = reference
    self.quantity = quantity
    self.bar = bar
    self.reach = reach
    self.noise = noise
    self.limits = limits
  }

  /// The same, judged by another bar.
  func held(to bar: Bar?) -> Row {
    Row(id, what, in: experiment, subject, over: reference, by: quantity, bar: bar, reach: reach, noise: noise)
  }

  /// Whether `name` means this row: its own name, or the beginning of it up to a `-`.
  public func answers(to name: String) -> Bool {
    id == name || id.hasPrefix("\(name)-")
  }
}

/// What a value must reach or keep below.
public enum Bar: Sendable, Equatable, CustomStringConvertible {
  case atLeast(Double)
  case atMost(Double)

  /// `≥ 0.92`.
  public var description: String {
    switch self {
    case .atLeast(let limit): "≥ \(plain(limit))"
    case .atMost(let limit): "≤ \(plain(limit))"
    }
  }

  private func plain(_ limit: Double) -> String {
    limit == limit.rounded() ? "\(Int(limit))" : "\(limit)"
  }

  /// Whether `ratio` holds, given `noise`, the ratio of the same program to itself in the same run.
  ///
  /// A run in which a program is slower than itself may find others slower, too: the ratio is divided by the noise
  /// where that excuses it, and left alone where it would be held against it.
  public func isMet(by ratio: Double, noise: Double = 1) -> Bool {
    guard ratio.isFinite, noise.isFinite, noise > 0 else { return false }
    return switch self {
    case .atLeast(let limit): ratio / min(noise, 1) >= limit
    case .atMost(let limit): ratio / max(noise, 1) <= limit
    }
  }
}
