import Testing

@Suite struct CopyTests {
  @Test(
    "every size is copied exactly, to an old file and a new one",
    arguments: [0, 1, 511, 512, 513, 4095, 4096, 4097, 1 << 20 - 1, 1 << 20, (1 << 20) + 1, (3 << 20) + 777], engines)
  func exactSizes(size: Int, engine: String) throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(size))
    try folder.make("old", pattern(2 << 20, seed: 2))
    let run = try Tool.run(
      ["copy", "--json", "--engine", engine, "source", "old", "new", "slow,direct=off"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    let receipt = try run.receipt
    #expect(receipt.exit == 0 && receipt.schema == 1 && receipt.engine == engine)
    #expect(receipt.source.bytes == UInt64(size) && receipt.source.holes.isEmpty)
    for (target, name) in zip(receipt.targets, ["old", "new", "slow"]) {
      #expect(try folder.bytes(name) == bytes)
      #expect(target.device == name && target.ok && target.flushed && target.errno == nil && target.failed.isEmpty)
      #expect(target.bytesWritten == UInt64(size) && target.firstBadSector == nil)
    }
    #expect(receipt.targets.count == 3 && !receipt.targets[2].direct)
  }

  @Test("blocks of 4096 bytes on either side do not change the size", arguments: [1, 513, 4095, 4097, (1 << 20) + 1])
  func largeBlocks(size: Int) throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(size))
    try folder.make("plan", #"{"geometry":{"logical_block":4096}}"#)
    let run = try Tool.run(["copy", "source", "fault:plan,large", "small"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    let back = try Tool.run(["copy", "fault:plan,large", "back", "fault:plan,again"], in: folder)
    #expect(back.exit == 0, "\(back.error)")
    for name in ["large", "small", "back", "again"] { #expect(try folder.bytes(name) == bytes, "\(name)") }
  }

  @Test("a source is read once, whatever the number of targets", arguments: [1, 3, 64], engines)
  func readOnce(targets: Int, engine: String) throws {
    let folder = try TemporaryFolder()
    let chunks = 5
    let bytes = try folder.make("source", pattern(chunks << 20))
    // The second read of any chunk would fail.
    let rules = (0..<chunks).map { #"{"op":"read","sectors":[\#($0 * 2048),2048],"skip":1}"# }
    try folder.make("plan", #"{"rules":[\#(rules.joined(separator: ","))]}"#)
    let names = (0..<targets).map { "target-\($0)" }
    let run = try Tool.run(["copy", "--engine", engine, "fault:plan,source"] + names, in: folder)
    #expect(run.exit == 0, "\(run.error)")
    for name in names { #expect(try folder.bytes(name) == bytes) }
  }

  @Test("a region of a file is written and the rest of the file stays") func regions() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(8192))
    var old = try folder.make("old", pattern(5000, seed: 3))
    let run = try Tool.run(["copy", "source,offset=1s,size=2KiB", "old,offset=1KiB", "new,offset=1MiB"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    old.replaceSubrange(1024..<3072, with: bytes[512..<2560])
    #expect(try folder.bytes("old") == old)
    #expect(try folder.bytes("new") == [UInt8](repeating: 0, count: 1 << 20) + bytes[512..<2560])
  }

  @Test("a region at offset 0 is a region: what lies behind it stays") func regionAtZero() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(1000))
    var old = try folder.make("old", pattern(5000, seed: 3))
    let run = try Tool.run(["copy", "source", "old,offset=0"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    old.replaceSubrange(0..<1024, with: bytes + [UInt8](repeating: 0, count: 24))
    #expect(try folder.bytes("old") == old)
  }

  @Test("a target that may not grow any more fails with EFBIG, the other is good") func sizeLimit() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(3 << 20))
    let output = try shell(
      """
      cd '\(folder.path)'; (trap - XFSZ; ulimit -f 1024; exec '\(Tool.path)' copy --json source limited null:4MiB); echo "exit $?"
      """)
    #expect(output.hasSuffix("exit 3") && output.contains("EFBIG"), "\(output)")
    #expect(try folder.bytes("limited") == Array(bytes.prefix(1 << 20)))
  }

  @Test("the last sector of a region in a file is filled up with zeros") func lastSector() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(700))
    let old = try folder.make("old", pattern(4096, seed: 3))
    #expect(try Tool.run(["copy", "source", "old,offset=1KiB"], in: folder).exit == 0)
    let filled = bytes + [UInt8](repeating: 0, count: 1024 - 700)
    #expect(try folder.bytes("old") == old[..<1024] + filled + old[2048...])
  }

  @Test("two ranges of one file are two targets, and a source can be a target beside itself") func disjoint() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("file", pattern(1 << 20))
    let run = try Tool.run(
      ["copy", "file,size=64KiB", "file,offset=64KiB,size=64KiB", "file,offset=512KiB,size=64KiB"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    let after = try folder.bytes("file")
    #expect(after[65536..<131_072] == bytes[..<65536])
    #expect(after[524_288..<589_824] == bytes[..<65536])
    #expect(after.count == bytes.count && after[589_824...] == bytes[589_824...])
  }

  @Test(
    "regions of one file that is made, or grows, are targets of their own", arguments: [nil, 100, 5000],
    ["auto", "off"])
  func regionsOfOneFile(size: Int?, sparse: String) throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(512 << 10))
    if let size { try folder.make("file", pattern(size, seed: 4)) }
    // The slow one is the first to begin and the last to end, and the other way round.
    try folder.make("slow", #"{"rules":[{"op":"write","action":"delay","delay_ms":100}]}"#)
    for (first, second) in [("fault:slow,file", "file"), ("file", "fault:slow,./file")] {
      let run = try Tool.run(
        [
          "copy", "--sparse", sparse, "source", "\(first),offset=0,size=512KiB", "\(second),offset=512KiB,size=512KiB",
        ], in: folder)
      #expect(run.exit == 0, "\(run.error)")
      #expect(try folder.bytes("file") == bytes + bytes)
      if let size { try folder.make("file", pattern(size, seed: 4)) } else { try shell("rm '\(folder.path)/file'") }
    }
  }

  @Test("names that are not UTF-8 are files like others, and are printed escaped") func rawNames() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(3000))
    let name = Array("n\u{1B}".utf8) + [0xFF, 0x2E]
    let run = try RunningTool([Array("copy".utf8), Array("--json".utf8), Array("source".utf8), name], in: folder).wait()
    #expect(run.exit == 0, "\(run.error)")
    #expect(try run.receipt.targets[0].device == "n\\x1B\\xFF.")
    #expect(run.output.allSatisfy { $0 == 0x0A || $0 >= 0x20 && $0 < 0x7F })
    #expect(try shell("cd '\(folder.path)' && cat \"$(printf 'n\\033\\377.')\" | cmp - source && echo same") == "same")
    #expect(try folder.bytes("source") == bytes)
  }

  @Test("a new file gets the mode that the umask leaves, an old one keeps its own") func modes() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(100))
    try folder.make("old", pattern(100))
    try shell("chmod 600 '\(folder.path)/old'")
    #expect(try Tool.run(["copy", "source", "old", "new"], in: folder).exit == 0)
    #expect(try shell("stat -c %a '\(folder.path)/old'") == "600")
    #expect(try shell("stat -c %a '\(folder.path)/new'") == shell("printf %o $((0666 & ~$(umask)))"))
  }

  @Test("what is added to a source while it is copied is said, and not copied") func grown() throws {
    let folder = try TemporaryFolder()
    let size = (3 << 20) + 100
    let bytes = try folder.make("source", pattern(size))
    let old = try folder.make("old", pattern(4 << 20, seed: 8))
    try folder.make("plan", #"{"rules":[{"op":"read","skip":2,"action":"delay","delay_ms":500}]}"#)
    let tool = try RunningTool(
      ["copy", "fault:plan,source", "target", "old,offset=0s,size=4MiB"].map { Array($0.utf8) }, in: folder)
    try waitUntil("the copy has begun") { folder.size("target") > 0 }
    try folder.append("source", [1, 2, 3])
    let run = try tool.wait()
    #expect(run.exit == 0, "\(run.error)")
    #expect(run.error.contains("dmio: fault:plan,source: has grown; the 3 bytes added were not copied\n"))
    #expect(try folder.bytes("target") == bytes)
    let end = (size + 511) / 512 * 512
    #expect(try folder.bytes("old") == bytes + [UInt8](repeating: 0, count: end - size) + old[end...])
  }

  @Test("what is missing from a source that became shorter is a hole") func shrunk() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(4 << 20))
    try folder.make("plan", #"{"rules":[{"op":"read","skip":1,"times":8,"action":"delay","delay_ms":800}]}"#)
    let tool = try RunningTool(["copy", "--json", "fault:plan,source", "target"].map { Array($0.utf8) }, in: folder)
    try waitUntil("the copy has begun") { folder.size("target") > 0 }
    try shell("truncate -s 1536K '\(folder.path)/source'")
    let run = try tool.wait()
    #expect(run.exit == 4, "\(run.error)")
    #expect(try run.receipt.source.holes == [.init(3072, 5120, "EIO")])
    #expect(run.error.contains("dmio: fault:plan,source: has shrunk: the last 2621440 bytes"), "\(run.error)")
    let expected = bytes[..<1_572_864] + [UInt8](repeating: 0, count: (4 << 20) - 1_572_864)
    #expect(try folder.bytes("target") == Array(expected))
  }
}
