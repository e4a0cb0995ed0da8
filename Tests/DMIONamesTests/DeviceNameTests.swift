import DMIO
import DMIONames
import Testing

@Suite struct DeviceNameTests {
  static let good: [(String, DeviceName)] = [
    ("/dev/sdb", .path("/dev/sdb")), ("img.raw", .path("img.raw")), ("-", .path("-")), (" ", .path(" ")),
    ("./img.raw", .path("./img.raw")), ("./foo:bar", .path("foo:bar")), ("././foo:bar", .path("./foo:bar")),
    ("./ram:64MiB", .path("ram:64MiB")), ("./fault:p", .path("fault:p")), ("a/b:c", .path("a/b:c")),
    ("/dev/disk/by-path/pci-0000:00:1f.2", .path("/dev/disk/by-path/pci-0000:00:1f.2")),
    ("img@host:1", .path("img@host:1")), ("12:30.raw", .path("12:30.raw")), (":x", .path(":x")), ("é:x", .path("é:x")),
    ("a=b.raw", .path("a=b.raw")), ("offset", .path("offset")), ("./offset=1", .path("offset=1")),
    ("a,,b", .path("a,b")), (",,", .path(",")), (",,a", .path(",a")), ("./,,a", .path(",a")), ("a,,,,", .path("a,,")),
    ("a,,\u{301}", .path("a,\u{301}")), ("\u{F7FF}", .path("\u{F7FF}")),
    ("ram:64MiB", .ram(bytes: 64 << 20)), ("ram:0", .ram(bytes: 0)), ("null:1GiB", .null(bytes: 1 << 30)),
    ("null:", .null(bytes: 1 << 30)), ("null:2048s", .null(bytes: 1 << 20)),
    ("fault:p.json,img", .fault(planPath: "p.json", .path("img"))),
    ("fault:p,ram:1k", .fault(planPath: "p", .ram(bytes: 1024))),
    ("fault:ram:1k,img", .fault(planPath: "ram:1k", .path("img"))),
    ("fault:p,./foo:bar", .fault(planPath: "p", .path("foo:bar"))),
    ("fault:p,a=b", .fault(planPath: "p", .path("a=b"))),
    ("fault:p,,,img", .fault(planPath: "p,", .path("img"))),
    ("fault:,,p,./,,img", .fault(planPath: ",p", .path(",img"))),
    (
      "fault:a,,1.json,fault:b.json,img,,1.raw",
      .fault(planPath: "a,1.json", .fault(planPath: "b.json", .path("img,1.raw")))
    ),
  ]

  static let refused: [Refusal] = [
    Refusal("", "empty"), Refusal(",", "empty"), Refusal(",a", "empty"), Refusal("a,", "is doubled"),
    Refusal("a,b", "'b' follows a device"), Refusal("a,offset=1s", "whole device is wanted"),
    Refusal("a,,,b", "'b' follows a device"), Refusal("foo:bar", "written ./foo:bar"),
    Refusal("RAM:1k", "unknown kind of device 'RAM:'"), Refusal("http://x/y", "unknown kind"),
    Refusal("C:\\disk.img", "written ./C:\\disk.img"), Refusal("a+b-c.d:", "unknown kind of device 'a+b-c.d:'"),
    Refusal("nbd://host/export", "not supported by this build"), Refusal("nbd:x", "not supported by this build"),
    Refusal("nbd+unix:///?socket=s", "not supported by this build"), Refusal("rbd:pool/image", "not supported"),
    Refusal("ram:", "write ram:64MiB"), Refusal("ram:lots", "start with a digit"), Refusal("ram:-1", "negative"),
    Refusal("ram:8E", "too large"), Refusal("ram://64MiB", "start with a digit"), Refusal("null:1b", "write s"),
    Refusal("fault:", "without a plan"), Refusal("fault:,img", "without a plan"), Refusal("fault:p", "no device after"),
    Refusal("fault:p,", "empty"), Refusal("fault:p,fault:q", "no device after 'fault:q'"),
    Refusal("fault:p,foo:bar", "./foo:bar"), Refusal("fault:p,offset=1s", "no device after"),
    Refusal("fault:p,,img", "no device after 'fault:p,img'"), Refusal("fault:p,a,b", "'b' follows"),
    Refusal("offset=1s", "written ./offset=1s"), Refusal("a\u{0}b", "zero byte"),
    Refusal("fault:p\u{0},b", "zero byte"), Refusal("\u{1B}]0;x:y\u{7},b,c", "'b' follows"),
    Refusal("x,\u{202E}gpj.\u{1B}[2J", "\\u{202E}gpj.\\x1B[2J"),
    Refusal(String(repeating: "fault:p,", count: 9) + "img", "more than 8 'fault:'"),
    Refusal(String(repeating: "fault:p,", count: 100_000) + "img", "more than 8 'fault:'"),
    Refusal("x" + String(repeating: ",", count: 100_001), "is doubled"),
    Refusal(String(repeating: "a", count: 100_000) + ":b", "unknown kind"),
  ]

