import DMIONames
import Testing

@Suite struct ByteSizeTests {
  static let good: [(String, UInt64)] = [
    ("0", 0), ("1", 1), ("007", 7), ("512", 512), ("1s", 512), ("2048s", 1 << 20), ("0s", 0),
    ("64k", 65536), ("64K", 65536), ("64Ki", 65536), ("64KiB", 65536), ("1kB", 1000),
    ("3M", 3 << 20), ("3Mi", 3 << 20), ("8MiB", 8 << 20), ("2MB", 2_000_000),
    ("1G", 1 << 30), ("1Gi", 1 << 30), ("1GiB", 1 << 30), ("1GB", 1_000_000_000),
    ("1T", 1 << 40), ("1Ti", 1 << 40), ("1TiB", 1 << 40), ("1TB", 1_000_000_000_000),
    ("1P", 1 << 50), ("1Pi", 1 << 50), ("1PiB", 1 << 50), ("1PB", 1_000_000_000_000_000),
    ("7E", 7 << 60), ("7Ei", 7 << 60), ("7EiB", 7 << 60), ("9EB", 9_000_000_000_000_000_000),
    ("9223372036854775807", UInt64(Int64.max)), ("18014398509481983s", 9_223_372_036_854_775_296),
  ]

  static let refused: [Refusal] = [
    Refusal("", "empty"), Refusal("-1", "negative"), Refusal("-", "negative"), Refusal("+1", "start with a digit"),
    Refusal("k", "start with a digit"), Refusal("MiB", "start with a digit"), Refusal(" 1", "start with a digit"),
    Refusal("1 ", "unknown unit"), Refusal("1 MiB", "unknown unit"), Refusal("1b", "write s for sectors"),
    Refusal("1B", "unknown unit 'B'"), Refusal("1KB", "unknown unit 'KB'"), Refusal("1kiB", "unknown unit"),
    Refusal("1m", "unknown unit 'm'"), Refusal("1Mib", "unknown unit"), Refusal("1S", "unknown unit"),
    Refusal("1.5M", "fraction"), Refusal("1,5M", "unknown unit"), Refusal("0x200", "unknown unit 'x200'"),
    Refusal("1e3", "unknown unit"), Refusal("1_000", "unknown unit"), Refusal("1ss", "unknown unit"),
    Refusal("64\u{212A}", "unknown unit"), Refusal("64K\u{301}", "unknown unit"),
    Refusal("\u{664}\u{662}", "start with a digit"), Refusal("１２", "start with a digit"),
    Refusal("9223372036854775808", "too large"), Refusal("18446744073709551616", "too large"),
    Refusal("8E", "too large"), Refusal("16E", "too large"), Refusal("18014398509481984s", "too large"),
    Refusal(String(repeating: "9", count: 100_000), "too large"), Refusal("1\u{0}", "unknown unit '\\x00'"),
    Refusal("1\u{1B}[31m", "'\\x1B[31m'"), Refusal("1" + String(repeating: "k", count: 100_000), "unknown unit"),
  ]

  @Test("a size counts what its unit says", arguments: good) func units(text: String, bytes: UInt64) throws {
    #expect(try ByteSize(parsing: text).bytes == bytes)
  }

  @Test("what is no size is refused by name", arguments: refused) func refusals(refusal: Refusal) {
    refusal.check { text throws(NameError) in _ = try ByteSize(parsing: text) }
  }

  @Test("the message about b names the remedy word for word") func remedy() {
    #expect(
      throws: NameError(
        "size '8b': 'b' means different things to different tools; "
          + "write s for sectors of 512 bytes, or no unit for bytes")
    ) { try ByteSize(parsing: "8b") }
  }

  @Test("the exact form parses to the same size, for random sizes") func roundTrip() throws {
    var generator = Seeded("sizes")
    for _ in 0..<5000 {
      let size = ByteSize(bytes: generator.number(below: 63))
      #expect(try ByteSize(parsing: size.operand) == size)
    }
  }

  @Test(
    "people read the largest unit that is filled, with one decimal that is cut",
    arguments: [
      (0, "0 B"), (511, "511 B"), (1023, "1023 B"), (1024, "1 KiB"), (1025, "1.0 KiB"), (1536, "1.5 KiB"),
      (64 << 20, "64 MiB"), ((1 << 30) - 1, "1023.9 MiB"), (1_500_000, "1.4 MiB"), (1 << 60, "1 EiB"),
      (UInt64.max, "15.9 EiB"),
    ] as [(UInt64, String)])
  func people(bytes: UInt64, text: String) { #expect(ByteSize(bytes: bytes).description == text) }

  @Test("the exact form uses a unit only where nothing is lost") func operand() {
    #expect(ByteSize(bytes: 0).operand == "0")
    #expect(ByteSize(bytes: 64 << 20).operand == "64MiB")
    #expect(ByteSize(bytes: (64 << 20) + 512).operand == "67109376")
    #expect(ByteSize(bytes: 1000).operand == "1000")
  }
}
