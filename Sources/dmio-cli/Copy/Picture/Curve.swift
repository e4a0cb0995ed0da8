/// What the source or a target did over time.
struct Curve {
  /// The rate in each interval, in bytes a second; nil where there was none.
  var rates: [(interval: Range<Double>, rate: Double?)]
  /// When sectors were found to be bad.
  var failures: [Double]

  /// The row of some samples, up to its end.
  init(_ samples: Samples, row: Int, end: Double) {
    let end = max(end, 1e-6)
    // Behind its end it stands still, and the rest of an interval would look like a slow one.
    var points = samples.list.filter { $0.seconds < end }.map { ($0.seconds, $0.counts[row]) }
    let last = samples.list.first { $0.seconds >= end } ?? samples.list[samples.list.count - 1]
    // What little was done in a moment makes no rate.
    if points.count > 1, end - points[points.count - 1].0 < samples.spacing / 2 { points.removeLast() }
    points.append((end, last.counts[row]))
    rates = []
    failures = []
    for ((begin, from), (end, to)) in zip(points, points.dropFirst()) {
      rates.append((begin..<end, Double(to.bytes - min(from.bytes, to.bytes)) / (end - begin)))
      if to.bad > from.bad { failures.append((begin + end) / 2) }
    }
    // A target is given up at its first error, before all bad sectors are known.
    if samples.list[samples.list.count - 1].counts[row].bad > last.counts[row].bad { failures.append(end) }
  }

  /// The mean of several curves, on the samples that they come from. Those that ended count no more.
  init(meanOf curves: [Curve], _ samples: Samples) {
    rates = zip(samples.list, samples.list.dropFirst()).map { begin, end in
      let middle = (begin.seconds + end.seconds) / 2
      let rates = curves.compactMap { $0.rate(at: middle) }
      let mean = rates.isEmpty ? nil : rates.reduce(0, +) / Double(rates.count)
      return (begin.seconds..<max(end.seconds, begin.seconds + 1e-6), mean)
    }
    failures = Set(curves.flatMap(\.failures)).sorted()
  }

  /// The rate at a time; at the end, that of the last interval.
  func rate(at seconds: Double) -> Double? {
    rates.first { $0.interval.contains(seconds) || $0.interval.upperBound == seconds }?.rate
  }

  /// The highest rate.
  var most: Double { rates.compactMap(\.rate).max() ?? 0 }

  /// The end, and the rate there; nil where there never was one.
  var last: (seconds: Double, rate: Double)? {
    rates.last { $0.rate != nil }.flatMap { last in last.rate.map { (last.interval.upperBound, $0) } }
  }
}
