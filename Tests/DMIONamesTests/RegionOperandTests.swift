import DMIONames
import Testing

@Suite struct RegionOperandTests {
  static let good: [(String, RegionOperand)] = [
    ("img", RegionOperand(device: .path("img"))),
    ("img,offset=2048s,size=8MiB", RegionOperand(device: .path("img"), offset: 1 << 20, size: 8 << 20)),
    ("img,size=1k,offset=512", RegionOperand(device: .path("img"), offset: 512, size: 1024)),
    ("img,direct=on", RegionOperand(device: .path("img"), direct: .on)),
    ("img,direct=off,size=0", RegionOperand(device: .path("img"), size: 0, direct: .off)),
    ("img,direct=auto,offset=0", RegionOperand(device: .path("img"), offset: 0)),
    ("a,,offset=1,offset=1s", RegionOperand(device: .path("a,offset=1"), offset: 512)),
    ("a=b,size=1s", RegionOperand(device: .path("a=b"), size: 512)),
    ("./offset=1,size=1s", RegionOperand(device: .path("offset=1"), size: 512)),
    ("ram:64MiB,size=1M", RegionOperand(device: .ram(bytes: 64 << 20), size: 1 << 20)),
    ("null:,offset=1M", RegionOperand(device: .null(bytes: 1 << 30), offset: 1 << 20)),
    ("x,,,direct=on", RegionOperand(device: .path("x,"), direct: .on)),
    (
      "fault:a,fault:b,img,,1,offset=1s,direct=on",
      RegionOperand(
        device: .fault(planPath: "a", .fault(planPath: "b", .path("img,1"))), offset: 512, direct: .on)
    ),
    (
      "img,offset=9223372036854774784,size=512",
      RegionOperand(device: .path("img"), offset: 9_223_372_036_854_774_784, size: 512)
    ),
  ]

  static let refused: [Refusal] = [
    Refusal("", "empty"), Refusal("img,", "is doubled"), Refusal("img,1.raw", "is doubled: ',,1.raw'"),
    Refusal("img,foo=bar", "unknown key 'foo'"), Refusal("img,foo=bar", "is doubled: ',,foo=bar'"),
    Refusal("img,Offset=1s", "unknown key 'Offset'"), Refusal("img,=5", "unknown key ''"),
    Refusal("img, offset=1s", "unknown key ' offset'"), Refusal("img,offset", "is not offset="),
    Refusal("img,offset=", "offset=: the size is empty"), Refusal("img,offset==1s", "start with a digit"),
    Refusal("img,offset=1", "no multiple of 512"), Refusal("img,size=1kB", "no multiple of 512"),
    Refusal("img,size=513", "the sector before it is size=1s"),
    Refusal("img,size=-1s", "size=: size '-1s' is negative"),
    Refusal("img,offset=1s,offset=1s", "'offset=' is given twice"), Refusal("img,size=1s,size=2s", "twice"),
    Refusal("img,direct=on,direct=on", "twice"), Refusal("img,direct=yes", "direct=auto, direct=on or direct=off"),
    Refusal("img,direct=", "direct=auto"), Refusal("img,direct=ON", "direct=auto"),
    Refusal("img,offset=8E", "too large"), Refusal("img,offset=7E,size=1E", "make one smaller"),
    Refusal("img,offset=9223372036854775296,size=512", "make one smaller"),
    Refusal("offset=1s,size=1s", "no device before 'offset=1s'"), Refusal("fault:p,size=1s", "no device after"),
    Refusal("fault:p,img,size=1s,x", "is not offset="), Refusal("img,offset=1s,,", "unknown unit 's,'"),
    Refusal("img,\u{1B}[2J=1", "unknown key '\\x1B[2J'"), Refusal("img,o\u{308}ffset=1s", "unknown key"),
    Refusal("img" + String(repeating: ",offset=1s", count: 10_000), "twice"),
    Refusal("img," + String(repeating: "x", count: 100_000) + "=1", "unknown key"),
    Refusal("img,a" + String(repeating: "\u{301}", count: 100_000) + "=1", "unknown key"),
  ]

  @Test("an operand names its region", arguments: good) func meaning(text: String, region: RegionOperand) throws {
    #expect(try RegionOperand(parsing: text) == region)
  }

  @Test("what names no region is refused with the remedy", arguments: refused) func refusals(refusal: Refusal) {
    refusal.check { text throws(NameError) in _ = try RegionOperand(parsing: text) }
  }

  @Test("a description parses to the same region, for random regions") func roundTrip() throws {
    var generator = Seeded("regions")
    for _ in 0..<5000 {
      let device = DeviceName.random(using: &generator)
      let offset = generator.number(below: 62) & ~511
      let size = Bool.random(using: &generator) ? nil : generator.number(below: 62) & ~511
      let direct = DirectMode.allCases.randomElement(using: &generator) ?? .auto
      let region = RegionOperand(device: device, offset: offset, size: size, direct: direct)
      let parsed = try RegionOperand(parsing: region.description)
      #expect(parsed == region)
      #expect(parsed.device.spelledOut == device.spelledOut)
    }
  }
}
