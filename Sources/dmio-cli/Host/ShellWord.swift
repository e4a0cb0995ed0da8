internal import DMIONames

/// A name as one word of a shell's command line: good to paste, and safe on a terminal.
enum ShellWord {
  static func quoted(_ name: [UInt8]) -> String {
    // Programs take it for an option.
    let name = name.first == UInt8(ascii: "-") ? Array("./".utf8) + name : name
    if !name.isEmpty, name.allSatisfy(isPlain) { return String(decoding: name, as: UTF8.self) }
    let text = printable(name)
    if text.utf8.elementsEqual(name) { return "'\(text.split("'", joinedBy: "'\\''"))'" }
    return "$'\(name.map(escaped).joined())'"
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: "/._-+:@%,=".utf8.contains(byte)
    }
  }

  /// A byte between `$'` and `'`.
  private static func escaped(_ byte: UInt8) -> String {
    if byte >= 0x20, byte < 0x7F, byte != UInt8(ascii: "'"), byte != UInt8(ascii: "\\") {
      return String(decoding: [byte], as: UTF8.self)
    }
    return (byte < 0x10 ? "\\x0" : "\\x") + String(byte, radix: 16, uppercase: true)
  }
}

extension String {
  fileprivate func split(_ separator: Character, joinedBy text: String) -> String {
    split(separator: separator, omittingEmptySubsequences: false).joined(separator: text)
  }
}
