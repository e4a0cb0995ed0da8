internal import DMIO
internal import DMIOCopy
internal import DMIONames

/// A copy drawn: the throughput of every target over time, and below it a strip for each device that shows which sectors failed.
struct CopyPlot {
  let receipt: Receipt
  let samples: Samples
  /// When each target had nothing more to do.
  let ends: [Double?]
  var drawing: SVG

  /// Targets with a curve of their own.
  static let curves = 8

  init(_ receipt: Receipt, _ samples: Samples, ends: [Double?]) {
    self.receipt = receipt
    self.samples = samples
    self.ends = ends
    drawing = SVG(
      width: 960, height: CopyPlot.stripsTop + Double(receipt.targets.count + 1) * CopyPlot.stripHeight + 66)
  }

  /// The document.
  func svg() -> String {
    var plot = self
    let heading = Heading(title: receipt.source.name, subtitle: subtitle, numbers: numbers)
    heading.draw(&plot.drawing)
    plot.throughput(Panel(top: 172, bottom: 402, left: 92, right: 690, time: TimeAxis(seconds: length, about: 8)))
    plot.strips()
    return plot.drawing.document(
      title: "dmio copy: \(receipt.source.name)",
      description: ([heading.description] + receipt.targets.map { "\($0.name): \($0.words)" }).joined(separator: "; "),
      style: Heading.style + "\n" + CopyPlot.style)
  }

  /// Seconds that are drawn.
  var length: Double { samples.list[samples.list.count - 1].seconds }

  private var subtitle: String {
    let targets = receipt.targets.count == 1 ? receipt.targets[0].name : "\(receipt.targets.count) targets"
    return "copied to \(targets) with dmio \(toolVersion) (\(receipt.engine.kind.rawValue)): \(receipt.exit.meaning)"
  }

  /// The numbers of the heading, with their names.
  private var numbers: [Heading.Number] {
    let (source, all) = (receipt.source.copy, receipt.targets.count)
    let good = receipt.targets.count { $0.copy.isGood }
    let rate = length > 0 ? Double(source.bytesRead) / length : 0
    let unreadable = source.holes.list.reduce(0) { $0 + $1.count }
    return [
      .init("size", "\(ByteSize(bytes: source.bytes))"),
      .init("time", "\(receipt.seconds) s"),
      .init("read", ByteUnit(for: rate).text(rate) + "/s"),
      .init("good targets", "\(good) of \(all)", isBad: good < all),
      .init("unreadable sectors", grouped(Double(unreadable)), isBad: unreadable > 0),
      .init("exit code", "\(receipt.exit.rawValue)", isBad: receipt.exit != .good),
    ]
  }

  private static let style = """
    .source { stroke: #1f2933; stroke-dasharray: 2 4 } .others { stroke: #7b8794; stroke-dasharray: 7 4 }
    .t0 { stroke: #0072b2 } .t1 { stroke: #d55e00 } .t2 { stroke: #009e73 } .t3 { stroke: #cc79a7 }
    .t4 { stroke: #e69f00 } .t5 { stroke: #56b4e9 } .t6 { stroke: #6b4fa0 } .t7 { stroke: #8c6d31 }
    .leader { stroke-width: 1; fill: none; stroke-dasharray: 1 4 } .swatch { stroke-width: 3 }
    .failure { stroke: #b00020; stroke-width: 2; stroke-linecap: round }
    .name { fill: #1f2933 } .name.bad { fill: #b00020 }
    .strip.good { fill: #b9dfcf } .strip.bad { fill: #b00020 } .strip.different { fill: #e69f00 }
    .strip.untried { fill: #cbd2d9 } .strip.none { fill: #ffffff; stroke: #cbd2d9 }
    """
}

extension ExitCode {
  /// What it says, for people.
  var meaning: String {
    switch self {
    case .good: "all good"
    case .fatal, .usage: "something beside the copy failed"
    case .someTargetsFailed: "some targets failed"
    case .sourceHoles: "the source had unreadable sectors"
    case .tooFewTargets: "too few good targets"
    case .mismatch: "a target is not what was written"
    case .interrupted: "interrupted"
    }
  }
}
