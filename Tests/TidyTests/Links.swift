/// A link of a Markdown file to another place in the repository.
struct RelativeLink: Equatable {
  let line: Int
  let target: String
}

/// Finds the links that can be followed without a network, outside of code.
enum LinkFinder {
  static func links(_ lines: [String]) -> [RelativeLink] {
    var links: [RelativeLink] = []
    var isCode = false
    for (index, line) in lines.enumerated() {
      if line.trimmed.hasPrefix("```") { isCode.toggle() }
      guard !isCode, line.contains("](") else { continue }
      for rest in withoutCode(line).split(separator: "](", omittingEmptySubsequences: false).dropFirst() {
        let target = rest.prefix { $0 != ")" && $0 != "#" && $0 != " " }
        if target.isEmpty || target.contains("://") || target.hasPrefix("mailto:") { continue }
        links.append(RelativeLink(line: index + 1, target: String(target)))
      }
    }
    return links
  }

  /// The path from the root that `target` means in the file `path`, or nothing if it leaves the repository.
  static func resolve(_ target: String, in path: String) -> String? {
    var parts = path.split(separator: "/").dropLast().map(String.init)
    guard !target.hasPrefix("/") else { return nil }
    for part in target.split(separator: "/") where part != "." {
      if part != ".." {
        parts.append(String(part))
      } else if parts.popLast() == nil {
        return nil
      }
    }
    return parts.joined(separator: "/")
  }

  private static func withoutCode(_ line: String) -> String {
    line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset.isMultiple(of: 2) }.map { String($0.element) }.joined()
  }
}
