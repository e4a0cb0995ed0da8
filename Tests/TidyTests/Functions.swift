/// A function's place: the line it starts on, counted from 1, and how many lines it has.
struct FunctionExtent: Equatable {
  let line: Int
  let length: Int
}

/// Finds functions by their indentation.
///
/// The formatter sees to it that the brace that ends a function stands as far in as the line that starts it, so no
/// parser is needed. A function on one line is not listed.
enum FunctionFinder {
  static func swift(_ lines: [String]) -> [FunctionExtent] {
    lines.indices.compactMap { start in
      guard declaresFunction(lines[start]), let body = bodyStart(lines, from: start) else { return nil }
      return extent(lines, from: start, body: body)
    }
  }

  static func c(_ lines: [String]) -> [FunctionExtent] {
    lines.indices.compactMap { start in
      let line = lines[start]
      guard let first = line.first, first.isLetter || first == "_", line.contains("(") else { return nil }
      if line.hasSuffix("{") { return extent(lines, from: start, body: start) }
      guard start + 1 < lines.count, lines[start + 1] == "{" else { return nil }
      return extent(lines, from: start, body: start + 1)
    }
  }

  private static func declaresFunction(_ line: String) -> Bool {
    let text = line.trimmed
    if text.hasPrefix("//") { return false }
    if text.hasPrefix("@"), text.contains(" func ") || text.contains(" init(") { return true }
    let words = text.prefix { $0 != "(" && $0 != "{" && $0 != "=" }.split(separator: " ")
    guard let last = words.last else { return false }
    return words.contains("func") || last == "deinit"
      || (text.contains("(") && (["init", "init?", "init!"].contains(last) || last.hasPrefix("init<")))
  }

  /// The line whose brace opens the body, or nothing: a requirement of a protocol, or all on one line.
  private static func bodyStart(_ lines: [String], from start: Int) -> Int? {
    let indentation = lines[start].indentation
    if lines[start].hasSuffix("{") { return start }
    for index in lines.indices.dropFirst(start + 1) {
      let line = lines[index]
      guard !line.isEmpty, line.indentation >= indentation else { return nil }
      guard line.indentation == indentation else { continue }
      let continues = [")", "->", "where", "throws", "async", "{"].contains { line.trimmed.hasPrefix($0) }
      guard continues else { return nil }
      if line.hasSuffix("{") { return index }
    }
    return nil
  }

  private static func extent(_ lines: [String], from start: Int, body: Int) -> FunctionExtent? {
    let indentation = lines[start].indentation
    let end = lines.indices.dropFirst(body + 1).first {
      lines[$0].indentation == indentation && lines[$0].dropFirst(indentation).hasPrefix("}")
    }
    return end.map { FunctionExtent(line: start + 1, length: $0 - start + 1) }
  }
}
