import Testing

@Suite struct StreamTests {
  @Test("read gives exactly the bytes of a region", arguments: engines) func read(engine: String) throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern((20 << 20) + 77))
    let whole = try Tool.run(["read", "--engine", engine, "source"], in: folder)
    #expect(whole.exit == 0 && whole.output == bytes && whole.error.isEmpty)
    let part = try Tool.run(["read", "source,offset=3s,size=1MiB"], in: folder)
    #expect(part.exit == 0 && part.output == Array(bytes[1536..<1536 + (1 << 20)]))
  }

  @Test("read writes zeros for what is unreadable, names it, and is exit 4") func readHoles() throws {
    let folder = try TemporaryFolder()
    var bytes = try folder.make("source", pattern(4 << 20))
    try folder.make("plan", #"{"rules":[{"op":"read","sectors":[4000,2]}]}"#)
    let run = try Tool.run(["read", "fault:plan,source"], in: folder)
    for byte in 4000 * 512..<4002 * 512 { bytes[byte] = 0 }
    #expect(run.exit == 4 && run.output == bytes)
    #expect(run.error == "dmio: fault:plan,source: sector 4000 (+2): read: Input/output error\n")
  }

  @Test("write takes exactly the size of its regions, to each the same", arguments: engines) func write(engine: String)
    throws
  {
    let folder = try TemporaryFolder()
    let input = pattern(3 << 20)
    let old = try folder.make("old", pattern(8 << 20, seed: 9))
    let run = try Tool.run(
      ["write", "--json", "--engine", engine, "old,offset=1MiB,size=3MiB", "new,size=3MiB"], in: folder, input: input)
    #expect(run.exit == 0, "\(run.error)")
    #expect(try run.receipt.targets.allSatisfy { $0.ok && $0.bytesWritten == 3 << 20 })
    #expect(try folder.bytes("new") == input)
    #expect(try folder.bytes("old") == old[..<(1 << 20)] + input + old[(4 << 20)...])
  }

  @Test("write to a whole file keeps its size, also an odd one") func writeWhole() throws {
    let folder = try TemporaryFolder()
    try folder.make("old", pattern(1001, seed: 9))
    let input = pattern(1001)
    #expect(try Tool.run(["write", "old"], in: folder, input: input).exit == 0)
    #expect(try folder.bytes("old") == input)
  }

  @Test("an input file of the wrong size changes nothing", arguments: [0, 511, 513, 4096]) func wrongSize(size: Int)
    throws
  {
    let folder = try TemporaryFolder()
    let old = try folder.make("old", pattern(512, seed: 9))
    let run = try Tool.run(["write", "--json", "old"], in: folder, input: pattern(size))
    #expect(run.exit == 1)
    let failure = try JSONDecoding.failure(run)
    #expect(failure.exit == 1 && failure.error == "standard input: has \(size) bytes, the regions have 512")
    #expect(try folder.bytes("old") == old)
  }

  @Test("an input from a pipe that is too short or too long is exit 1") func wrongPipe() throws {
    let folder = try TemporaryFolder()
    try folder.make("in", pattern(5000))
    func code(_ count: Int) throws -> String {
      try shell("cd '\(folder.path)'; head -c \(count) in | '\(Tool.path)' write new,size=2KiB 2>/dev/null; echo $?")
    }
    #expect(try code(2047) == "1")
    #expect(try code(2049) == "1")
    #expect(try code(2048) == "0")
  }

  @Test("regions of different sizes, and new files without one, are refused by write") func sizes() throws {
    let folder = try TemporaryFolder()
    let different = try Tool.run(["write", "a,size=1s", "b,size=2s"], in: folder, input: pattern(512))
    #expect(different.exit == 1)
    #expect(different.error == "dmio: b: has 1024 bytes, the first region has 512; name one size for all\n")
    let unknown = try Tool.run(["write", "a"], in: folder, input: [])
    #expect(unknown.exit == 1 && unknown.error.contains("its size is unknown"))
    #expect(!folder.exists("a") && !folder.exists("b"))
  }
}
