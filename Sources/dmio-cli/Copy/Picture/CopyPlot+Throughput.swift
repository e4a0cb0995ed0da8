internal import DMIO
internal import DMIOCopy

/// The upper panel: a curve for the source's reads and for each target's writes, with a name at its end.
extension CopyPlot {
  /// A curve with its name and the style of its line.
  private struct Line {
    let name: String
    let style: String
    let isBad: Bool
    let curve: Curve
  }

  mutating func throughput(_ panel: Panel) {
    let lines = lines
    let most = max(lines.map(\.curve.most).max() ?? 0, 1024)
    let unit = ByteUnit(for: most)
    let scale = Scale.linear(upTo: most / unit.bytes, about: 5)
    panel.frame(&drawing, "\(unit.name) per second", scale, scale.ticks) { short($0) }
    let y = { (rate: Double) in panel.y(rate / unit.bytes, scale) }
    for line in lines.reversed() {
      drawing.curve(panel.points(line.curve.rates.map { ($0.interval, $0.rate.map(y)) }), class: "curve \(line.style)")
    }
    for line in lines {
      for seconds in line.curve.failures { cross(panel.x(seconds), y(line.curve.rate(at: seconds) ?? 0)) }
    }
    if lines.contains(where: { !$0.curve.failures.isEmpty }) {
      cross(panel.right - 118, panel.top - 16)
      drawing.text("bad sectors found", panel.right, panel.top - 12, class: "label end")
    }
    names(lines, panel, y)
    panel.times(&drawing, isLabelled: true)
  }

  /// The targets first, as they are above all others.
  private var lines: [Line] {
    let all = receipt.targets.indices.map { Curve(samples, row: $0 + 1, end: min(length, ends[$0] ?? length)) }
    let own = CopyPlot.slowest(receipt.targets.map(\.copy.bytesWritten), ends)
    var lines = own.enumerated().map { place, index in
      let target = receipt.targets[index]
      return Line(name: target.name, style: "t\(place)", isBad: !target.copy.isGood, curve: all[index])
    }
    let rest = all.indices.filter { !own.contains($0) }
    if !rest.isEmpty {
      let isBad = rest.contains { !receipt.targets[$0].copy.isGood }
      let mean = Curve(meanOf: rest.map { all[$0] }, samples)
      lines.append(Line(name: "\(rest.count) others, mean", style: "others", isBad: isBad, curve: mean))
    }
    let source = Curve(samples, row: 0, end: length)
    return lines + [Line(name: "source, read", style: "source", isBad: false, curve: source)]
  }

  /// The targets that get a curve of their own, in their order: those that got least, and of these those that took longest.
  static func slowest(_ bytes: [UInt64], _ ends: [Double?]) -> [Int] {
    let order = bytes.indices.sorted { one, other in
      let (first, second) = (ends[one] ?? .infinity, ends[other] ?? .infinity)
      return (bytes[one], -first, one) < (bytes[other], -second, other)
    }
    return order.prefix(CopyPlot.curves).sorted()
  }

  /// The names stand beside the panel, in the order of their curves' ends, and not on each other.
  private mutating func names(_ lines: [Line], _ panel: Panel, _ y: (Double) -> Double) {
    let ends = lines.map { line -> (x: Double, y: Double) in
      guard let last = line.curve.last else { return (panel.right, panel.bottom) }
      return (panel.x(last.seconds), y(last.rate))
    }
    let places = CopyPlot.spread(ends.map(\.y), distance: 17, in: panel.top...panel.bottom)
    for ((line, end), place) in zip(zip(lines, ends), places) {
      drawing.curve([end, (panel.right + 12, place)], class: "leader \(line.style)")
      drawing.line((panel.right + 12, place), (panel.right + 26, place), class: "swatch \(line.style)")
      drawing.text(shortened(line.name, to: 32), panel.right + 32, place + 4, class: line.isBad ? "name bad" : "name")
    }
  }

  /// Moves places as little apart as it takes, in their order.
  static func spread(_ places: [Double], distance: Double, in range: ClosedRange<Double>) -> [Double] {
    let order = places.indices.sorted { (places[$0], $0) < (places[$1], $1) }
    var result = places
    var least = range.lowerBound
    for index in order {
      result[index] = max(result[index], least)
      least = result[index] + distance
    }
    var most = range.upperBound
    for index in order.reversed() {
      result[index] = min(result[index], most)
      most = result[index] - distance
    }
    return result
  }

  private mutating func cross(_ x: Double, _ y: Double) {
    drawing.line((x - 4, y - 4), (x + 4, y + 4), class: "failure")
    drawing.line((x - 4, y + 4), (x + 4, y - 4), class: "failure")
  }
}
