/// What stands above the panels of a plot: what it is of, and the numbers that came of it.
struct Heading {
  /// A number with its name.
  struct Number {
    let label: String
    let value: String
    /// Something that should not be.
    let isBad: Bool

    init(_ label: String, _ value: String, isBad: Bool = false) {
      self.label = label
      self.value = value
      self.isBad = isBad
    }
  }

  let title: String
  let subtitle: String
  let numbers: [Number]

  /// Draws paper and heading; it takes the uppermost 120 of the drawing.
  func draw(_ drawing: inout SVG) {
    drawing.rectangle((0, 0), (drawing.width, drawing.height), class: "paper")
    drawing.text(shortened(title, to: 70), 36, 44, class: "title")
    drawing.text(shortened(subtitle, to: 130), 36, 66, class: "subtitle")
    for (index, number) in numbers.enumerated() {
      let x = 36 + Double(index) * (drawing.width - 72) / Double(numbers.count)
      drawing.text(number.label, x, 94, class: "label")
      drawing.text(number.value, x, 116, class: number.isBad ? "number bad" : "number")
    }
  }

  /// All numbers in a sentence, for those who do not see the drawing.
  var description: String { numbers.map { "\($0.label) \($0.value)" }.joined(separator: ", ") }

  /// How paper, texts, axes and curves look in every plot.
  static let style = """
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
    """
}

/// The text, with an ellipsis in its middle if it has more than `count` characters.
func shortened(_ text: String, to count: Int) -> String {
  guard text.count > count else { return text }
  return text.prefix(count / 2) + "…" + text.suffix(count - count / 2 - 1)
}
