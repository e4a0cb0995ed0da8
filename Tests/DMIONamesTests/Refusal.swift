import DMIONames
import Testing

/// One input that must be refused, and what the message must say about it.
struct Refusal: Sendable, CustomTestStringConvertible {
  let text: String
  let says: String

  init(_ text: String, _ says: String) { (self.text, self.says) = (text, says) }

  var testDescription: String { printable(String(text.prefix(60))) }

  /// Expects that `parse` refuses the text with a message that says so, on one line, of a bearable length.
  func check(_ parse: (String) throws(NameError) -> Void) {
    do {
      try parse(text)
      Issue.record("\(testDescription) was accepted")
    } catch {
      #expect(error.message.contains(says), "\(error.message)")
      #expect(error.message == printable(error.message))
      #expect(error.message.unicodeScalars.count < 700)
    }
  }
}
