/// A rectangle of a plot with a time axis and an axis of values.
struct Panel {
  let top: Double
  let bottom: Double
  let left: Double
  let right: Double
  let time: TimeAxis

  /// Where a time stands.
  func x(_ seconds: Double) -> Double { left + time.place(seconds) * (right - left) }

  /// Points in the middle of intervals, at heights that may be missing; the first and the last reach to the edge.
  func points(_ heights: [(interval: Range<Double>, y: Double?)]) -> [(x: Double, y: Double)?] {
    guard let first = heights.first, let last = heights.last else { return [] }
    let middle = heights.map { height in
      height.y.map { (x: x((height.interval.lowerBound + height.interval.upperBound) / 2), y: $0) }
    }
    return [first.y.map { (x: x(first.interval.lowerBound), y: $0) }] + middle
      + [last.y.map { (x: x(last.interval.upperBound), y: $0) }]
  }

  /// Where a value stands.
  func y(_ value: Double, _ scale: Scale) -> Double { bottom - scale.place(value) * (bottom - top) }

  /// Draws what stands behind the curves: the lines of both axes, the numbers of the axis of values, and its name.
  func frame(
    _ drawing: inout SVG, _ name: String, _ scale: Scale, _ labels: [Double], _ label: (Double) -> String
  ) {
    for tick in scale.ticks { drawing.line((left, y(tick, scale)), (right, y(tick, scale)), class: "grid") }
    for x in ticks.map(\.x) { drawing.line((x, top), (x, bottom), class: "grid") }
    for tick in labels { drawing.text(label(tick), left - 8, y(tick, scale) + 4, class: "tick end") }
    drawing.text(name, left, top - 12, class: "label")
  }

  /// Draws the time axis, with its numbers and its name if it is the lowest.
  func times(_ drawing: inout SVG, isLabelled: Bool) {
    drawing.line((left, bottom), (right, bottom), class: "axis")
    for tick in ticks {
      drawing.line((tick.x, bottom), (tick.x, bottom + 5), class: "axis")
      if isLabelled { drawing.text(tick.text, tick.x, bottom + 20, class: "tick middle") }
    }
    if isLabelled { drawing.text(time.unit, (left + right) / 2, bottom + 42, class: "label middle") }
  }

  /// The times that are marked, and what is written there.
  private var ticks: [(x: Double, text: String)] {
    time.scale.ticks.map { (left + time.scale.place($0) * (right - left), plain($0)) }
  }
}
