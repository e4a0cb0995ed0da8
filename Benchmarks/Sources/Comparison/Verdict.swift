/// What came out for a row.
public struct Verdict: Sendable {
  /// The row.
  public let row: Row
  /// The median of the rounds' ratios, or the subject's own value where there is no reference.
  public let value: Double?
  /// The same of a program and itself in the same run, nil where nothing ran twice.
  public let noise: Double?
  /// The median of the subject; of memory, the most.
  public let subject: Double?
  /// The median of the reference.
  public let reference: Double?
  /// The name of the reference that the value is a ratio to.
  public let referenceName: String?
  /// Why there is no value.
  public let reason: String?
  /// The best that C reached of the same in the same run, where the bar is missed and C took part.
  public private(set) var ofC: Double?
  /// Whether the bar asks for more than the machine has: the subject misses it, C does in each way it was tried, and the
  /// subject comes near to C.
  public private(set) var isBeyondC = false

  /// Allocations fewer than this for each I/O are a start that took a few more or less, not a cost of I/O.
  static let startUpAllocations = 0.001

  /// How near to C a subject has to come for C to excuse it: what the bars beside C ask for.
  static let leastOfC = 0.92

  /// A program that differs from itself by more than this says that the machine was busy, and little else.
  static let mostNoise = 0.1

  /// Whether the run says little, however it came out.
  public var isNoisy: Bool { noise.map { abs($0 - 1) > Verdict.mostNoise } ?? false }

  /// Whether the bar is met; nil where there is none.
  public var isMet: Bool? {
    guard let bar = row.bar else { return nil }
    guard let value else { return false }
    if row.quantity == .allocationsPerIO { return bar.isMet(by: value < Verdict.startUpAllocations ? 0 : value) }
    return bar.isMet(by: value, noise: noise ?? 1)
  }

  /// Whether the bar is missed, and that is nobody's fault but dmio's.
  public var isMissed: Bool { isMet == false && !isBeyondC }
}

extension Verdict {
  /// Judges `row` by what its experiment measured, and by what C reached in it, which the rows `limits` say.
  public init(_ row: Row, _ measured: Measurements, limits: [Row]) {
    self.init(row, measured)
    // By the same bar, and the same rule of noise.
    let verdicts = limits.map { Verdict($0.held(to: row.bar), measured) }
    let reached = verdicts.compactMap(\.value).sorted()
    guard let least = reached.first, let most = reached.last, let value, isMet == false else { return }
    let (worst, nearness): (Double, Bar)
    if case .atMost = row.bar {
      (ofC, worst, nearness) = (least, most, .atMost(1 / Verdict.leastOfC))
    } else {
      (ofC, worst, nearness) = (most, least, .atLeast(Verdict.leastOfC))
    }
    isBeyondC =
      reached.count == limits.count && verdicts.allSatisfy { $0.isMet == false }
      && nearness.isMet(by: value / worst, noise: noise ?? 1)
  }

  /// Judges `row` by what its experiment measured.
  public init(_ row: Row, _ measured: Measurements) {
    self.row = row
    // Memory is a limit, not a habit: the worst run counts.
    let subject =
      row.quantity == .peakMiB
      ? measured.most(row.quantity, of: row.subject) : measured.median(row.quantity, of: row.subject)
    self.subject = subject
    guard !row.reference.isEmpty else {
      (value, noise, reference, referenceName) = (subject, nil, nil, nil)
      reason = subject == nil ? Verdict.reason(for: [row.subject], measured) : nil
      return
    }
    let name = row.reference.count > 1 ? measured.best(row.quantity, of: row.reference) : row.reference[0]
    let reference = name.flatMap {
      row.noise == nil ? measured.medianOfTwins(row.quantity, of: $0) : measured.median(row.quantity, of: $0)
    }
    self.reference = reference
    referenceName = name
    noise = Verdict.noise(row, reference: name ?? "", measured)
    let ratio = name.flatMap { measured.ratio(row.quantity, of: row.subject, to: $0, withTwin: row.noise == nil) }
    guard let ratio else {
      value = nil
      reason = Verdict.reason(for: [row.subject] + row.reference, measured)
      return
    }
    // Of several, each one must have run: a missing tool may be the best.
    guard row.reference.allSatisfy({ measured.median(row.quantity, of: $0) != nil }) else {
      value = nil
      reason = Verdict.reason(for: row.reference, measured)
      return
    }
    value = ratio
    reason = nil
  }

  /// For a row whose experiment did not run at all.
  public init(_ row: Row, notRun reason: String) {
    self.row = row
    (value, noise, subject, reference, referenceName) = (nil, nil, nil, nil, nil)
    self.reason = reason
  }

  /// The ratio of a program to itself. Where both of its runs together are the reference, neither is the first, and the
  /// ratio is the one that excuses.
  private static func noise(_ row: Row, reference: String, _ measured: Measurements) -> Double? {
    let name = row.noise ?? reference
    guard let ratio = measured.ratio(row.quantity, of: "\(name)-2", to: name), ratio > 0 else { return nil }
    guard row.noise == nil else { return ratio }
    if case .atMost = row.bar { return max(ratio, 1 / ratio) }
    return min(ratio, 1 / ratio)
  }

  private static func reason(for names: [String], _ measured: Measurements) -> String {
    for name in names {
      if let failure = measured.failures[name] { return "\(name): \(failure)" }
    }
    return "\(names.joined(separator: ", ")): not measured"
  }
}
