/// The scheme of a name that looks like a URI: a letter, then letters, digits, `+`, `-` or `.`, then `:`. Else nil.
func uriScheme(of name: String) -> String? {
  func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }
  func continues(_ byte: UInt8) -> Bool {
    isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.".utf8.contains(byte)
  }
  let scheme = name.utf8.prefix(while: continues)
  guard let first = scheme.first, isLetter(first),
    name.utf8.dropFirst(scheme.count).first == UInt8(ascii: ":")
  else { return nil }
  return String(Substring(scheme))
}

/// The keys of a region's trailing parts.
let regionKeys = ["offset", "size", "direct"]

/// True for `offset=…`, `size=…` and `direct=…`, which never name a device.
func isRegionPart(_ part: String) -> Bool { regionKeys.contains { text(after: $0 + "=", in: part) != nil } }

/// What follows `prefix` in `text`, compared by bytes; nil when it does not start with it.
func text(after prefix: String, in text: String) -> String? {
  text.utf8.starts(with: prefix.utf8) ? String(Substring(text.utf8.dropFirst(prefix.utf8.count))) : nil
}

/// The path as an operand spells it: with `./` in front where it would be taken for something else.
func withDot(_ path: String) -> String { needsDot(path) ? "./" + path : path }

/// The path that an operand spells: without the `./` that `withDot` puts in front.
func withoutDot(_ spelling: String) -> String {
  guard let path = text(after: "./", in: spelling), needsDot(path) else { return spelling }
  return path
}

/// Refuses a name with a zero byte, which would end it early in a system call.
func refuseNUL(_ name: String) throws(NameError) {
  if name.utf8.contains(0) { throw NameError("\(quoted(name)) contains a zero byte; no file has such a name") }
}

/// True for a path that is no path to a parser. One that is such a path after `./` is one too: else the `./` that
/// belongs to it could not be told from the one that is only spelling.
private func needsDot(_ path: String) -> Bool {
  var rest = path[...].utf8
  while rest.starts(with: "./".utf8) { rest = rest.dropFirst(2) }
  let bare = String(Substring(rest))
  return bare.utf8.first == UInt8(ascii: ",") || uriScheme(of: bare) != nil || isRegionPart(bare)
}