  @Test("an operand names its device", arguments: good) func meaning(text: String, device: DeviceName) throws {
    let parsed = try DeviceName(parsing: text)
    #expect(parsed == device)
    #expect(Array(parsed.description.utf8) == Array(device.description.utf8))
  }

  @Test("what names no device is refused with the remedy", arguments: refused) func refusals(refusal: Refusal) {
    refusal.check { text throws(NameError) in _ = try DeviceName(parsing: text) }
  }

  @Test("an unknown scheme is refused in these words") func words() {
    #expect(
      throws: NameError(
        "'foo:bar': unknown kind of device 'foo:'; there are ram:, null: and fault:, "
          + "and a file of that name is written ./foo:bar")
    ) { try DeviceName(parsing: "foo:bar") }
  }

  @Test("faults nest as deep as the limit says") func depth() throws {
    var device = try DeviceName(parsing: String(repeating: "fault:p,", count: Limits.faultDepth) + "img")
    var depth = 0
    while case .fault(_, let inner) = device { (device, depth) = (inner, depth + 1) }
    #expect(depth == Limits.faultDepth)
    #expect(device == .path("img"))
  }

  @Test("a description parses to the same bytes, for random devices") func roundTrip() throws {
    var generator = Seeded("devices")
    for _ in 0..<5000 {
      let device = DeviceName.random(using: &generator)
      let parsed = try DeviceName(parsing: device.description)
      #expect(parsed.spelledOut == device.spelledOut, "\(printable(device.description))")
    }
  }

  @Test("random text is taken or refused, and what is taken comes back") func noise() throws {
    var generator = Seeded("noise")
    var taken = 0
    for _ in 0..<5000 {
      guard let device = try? DeviceName(parsing: generator.name()) else { continue }
      taken += 1
      #expect(try DeviceName(parsing: device.description).spelledOut == device.spelledOut)
    }
    #expect(taken > 100)
  }
}

extension DeviceName {
  /// All of the value as bytes, since two names that Swift takes for equal may differ.
  var spelledOut: [[UInt8]] {
    switch self {
    case .path(let path): [Array("path".utf8), Array(path.utf8)]
    case .ram(let bytes): [Array("ram \(bytes)".utf8)]
    case .null(let bytes): [Array("null \(bytes)".utf8)]
    case .fault(let plan, let inner): [Array("fault".utf8), Array(plan.utf8)] + inner.spelledOut
    }
  }

  static func random(using generator: inout Seeded) -> DeviceName {
    var device: DeviceName =
      switch generator.next() % 4 {
      case 0: .ram(bytes: generator.number(below: 63))
      case 1: .null(bytes: generator.number(below: 63))
      default: .path(generator.name())
      }
    for _ in 0..<Int.random(in: 0...Limits.faultDepth, using: &generator) where Bool.random(using: &generator) {
      device = .fault(planPath: generator.name(), device)
    }
    return device
  }
}
