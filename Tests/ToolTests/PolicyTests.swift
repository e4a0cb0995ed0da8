import HostParts
import Testing

/// What follows when something cannot be read or written, or does not answer.
@Suite struct PolicyTests {
  private func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(4 << 20))
    try folder.make("bad", #"{"rules":[{"op":"write","sectors":[9,1]}]}"#)
    try folder.make("holes", #"{"rules":[{"op":"read","sectors":[5,1]}]}"#)
    try folder.make("corrupt", #"{"rules":[{"op":"write","sectors":[7,1],"action":"corrupt"}]}"#)
    return folder
  }

  @Test(
    "the exit code follows from how many targets are required",
    arguments: [
      ("any", 3), ("1", 3), ("2", 3), ("3", 5), ("all", 5),
    ])
  func required(count: String, exit: Int32) throws {
    let folder = try folder()
    let run = try Tool.run(["copy", "--json", "--require", count, "source", "a", "fault:bad,b", "c"], in: folder)
    #expect(run.exit == exit)
    #expect(try run.receipt.exit == exit)
  }

  @Test("more targets than there are, none, and nonsense are usage errors", arguments: ["4", "0", "-1", "some", ""])
  func wrongRequirement(count: String) throws {
    let folder = try folder()
    #expect(try Tool.run(["copy", "--require=\(count)", "source", "a", "b", "c"], in: folder).exit == 2)
    #expect(!folder.exists("a"))
  }

  @Test("several things wrong: the worst of them is the exit code") func precedence() throws {
    let folder = try folder()
    func exit(_ arguments: [String]) throws -> Int32 {
      try Tool.run(["copy", "--verify=readback"] + arguments, in: folder).exit
    }
    #expect(try exit(["fault:holes,source", "a"]) == 4)
    #expect(try exit(["fault:holes,source", "a", "fault:bad,b"]) == 3)
    #expect(try exit(["fault:holes,source", "a", "fault:bad,b", "fault:corrupt,c"]) == 6)
    #expect(try exit(["--require", "2", "fault:holes,source", "a", "fault:bad,b", "fault:corrupt,c"]) == 5)
  }

  @Test("a block that fails for a while is good with retries, and without it the target is dropped")
  func retries() throws {
    let folder = try folder()
    // Eleven halvings of a MiB, the block itself, and a retry.
    try folder.make("tired", #"{"rules":[{"op":"write","sectors":[9,1],"times":15}]}"#)
    #expect(try Tool.run(["copy", "source", "fault:tired,a"], in: folder).exit == 5)
    #expect(
      try Tool.run(["copy", "--on-error", "retry", "--retries", "5", "source", "fault:tired,a"], in: folder).exit == 0)
    #expect(try folder.bytes("a") == folder.bytes("source"))
    try folder.make("weak", #"{"rules":[{"op":"read","sectors":[9,1],"times":15}]}"#)
    #expect(try Tool.run(["copy", "fault:weak,source", "b"], in: folder).exit == 4)
    #expect(try Tool.run(["copy", "--retries", "5", "fault:weak,source", "b"], in: folder).exit == 0)
  }

  @Test("with stop, the first failure ends the copy, and nothing is written in the place of what was not read")
  func stop() throws {
    let folder = try folder()
    let write = try Tool.run(["copy", "--json", "--on-error", "stop", "source", "a", "fault:bad,b"], in: folder)
    #expect(try write.exit == 3 || (write.exit == 5 && !write.receipt.targets[0].ok))
    let read = try Tool.run(["copy", "--json", "--on-error", "stop", "fault:holes,source", "a"], in: folder)
    #expect(read.exit == 5)
    let receipt = try read.receipt
    #expect(receipt.source.holes == [.init(5, 1, "EIO")] && receipt.targets[0].failed.first?.errno == nil)
  }

  @Test("a target that hangs is dropped after its time, and the process does not wait for it", arguments: engines)
  func hangingTarget(engine: String) throws {
    let folder = try folder()
    try folder.make("hang", #"{"rules":[{"op":"write","skip":1,"action":"hang"}]}"#)
    let run = try Tool.run(
      [
        "copy", "--json", "--engine", engine, "--timeout", "300ms", "--map", "maps", "source", "a", "fault:hang,b", "c",
      ],
      in: folder)
    #expect(run.exit == 3, "\(run.error)")
    let receipt = try run.receipt
    #expect(receipt.targets[0].ok && receipt.targets[2].ok && receipt.targets[1].errno == "ETIMEDOUT")
    #expect(!receipt.targets[1].flushed)
    let rest = try Tool.run(["repair", "--json", "--map", "maps", "source", "a", "b", "c"], in: folder)
    #expect(rest.exit == 0, "\(rest.error)")
    #expect(try folder.bytes("b") == folder.bytes("source"))
  }

  @Test("a read that hangs is a hole after its time, and what lies around it is copied", arguments: engines)
  func hangingSource(engine: String) throws {
    let folder = try folder()
    try folder.make("hang", #"{"rules":[{"op":"read","sectors":[3000,1],"action":"hang"}]}"#)
    let run = try Tool.run(
      ["copy", "--json", "--engine", engine, "--timeout", "300ms", "fault:hang,source", "a", "b"], in: folder)
    #expect(run.exit == 4, "\(run.error)")
    let holes = try run.receipt.source.holes
    #expect(holes.count == 1 && holes[0].errno == "ETIMEDOUT" && holes[0].sectors.contains(3000))
    var bytes = try folder.bytes("source")
    let hole = Int(holes[0].sector) * 512..<Int(holes[0].sector + holes[0].count) * 512
    bytes.replaceSubrange(hole, with: [UInt8](repeating: 0, count: hole.count))
    #expect(try folder.bytes("a") == bytes)
    #expect(try folder.bytes("b") == bytes)
  }

  @Test("a slow target does not keep the others, and is right in the end", arguments: engines) func slow(engine: String)
    throws
  {
    let folder = try folder()
    let bytes = try folder.make("large", pattern(48 << 20))
    try folder.make("slow", #"{"rules":[{"op":"write","action":"delay","delay_ms":250}]}"#)
    let run = try Tool.run(
      ["copy", "--json", "--engine", engine, "large", "a", "fault:slow,b", "c"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    let seconds = try run.receipt.targets.map { $0.seconds ?? .infinity }
    // 48 chunks, 16 at once, a quarter of a second each: the others have not waited for them.
    #expect(seconds[0] < seconds[1] && seconds[2] < seconds[1])
    for name in ["a", "b", "c"] { #expect(try folder.bytes(name) == bytes, "\(name)") }
  }

  @Test("a copy that hangs by one target ends the others, and can be interrupted and resumed") func interrupted() throws
  {
    let folder = try folder()
    try folder.make("hang", #"{"rules":[{"op":"write","skip":1,"action":"hang"}]}"#)
    let tool = try RunningTool(
      ["copy", "--json", "--map", "maps", "--map-interval", "10ms", "source", "a", "fault:hang,b"].map {
        Array($0.utf8)
      },
      in: folder)
    try waitUntil("the good target is done by its map") {
      try folder.exists("maps/target-1.map")
        && String(decoding: folder.bytes("maps/target-1.map"), as: UTF8.self).contains("0x00000000  0x00400000  +")
    }
    tool.signal(2)
    tool.signal(15)
    let run = try tool.wait()
    #expect(run.exit == 7)
    let rest = try Tool.run(["copy", "--json", "--map", "maps", "--resume", "source", "a", "b"], in: folder)
    #expect(rest.exit == 0, "\(rest.error)")
    #expect(try rest.receipt.targets[0].bytesWritten == 0)
    #expect(try folder.bytes("b") == folder.bytes("source"))
  }
}
