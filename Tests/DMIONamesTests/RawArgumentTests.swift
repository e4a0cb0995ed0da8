import DMIONames
import Testing

@Suite struct RawArgumentTests {
  @Test(
    "UTF-8 stays the text that it is",
    arguments: ["", "img.raw", "é", "e\u{301}", "\u{0}", "\u{7FF}\u{800}\u{FFFF}\u{10FFFF}", "\u{F77F}\u{F800}", "😀,x"])
  func valid(text: String) {
    #expect(Array(RawArgument.text(of: Array(text.utf8)).utf8) == Array(text.utf8))
    #expect(RawArgument.bytes(of: text) == Array(text.utf8))
  }

  @Test("each invalid byte is one scalar from U+F780 on, for every byte") func everyByte() {
    for byte in UInt8(0x80)...0xFF {
      #expect(
        RawArgument.text(of: [0x61, byte, 0x2C]).unicodeScalars.map(\.value) == [0x61, 0xF700 | UInt32(byte), 0x2C])
    }
  }

  @Test(
    "malformed sequences come back byte for byte",
    arguments: [
      [0xC3], [0xC3, 0x2C, 0xA9], [0xC0, 0xAF], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
      [0xF0, 0x9F, 0x98], [0xFF, 0xFE], [0x80, 0xC3, 0xA9, 0x80], [0xEF, 0x9E], [0xE2, 0x82, 0x41, 0xE2, 0x82, 0xAC],
    ] as [[UInt8]])
  func malformed(bytes: [UInt8]) { #expect(RawArgument.bytes(of: RawArgument.text(of: bytes)) == bytes) }

  @Test("text that holds stand-ins already comes back as it was") func standIns() {
    for value in UInt32(0xF780)...0xF7FF {
      let bytes = Unicode.Scalar(value).map { Array(String($0).utf8) } ?? []
      #expect(bytes.count == 3)
      #expect(RawArgument.bytes(of: RawArgument.text(of: bytes)) == bytes)
    }
  }

  @Test("random bytes come back, also when they were part of an operand") func roundTrip() throws {
    var generator = Seeded("raw arguments")
    let alphabet: [UInt8] = [0x61, 0xC3, 0xA9, 0xEF, 0x9E, 0x9F, 0x80, 0xBF, 0xF0, 0xED, 0xA0, 0xFF, 0x5C]
    for _ in 0..<5000 {
      let count = Int.random(in: 1...12, using: &generator)
      let bytes = (0..<count).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
      #expect(RawArgument.bytes(of: RawArgument.text(of: bytes)) == bytes)
      let operand = RawArgument.text(
        of: Array("fault:p,,".utf8) + bytes + Array(",/".utf8) + bytes + Array(",size=1s".utf8))
      let region = try RegionOperand(parsing: operand)
      guard case .fault(let plan, .path(let path)) = region.device else {
        Issue.record("not the device that was written")
        return
      }
      #expect(RawArgument.bytes(of: plan) == Array("p,".utf8) + bytes)
      #expect(RawArgument.bytes(of: path) == Array("/".utf8) + bytes)
    }
  }
}
