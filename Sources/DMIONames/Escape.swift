/// The name `text` as it may be printed on a terminal: what a terminal or a reader could be misled by is escaped.
///
/// ASCII controls, and the bytes of an argument that was not UTF-8 (see `RawArgument`), become `\xNN`. Other
/// controls (C1), invisible and direction-changing characters (general category Cf) and the line and paragraph
/// separators become `\u{...}`. Everything else stays; so does a backslash, because `/dev/disk/by-label` is full
/// of them and what is printed should be good to paste. Escaping twice is the same as escaping once.
public func printable(_ text: String) -> String {
  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    if let byte = RawArgument.byte(behind: scalar) {
      result.append(contentsOf: hexByte(byte).unicodeScalars)
    } else if !misleads(scalar) {
      result.append(scalar)
    } else if scalar.isASCII {
      result.append(contentsOf: hexByte(UInt8(truncatingIfNeeded: scalar.value)).unicodeScalars)
    } else {
      result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
    }
  }
  return String(result)
}

/// The name `bytes` as it may be printed on a terminal: as `printable` of text, with each invalid byte as `\xNN`.
public func printable(_ bytes: [UInt8]) -> String { printable(RawArgument.text(of: bytes)) }

/// The text between single quotes, shortened.
func quoted(_ text: some StringProtocol) -> String { "'\(shortened(text))'" }

/// The text cut after 120 scalars, so that a message stays readable; scalars, because one character may hold any number.
func shortened(_ text: some StringProtocol) -> String {
  let rest = text.unicodeScalars.dropFirst(120)
  return rest.isEmpty ? String(text) : String(String.UnicodeScalarView(text.unicodeScalars.prefix(120))) + "…"
}

private func misleads(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .control, .format, .lineSeparator, .paragraphSeparator: true
  default: false
  }
}

private func hexByte(_ byte: UInt8) -> String {
  (byte < 0x10 ? "\\x0" : "\\x") + String(byte, radix: 16, uppercase: true)
}
