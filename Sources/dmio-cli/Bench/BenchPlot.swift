/// A bench drawn over time: throughput above, latency below, on one time axis.
struct BenchPlot {
  private let result: BenchResult
  private let time: TimeAxis
  private var drawing = SVG(width: 960, height: 650)

  /// The panels' left and right edge.
  private let left = 92.0
  private let right = 868.0

  init(_ result: BenchResult) {
    self.result = result
    time = TimeAxis(seconds: result.intervals.last?.end ?? result.seconds, about: 8)
  }

  /// The document.
  func svg() -> String {
    var plot = self
    let heading = Heading(
      title: result.device.name, subtitle: result.conditions, numbers: BenchPlot.numbers(result))
    heading.draw(&plot.drawing)
    plot.throughput(Panel(top: 166, bottom: 352, left: left, right: right, time: time))
    plot.latency(Panel(top: 406, bottom: 592, left: left, right: right, time: time))
    return plot.drawing.document(
      title: "dmio bench: \(result.title)", description: heading.description,
      style: Heading.style + "\n" + BenchPlot.style)
  }

  /// The numbers of the heading, with their names.
  private static func numbers(_ result: BenchResult) -> [Heading.Number] {
    let bytes = result.mebibytesPerSecond * 1_048_576
    var numbers = [
      Heading.Number("I/O per second", short(result.requestsPerSecond)),
      Heading.Number("throughput", ByteUnit(for: bytes).text(bytes) + "/s"),
    ]
    for (name, latency) in [
      ("latency p50", result.latency(0.5)), ("p99", result.latency(0.99)), ("p99.9", result.latency(0.999)),
      ("longest", result.longest),
    ] {
      if let latency { numbers.append(.init(name, shortTime(microseconds: latency))) }
    }
    if let cpu = result.cpuNanosecondsPerRequest {
      numbers.append(.init("CPU per I/O", shortTime(microseconds: cpu / 1000)))
    }
    if result.errors > 0 { numbers.append(.init("errors", short(Double(result.errors)), isBad: true)) }
    return numbers
  }

  private mutating func throughput(_ panel: Panel) {
    let most = result.intervals.map(\.requestsPerSecond).max() ?? 0
    let scale = Scale.linear(upTo: max(most, 1), about: 4)
    panel.frame(&drawing, "I/O per second", scale, scale.ticks) { short($0) }
    bytes(panel, upTo: scale.range.upperBound * Double(result.plan.blockBytes * result.plan.regions))
    let points = points(panel) { panel.y($0.requestsPerSecond, scale) }
    drawing.area(points.compactMap { $0 }, base: panel.bottom, class: "area")
    drawing.curve(points, class: "curve throughput")
    panel.times(&drawing, isLabelled: false)
  }

  /// The right axis of the throughput: the same in bytes.
  private mutating func bytes(_ panel: Panel, upTo bytes: Double) {
    let unit = ByteUnit(for: bytes)
    let scale = Scale.exact(upTo: bytes / unit.bytes, about: 4)
    for tick in scale.ticks {
      let y = panel.y(tick, scale)
      drawing.line((right, y), (right + 5, y), class: "axis")
      drawing.text(short(tick), right + 10, y + 4, class: "tick start")
    }
    drawing.text("\(unit.name) per second", right, panel.top - 12, class: "label end")
  }

  private mutating func latency(_ panel: Panel) {
    let values = result.intervals.flatMap { [$0.median, $0.p99] }.compactMap { $0 }.filter { $0 > 0 }
    guard let least = values.min(), let most = values.max() else {
      panel.frame(&drawing, "latency", .linear(upTo: 1, about: 1), []) { _ in "" }
      drawing.text("none was taken", (left + right) / 2, (panel.top + panel.bottom) / 2, class: "label middle")
      return panel.times(&drawing, isLabelled: true)
    }
    let scale = Scale.fitting(least, most, about: 4)
    panel.frame(&drawing, "latency", scale, scale.labels(atMost: 8)) { shortTime(microseconds: $0) }
    let p99 = points(panel) { $0.p99.map { panel.y($0, scale) } }
    let median = points(panel) { $0.median.map { panel.y($0, scale) } }
    drawing.curve(p99, class: "curve p99")
    drawing.curve(median, class: "curve p50")
    // The names stand at the ends of their curves, but not on each other.
    let low = (median.compactMap { $0 }.last?.y ?? panel.bottom) + 4
    let high = min((p99.compactMap { $0 }.last?.y ?? panel.top) + 4, low - 15)
    drawing.text("p50", right + 10, low, class: "name p50")
    drawing.text("p99", right + 10, high, class: "name p99")
    panel.times(&drawing, isLabelled: true)
  }

  private func points(_ panel: Panel, _ y: (BenchInterval) -> Double?) -> [(x: Double, y: Double)?] {
    panel.points(result.intervals.map { ($0.start..<$0.end, y($0)) })
  }

  private static let style = """
    .throughput { stroke: #0072b2 } .area { fill: #0072b2; fill-opacity: 0.12 }
    .p50 { stroke: #00805c } .p99 { stroke: #c44e00 }
    .name { stroke: none; font-weight: 600 } .name.p50 { fill: #00805c } .name.p99 { fill: #c44e00 }
    """
}
