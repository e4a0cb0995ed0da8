/// Whether `word` stands in `line` without a letter, digit or underscore before it.
func containsWord(_ word: String, in line: String) -> Bool {
  let needle = Array(word.utf8)
  let text = Array(line.utf8)
  guard text.count >= needle.count else { return false }
  for start in 0...(text.count - needle.count) where text[start] == needle[0] {
    guard text[start..<(start + needle.count)].elementsEqual(needle) else { continue }
    if start == 0 || !isPartOfWord(text[start - 1]) { return true }
  }
  return false
}

private func isPartOfWord(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
  case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
  default: false
  }
}

/// Whether a comment explains the line: one that starts with "Why" on it or shortly above, or the doc comment of the
/// declaration that it belongs to.
func isExplained(_ index: Int, in lines: [String]) -> Bool {
  let reach = 12
  if lines[index].contains("// Why") { return true }
  for above in lines[max(0, index - reach)..<index] {
    let text = above.trimmed
    if text.hasPrefix("// Why") || text.hasPrefix("/// Why") { return true }
  }
  let declaration = lines[..<index].reversed().drop { $0.trimmed.hasPrefix("@") }
  return declaration.first.map { $0.trimmed.hasPrefix("/// ") } ?? false
}

/// The line of the first declaration, if no doc comment stands directly above it.
func undocumentedFirstDeclaration(_ lines: [String]) -> Int? {
  var isDocumented = false
  for (index, line) in lines.enumerated() {
    let text = line.trimmed
    if text.hasPrefix("///") {
      isDocumented = true
    } else if text.isEmpty || isImport(text) {
      isDocumented = false
    } else if text.hasPrefix("//") || text.hasPrefix("#") || isAttributeAlone(text) {
      continue
    } else {
      return isDocumented ? nil : index + 1
    }
  }
  return nil
}

private func isImport(_ text: String) -> Bool {
  text.split(separator: " ").prefix(3).contains("import")
}

private func isAttributeAlone(_ text: String) -> Bool {
  text.hasPrefix("@") && (!text.contains(" ") || text.hasSuffix(")"))
}
