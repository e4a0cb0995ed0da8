/// A rectangle of a plot with a time axis and an axis of values.
struct Panel {
  let top: Double
  let bottom: Double
  let left: Double
  let right: Double
  let time: Scale

  /// Where a time stands.
  func x(_ seconds: Double) -> Double { left + time.place(seconds) * (right - left) }

  /// Points in the middle of the intervals, at heights that may be missing; the first and the last reach to the edge.
  func points(_ intervals: [BenchInterval], _ y: (BenchInterval) -> Double?) -> [(x: Double, y: Double)?] {
    guard let first = intervals.first, let last = intervals.last else { return [] }
    let middle = intervals.map { interval in y(interval).map { (x: x((interval.start + interval.end) / 2), y: $0) } }
    return [y(first).map { (x: x(first.start), y: $0) }] + middle + [y(last).map { (x: x(last.end), y: $0) }]
  }

  /// Where a value stands.
  func y(_ value: Double, _ scale: Scale) -> Double { bottom - scale.place(value) * (bottom - top) }

  /// Draws what stands behind the curves: the lines of both axes, the numbers of the axis of values, and its name.
  func frame(
    _ drawing: inout SVG, _ name: String, _ scale: Scale, _ labels: [Double], _ label: (Double) -> String
  ) {
    for tick in scale.ticks { drawing.line((left, y(tick, scale)), (right, y(tick, scale)), class: "grid") }
    for tick in time.ticks { drawing.line((x(tick), top), (x(tick), bottom), class: "grid") }
    for tick in labels { drawing.text(label(tick), left - 8, y(tick, scale) + 4, class: "tick end") }
    drawing.text(name, left, top - 12, class: "label")
  }

  /// Draws the time axis, with its numbers and its name if it is the lowest.
  func times(_ drawing: inout SVG, isLabelled: Bool) {
    let isShort = time.range.upperBound < 0.1
    drawing.line((left, bottom), (right, bottom), class: "axis")
    for tick in time.ticks {
      drawing.line((x(tick), bottom), (x(tick), bottom + 5), class: "axis")
      if isLabelled { drawing.text(plain(isShort ? tick * 1000 : tick), x(tick), bottom + 20, class: "tick middle") }
    }
    if isLabelled {
      drawing.text(isShort ? "milliseconds" : "seconds", (left + right) / 2, bottom + 42, class: "label middle")
    }
  }
}
