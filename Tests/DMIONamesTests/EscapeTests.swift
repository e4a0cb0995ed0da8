import DMIONames
import Testing

@Suite struct EscapeTests {
  @Test(
    "what could mislead is escaped, the rest stays",
    arguments: [
      ("img.raw", "img.raw"), ("é 😀 'x' \"y\"", "é 😀 'x' \"y\""), ("by-label/my\\x20disk", "by-label/my\\x20disk"),
      ("a\nb\tc\r", "a\\x0Ab\\x09c\\x0D"), ("\u{1B}[31m", "\\x1B[31m"), ("\u{0}\u{7F}", "\\x00\\x7F"),
      ("\u{80}\u{85}\u{9B}\u{9F}", "\\u{80}\\u{85}\\u{9B}\\u{9F}"), ("\u{A0}", "\u{A0}"),
      ("\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}", "\\u{202A}\\u{202B}\\u{202C}\\u{202D}\\u{202E}"),
      ("\u{2066}\u{2067}\u{2068}\u{2069}", "\\u{2066}\\u{2067}\\u{2068}\\u{2069}"),
      ("\u{200B}\u{200F}\u{2028}\u{2029}\u{FEFF}", "\\u{200B}\\u{200F}\\u{2028}\\u{2029}\\u{FEFF}"),
      ("\u{E0041}", "\\u{E0041}"), ("\r\n", "\\x0D\\x0A"), ("e\u{301}", "e\u{301}"),
    ])
  func text(name: String, shown: String) { #expect(Array(printable(name).utf8) == Array(shown.utf8)) }

  @Test("bytes that are not UTF-8 show as their numbers") func bytes() {
    #expect(printable([0x61, 0xFF, 0xC3, 0xA9, 0xC3]) == "a\\xFFé\\xC3")
    #expect(printable([0xED, 0xA0, 0x80]) == "\\xED\\xA0\\x80")
    #expect(printable([0x1B, 0x80]) == "\\x1B\\x80")
  }

  @Test("no control and no bidi character is left, whatever went in, and a second time changes nothing") func all() {
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let shown = printable(String(scalar))
      let isBidi = (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value)
      let isControl = value < 0x20 || (0x7F...0x9F).contains(value)
      if isBidi || isControl { #expect(shown.utf8.first == UInt8(ascii: "\\"), "\(value)") }
      if printable(shown) != shown { Issue.record("\(value) changes when escaped again") }
    }
  }

  @Test("an error's message is safe and keeps its sentence") func message() {
    #expect(NameError("no 'a\nb'").description == "no 'a\\x0Ab'")
  }
}
