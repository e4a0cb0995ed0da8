/// A drawing in SVG, written element by element.
struct SVG {
  let width: Double
  let height: Double
  private var elements = ""

  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  /// Adds an element with attributes and, between its tags, text.
  mutating func add(_ name: String, _ attributes: [(String, String)], text: String? = nil) {
    let written = attributes.map { " \($0)=\"\(SVG.escaped($1))\"" }.joined()
    elements += text.map { "<\(name)\(written)>\(SVG.escaped($0))</\(name)>\n" } ?? "<\(name)\(written)/>\n"
  }

  /// A straight line.
  mutating func line(_ from: (x: Double, y: Double), _ to: (x: Double, y: Double), class style: String) {
    add(
      "line",
      [("x1", at(from.x)), ("y1", at(from.y)), ("x2", at(to.x)), ("y2", at(to.y)), ("class", style)])
  }

  /// A filled rectangle.
  mutating func rectangle(
    _ corner: (x: Double, y: Double), _ size: (width: Double, height: Double), class style: String
  ) {
    add(
      "rect",
      [
        ("x", at(corner.x)), ("y", at(corner.y)), ("width", at(size.width)), ("height", at(size.height)),
        ("class", style),
      ])
  }

  /// Text that begins, is centred, or ends at a place, as its style says.
  mutating func text(_ text: String, _ x: Double, _ y: Double, class style: String) {
    add("text", [("x", at(x)), ("y", at(y)), ("class", style)], text: text)
  }

  /// Lines through points; a point that is nil interrupts them. One point alone is a dot.
  mutating func curve(_ points: [(x: Double, y: Double)?], class style: String) {
    var path = ""
    for (index, point) in points.enumerated() {
      guard let point else { continue }
      let isFirst = index == 0 || points[index - 1] == nil
      path += "\(isFirst ? "M" : "L")\(at(point.x)) \(at(point.y))"
      let isAlone = isFirst && (index + 1 == points.count || points[index + 1] == nil)
      // Round ends make a line of no length a dot.
      if isAlone { path += "h0" }
    }
    add("path", [("d", path), ("class", style)])
  }

  /// The area between points and a base line.
  mutating func area(_ points: [(x: Double, y: Double)], base: Double, class style: String) {
    guard let first = points.first, let last = points.last else { return }
    let top = points.map { "L\(at($0.x)) \(at($0.y))" }.joined()
    add("path", [("d", "M\(at(first.x)) \(at(base))\(top)L\(at(last.x)) \(at(base))Z"), ("class", style)])
  }

  /// The whole document.
  func document(title: String, description: String, style: String) -> String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(at(width)) \(at(height))" width="\(at(width))" \
    height="\(at(height))" role="img">
    <title>\(SVG.escaped(title))</title>
    <desc>\(SVG.escaped(description))</desc>
    <style>
    \(style)
    </style>
    \(elements)</svg>

    """
  }

  /// A coordinate; a hundredth of a pixel is enough.
  private func at(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    return hundredths % 100 == 0 ? "\(hundredths / 100)" : "\(Double(hundredths) / 100)"
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      // XML has no way to write these.
      case "\0"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}":
        result.unicodeScalars.append("\u{FFFD}")
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }
}
