internal import DMIO
internal import DMIOCopy
internal import DMIONames

/// Below the panel: the sectors of the source and of each target, from the first to the last.
extension CopyPlot {
  /// Where the strips begin, and what one takes with its name.
  static let stripsTop = 494.0
  static let stripHeight = 36.0
  private static let (left, right) = (36.0, 924.0)
  /// What is seen of the smallest failure.
  private static let leastWidth = 3.0

  mutating func strips() {
    legend()
    let columns = Int(CopyPlot.right - CopyPlot.left)
    let (source, sectors) = (receipt.source, receipt.source.copy.sectors)
    strip(
      0, "source: \(source.name)", source.words, isBad: !source.copy.holes.isEmpty, .init(source.copy, columns: columns)
    )
    for (index, target) in receipt.targets.enumerated() {
      strip(index + 1, target.name, target.words, isBad: !target.copy.isGood, .init(target.copy, columns: columns))
    }
    if sectors > 0 { positions(CopyPlot.stripsTop + Double(receipt.targets.count + 1) * CopyPlot.stripHeight + 4) }
  }

  private mutating func strip(_ row: Int, _ name: String, _ words: String, isBad: Bool, _ strip: Strip) {
    let top = CopyPlot.stripsTop + Double(row) * CopyPlot.stripHeight
    drawing.text(shortened(name, to: 68), CopyPlot.left, top + 12, class: "name")
    drawing.text(words, CopyPlot.right, top + 12, class: isBad ? "name bad end" : "name end")
    let parts = strip.parts
    if parts.isEmpty { part(0..<Int(CopyPlot.right - CopyPlot.left), top, "none") }
    // What is wrong comes last, as it may be drawn wider than it is.
    for part in parts.filter({ $0.state == .good })
      + parts.filter({ $0.state != .good }).sorted(by: { $0.state < $1.state })
    {
      self.part(part.columns, top, "\(part.state)")
    }
  }

  private mutating func part(_ columns: Range<Int>, _ top: Double, _ style: String) {
    let width = max(Double(columns.count), CopyPlot.leastWidth)
    let x = min(CopyPlot.left + Double(columns.lowerBound), CopyPlot.right - width)
    drawing.rectangle((x, top + 18), (width, 10), class: "strip \(style)")
  }

  private mutating func legend() {
    drawing.text("from the first sector to the last", CopyPlot.left, CopyPlot.stripsTop - 14, class: "label")
    var x = CopyPlot.right
    for (state, word) in [
      (Strip.State.untried, "not tried"), (.different, "differs"), (.bad, "failed"), (.good, "good"),
    ] {
      drawing.text(word, x, CopyPlot.stripsTop - 14, class: "label end")
      x -= Double(word.count) * 7 + 20
      drawing.rectangle((x, CopyPlot.stripsTop - 23), (10, 10), class: "strip \(state)")
      x -= 14
    }
  }

  /// The axis of the strips, in bytes of the copy.
  private mutating func positions(_ y: Double) {
    let bytes = Double(receipt.source.copy.bytes)
    let unit = ByteUnit(for: bytes)
    let scale = Scale.exact(upTo: bytes / unit.bytes, about: 8)
    drawing.line((CopyPlot.left, y), (CopyPlot.right, y), class: "axis")
    for tick in scale.ticks {
      let x = CopyPlot.left + scale.place(tick) * (CopyPlot.right - CopyPlot.left)
      drawing.line((x, y), (x, y + 5), class: "axis")
      drawing.text(short(tick), x, y + 20, class: "tick middle")
    }
    drawing.text(unit.name, (CopyPlot.left + CopyPlot.right) / 2, y + 42, class: "label middle")
  }
}

extension Source {
  /// How it was read, in a few words.
  var words: String {
    let holes = copy.holes.list
    let untried = copy.map.runs.reduce(0) { $0 + ($1.status.isOpen ? copy.bytes(in: $1.sectors) : 0) }
    var words: [String] = []
    if let first = holes.first {
      words.append("\(sectors(holes)) cannot be read (\(first.errno?.name ?? "?")), from sector \(first.sector) on")
    }
    if untried > 0 { words.append("\(ByteSize(bytes: untried)) not read") }
    return words.isEmpty ? "read" : words.joined(separator: ", ")
  }
}

extension Target {
  /// What became of it, in a few words.
  var words: String {
    if copy.isGood { return "good" }
    let bad = [.write, .read, .readBack, .earlier].flatMap { copy.failures(by: $0) }
    let (different, untried) = (copy.mismatches, copy.failed.filter { $0.errno == nil })
    var words: [String] = copy.isStuck ? ["does not answer"] : []
    if let first = bad.first {
      words.append("\(sectors(bad)) failed (\(first.errno?.name ?? "?")), from sector \(first.sector) on")
    }
    if let first = different.first { words.append("\(sectors(different)) differ, from sector \(first.sector) on") }
    if !untried.isEmpty { words.append("\(ByteSize(bytes: untried.reduce(0) { $0 + $1.count } * 512)) not tried") }
    if let (errno, step) = copy.settling.error { words.append("\(step): \(errno.message)") }
    return words.isEmpty ? "not complete" : words.joined(separator: ", ")
  }
}

private func sectors(_ extents: [Extent]) -> String {
  let count = extents.reduce(0) { $0 + $1.count }
  return count == 1 ? "1 sector" : "\(count) sectors"
}
