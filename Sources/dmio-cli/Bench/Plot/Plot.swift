/// A bench drawn over time: throughput above, latency below, on one time axis.
struct Plot {
  private let result: BenchResult
  private let time: Scale
  private var drawing = SVG(width: 960, height: 650)

  /// The panels' left and right edge.
  private let left = 92.0
  private let right = 868.0

  init(_ result: BenchResult) {
    self.result = result
    time = .exact(upTo: max(result.intervals.last?.end ?? result.seconds, 1e-6), about: 8)
  }

  /// The document.
  func svg() -> String {
    var plot = self
    plot.drawing.add(
      "rect", [("width", "\(Int(drawing.width))"), ("height", "\(Int(drawing.height))"), ("class", "paper")])
    plot.heading()
    plot.throughput(Panel(top: 166, bottom: 352, left: left, right: right, time: time))
    plot.latency(Panel(top: 406, bottom: 592, left: left, right: right, time: time))
    return plot.drawing.document(
      title: "dmio bench: \(result.title)",
      description: Plot.numbers(result).map { "\($0) \($1)" }.joined(separator: ", "),
      style: Plot.style)
  }

  /// What was run, and what came of it.
  private mutating func heading() {
    drawing.text(Plot.shortened(result.device.name, to: 70), 36, 44, class: "title")
    drawing.text(Plot.shortened(result.conditions, to: 130), 36, 66, class: "subtitle")
    let numbers = Plot.numbers(result)
    for (index, number) in numbers.enumerated() {
      let x = 36 + Double(index) * (drawing.width - 72) / Double(numbers.count)
      drawing.text(number.label, x, 94, class: "label")
      drawing.text(number.value, x, 116, class: number.label == "errors" ? "number bad" : "number")
    }
  }

  /// The numbers of the heading, with their names.
  private static func numbers(_ result: BenchResult) -> [(label: String, value: String)] {
    let unit = byteUnit(result.mebibytesPerSecond)
    var numbers = [
      ("I/O per second", short(result.requestsPerSecond)),
      ("throughput", "\(short(result.mebibytesPerSecond / unit.mebibytes)) \(unit.name)/s"),
    ]
    for (name, latency) in [
      ("latency p50", result.latency(0.5)), ("p99", result.latency(0.99)), ("p99.9", result.latency(0.999)),
      ("longest", result.longest),
    ] {
      if let latency { numbers.append((name, shortTime(microseconds: latency))) }
    }
    if let cpu = result.cpuNanosecondsPerRequest {
      numbers.append(("CPU per I/O", shortTime(microseconds: cpu / 1000)))
    }
    if result.errors > 0 { numbers.append(("errors", short(Double(result.errors)))) }
    return numbers
  }

  private mutating func throughput(_ panel: Panel) {
    let most = result.intervals.map(\.requestsPerSecond).max() ?? 0
    let scale = Scale.linear(upTo: max(most, 1), about: 4)
    panel.frame(&drawing, "I/O per second", scale, scale.ticks) { short($0) }
    bytes(panel, upTo: scale.range.upperBound * Double(result.plan.blockBytes * result.plan.regions) / 1_048_576)
    let points = panel.points(result.intervals) { panel.y($0.requestsPerSecond, scale) }
    drawing.area(points.compactMap { $0 }, base: panel.bottom, class: "area")
    drawing.curve(points, class: "curve throughput")
    panel.times(&drawing, isLabelled: false)
  }

  /// The right axis of the throughput: the same in bytes.
  private mutating func bytes(_ panel: Panel, upTo mebibytes: Double) {
    let unit = Plot.byteUnit(mebibytes)
    let scale = Scale.exact(upTo: mebibytes / unit.mebibytes, about: 4)
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
    let p99 = panel.points(result.intervals) { $0.p99.map { panel.y($0, scale) } }
    let median = panel.points(result.intervals) { $0.median.map { panel.y($0, scale) } }
    drawing.curve(p99, class: "curve p99")
    drawing.curve(median, class: "curve p50")
    // The names stand at the ends of their curves, but not on each other.
    let low = (median.compactMap { $0 }.last?.y ?? panel.bottom) + 4
    let high = min((p99.compactMap { $0 }.last?.y ?? panel.top) + 4, low - 15)
    drawing.text("p50", right + 10, low, class: "name p50")
    drawing.text("p99", right + 10, high, class: "name p99")
    panel.times(&drawing, isLabelled: true)
  }

  /// The unit in which a number of MiB is below a few thousand.
  private static func byteUnit(_ mebibytes: Double) -> (name: String, mebibytes: Double) {
    mebibytes >= 1024 ? ("GiB", 1024) : mebibytes >= 1 ? ("MiB", 1) : ("KiB", 1.0 / 1024)
  }

  /// The text, with an ellipsis in its middle if it has more than `count` characters.
  private static func shortened(_ text: String, to count: Int) -> String {
    guard text.count > count else { return text }
    return text.prefix(count / 2) + "…" + text.suffix(count - count / 2 - 1)
  }

  private static let style = """
    .paper { fill: #ffffff }
    text { font-family: system-ui, "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif; font-size: 12px; fill: #52606d;
      font-variant-numeric: tabular-nums }
    .title { font-size: 19px; font-weight: 600; fill: #1f2933 }
    .subtitle { font-size: 13px }
    .number { font-size: 16px; font-weight: 600; fill: #1f2933 }
    .bad { fill: #b00020 }
    .end { text-anchor: end } .middle { text-anchor: middle } .start { text-anchor: start }
    .grid { stroke: #e4e7eb; stroke-width: 1 }
    .axis { stroke: #9aa5b1; stroke-width: 1 }
    .curve { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
    .throughput { stroke: #0072b2 } .area { fill: #0072b2; fill-opacity: 0.12 }
    .p50 { stroke: #00805c } .p99 { stroke: #c44e00 }
    .name { stroke: none; font-weight: 600 } .name.p50 { fill: #00805c } .name.p99 { fill: #c44e00 }
    """
}
