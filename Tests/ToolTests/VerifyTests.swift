import HostParts
import Testing

/// Reading back, comparing, and hashes.
@Suite struct VerifyTests {
  @Test("what a device silently changed is found, to the sector, and the other target is good", arguments: engines)
  func corrupt(engine: String) throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern((3 << 20) + 300))
    try folder.make(
      "lies",
      """
      {"rules":[{"op":"write","sectors":[100,2],"action":"corrupt"},{"op":"write","sectors":[4000,1],"action":"corrupt"}]}
      """)
    let run = try Tool.run(
      ["copy", "--json", "--engine", engine, "--verify=readback", "--hash", "sha256", "source", "a", "fault:lies,b"],
      in: folder)
    #expect(run.exit == 6, "\(run.error)")
    let receipt = try run.receipt
    #expect(receipt.targets[1].mismatches == [.init(sector: 100, count: 2), .init(sector: 4000, count: 1)])
    #expect(!receipt.targets[1].ok && receipt.targets[0].ok && receipt.targets[0].mismatches.isEmpty)
    #expect(receipt.targets[0].sha256 == receipt.source.sha256 && receipt.targets[1].sha256 == nil)
    #expect(run.error.contains("dmio: fault:lies,b: sector 100 (+2): differs from the source\n"), "\(run.error)")
  }

  @Test("a write that was lost once is written again") func rewritten() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(2 << 20))
    try folder.make("once", #"{"rules":[{"op":"write","sectors":[0,2048],"times":1,"action":"lost"}]}"#)
    #expect(try Tool.run(["copy", "source", "fault:once,a"], in: folder).exit == 0)
    #expect(try folder.bytes("a") != bytes)
    #expect(try Tool.run(["copy", "--verify=readback", "source", "fault:once,a"], in: folder).exit == 0)
    #expect(try folder.bytes("a") == bytes)
  }

  @Test("a target that cannot be read back is not good") func unreadable() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
    try folder.make("blind", #"{"rules":[{"op":"read","sectors":[77,1]}]}"#)
    let run = try Tool.run(["copy", "--json", "--verify=readback", "source", "fault:blind,a", "b"], in: folder)
    #expect(run.exit == 3, "\(run.error)")
    #expect(try run.receipt.targets[0].failed == [.init(77, 1, "EIO")])
    #expect(run.error.contains("dmio: fault:blind,a: sector 77 (+1): read back: "), "\(run.error)")
  }

  @Test("what was written to a target that failed before it was read back is told apart from what was not tried")
  func notReadBack() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
    try folder.make("full", #"{"rules":[{"op":"write","sectors":[77,1],"errno":"ENOSPC"}]}"#)
    for (option, words) in [("none", "were not tried\n"), ("readback", "were not tried, or not read back\n")] {
      let options = option == "none" ? [] : ["--verify=\(option)"]
      let run = try Tool.run(["copy"] + options + ["source", "fault:full,a", "b"], in: folder)
      #expect(run.exit == 3 && run.error.contains("a: sector 77 (+1): write: No space left"), "\(run.error)")
      #expect(!run.error.contains("were not tried") || run.error.contains(words), "\(run.error)")
      #expect(option == "none" || run.error.contains(words), "\(run.error)")
    }
  }

  @Test("sums are those of sha256sum, for every size", arguments: [0, 1, 511, 512, 4097, (3 << 20) + 5]) func sums(
    size: Int
  ) throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(size))
    let run = try Tool.run(
      ["copy", "--json", "--hash", "sha256", "--manifest", "sums", "--verify", "readback", "source", "a"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    let sum = try shell("sha256sum '\(folder.path)/source' | cut -d' ' -f1")
    let receipt = try run.receipt
    #expect(receipt.source.sha256 == sum && receipt.targets[0].sha256 == sum)
    #expect(try shell("cd '\(folder.path)' && sha256sum --quiet -c sums && echo same") == "same")
  }

  @Test("zeros that are left out are part of the sum") func sparseSum() throws {
    let folder = try TemporaryFolder()
    try shell(
      "cd '\(folder.path)' && truncate -s 20M source && echo x | dd of=source bs=1 seek=9000000 conv=notrunc 2>/dev/null"
    )
    let receipt = try Tool.run(["copy", "--json", "--hash", "sha256", "source", "a"], in: folder).receipt
    #expect(try receipt.source.sha256 == shell("sha256sum '\(folder.path)/a' | cut -d' ' -f1"))
    #expect(receipt.targets[0].bytesWritten < 1 << 20)
  }

  @Test("verify tells what is the same from what is not, and writes nothing", arguments: engines) func verify(
    engine: String
  ) throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern((2 << 20) + 100))
    try folder.make("same", bytes)
    try folder.make("longer", bytes + [1, 2, 3])
    try folder.make("shorter", Array(bytes.dropLast(700)))
    var other = bytes
    other[1_000_000] ^= 1
    try folder.make("other", other)
    try folder.make("readonly", #"{"rules":[{"op":"write"}]}"#)
    let before = try folder.snapshot()
    let good = try Tool.run(
      ["verify", "--json", "--engine", engine, "--hash", "sha256", "source", "same", "longer", "fault:readonly,same"],
      in: folder)
    #expect(good.exit == 0, "\(good.error)")
    #expect(try good.receipt.targets.allSatisfy { $0.ok && $0.bytesWritten == 0 && $0.sha256 != nil })
    let run = try Tool.run(["verify", "--json", "source", "same", "other", "shorter"], in: folder)
    #expect(run.exit == 6)
    let receipt = try run.receipt
    #expect(receipt.targets[1].mismatches == [.init(sector: 1953, count: 1)])
    #expect(receipt.targets[2].mismatches == [.init(sector: 4094, count: 3)])
    #expect(try Tool.run(["verify", "source", "other"], in: folder).exit == 6)
    #expect(try folder.snapshot() == before)
  }

  @Test("what cannot be compared is no difference") func incomparable() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
    try folder.make("copy", pattern(1 << 20))
    try folder.make("bad", #"{"rules":[{"op":"read","sectors":[3,1]}]}"#)
    #expect(try Tool.run(["verify", "source", "fault:bad,copy", "copy"], in: folder).exit == 3)
    #expect(try Tool.run(["verify", "source", "fault:bad,copy"], in: folder).exit == 5)
    #expect(try Tool.run(["verify", "source", "missing"], in: folder).exit == 1)
    #expect(try Tool.run(["verify", "source"], in: folder).exit == 2)
  }

  @Test("a manifest that cannot be written is said, beside the whole receipt") func manifest() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1000))
    for name in ["source", "no/such", "."] {
      let run = try Tool.run(["copy", "--manifest", name, "source", "a"], in: folder)
      #expect(run.exit == 1 && !folder.exists("a"), "\(name): \(run.error)")
    }
  }
}
