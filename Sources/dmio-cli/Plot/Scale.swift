internal import Glibc

/// Where the values of an axis stand, and which of them are written beside it.
struct Scale {
  enum Kind { case linear, logarithmic }

  let kind: Kind
  /// The values at both ends.
  let range: ClosedRange<Double>
  /// The values that are marked.
  let ticks: [Double]

  /// From 0 to `most` or a little more, with about `count` steps of 1, 2 or 5 times a power of ten.
  static func linear(upTo most: Double, about count: Int) -> Scale {
    let step = niceStep(max(most, .leastNormalMagnitude) / Double(count))
    let steps = max(1, (most / step).rounded(.up))
    return Scale(kind: .linear, range: 0...steps * step, ticks: (0...Int(steps)).map { Double($0) * step })
  }

  /// From 0 to exactly `most`, with about `count` steps.
  static func exact(upTo most: Double, about count: Int) -> Scale {
    let step = niceStep(most / Double(count))
    return Scale(
      kind: .linear, range: 0...most,
      ticks: (0...Int((most / step * (1 + 1e-9)).rounded(.down))).map { Double($0) * step })
  }

  /// From a power of ten, or 2 or 5 times one, below `least` to one above `most`.
  static func logarithmic(_ least: Double, _ most: Double) -> Scale {
    var ticks: [Double] = []
    var power = pow(10, log10(least).rounded(.down))
    while true {
      for factor in [1.0, 2, 5] {
        let tick = factor * power
        // Only the last of those below is needed.
        if tick <= least { ticks = [tick] } else { ticks.append(tick) }
        if tick >= most, ticks.count > 1 { return Scale(kind: .logarithmic, range: ticks[0]...tick, ticks: ticks) }
      }
      power *= 10
    }
  }

  /// The scale for positive values from `least` to `most`: by powers where they lie far apart.
  static func fitting(_ least: Double, _ most: Double, about count: Int) -> Scale {
    least > 0 && most / least > 10 ? logarithmic(least, most) : linear(upTo: most, about: count)
  }

  /// The ticks with a number: at most `count`, powers of ten first where there are many.
  func labels(atMost count: Int) -> [Double] {
    guard kind == .logarithmic, ticks.count > count else { return ticks }
    return ticks.filter { abs(log10($0) - log10($0).rounded()) < 1e-9 }
  }

  /// Where a value stands: 0 at the lower end, 1 at the upper.
  func place(_ value: Double) -> Double {
    let (low, high) = (range.lowerBound, range.upperBound)
    switch kind {
    case .linear: return (value - low) / (high - low)
    case .logarithmic: return log(max(value, low) / low) / log(high / low)
    }
  }

  /// The least of 1, 2 and 5 times a power of ten that is at least `step`.
  private static func niceStep(_ step: Double) -> Double {
    let power = pow(10, log10(step).rounded(.down))
    return [1.0, 2, 5, 10].map { $0 * power }.first { $0 >= step * (1 - 1e-9) } ?? 10 * power
  }
}
