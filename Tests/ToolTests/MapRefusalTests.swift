import HostParts
import Testing

/// Maps that do not fit what is copied: nothing is touched then.
@Suite struct MapRefusalTests {
  /// A finished copy with maps.
  private func finished() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
    try folder.make("other", pattern(1 << 20, seed: 2))
    try folder.make("short", pattern(1 << 19))
    #expect(try Tool.run(["copy", "--map", "maps", "source", "a", "b"], in: folder).exit == 0)
    return folder
  }

  @Test(
    "another source, another target, another size or order is refused, and nothing is touched",
    arguments: [
      ["other", "a", "b"], ["source", "b", "a"], ["source", "other", "b"], ["short", "a", "b"], ["source", "a"],
      ["source,size=64KiB", "a", "b"],
    ])
  func others(operands: [String]) throws {
    let folder = try finished()
    let before = try folder.snapshot()
    let run = try Tool.run(["copy", "--json", "--map", "maps", "--resume"] + operands, in: folder)
    #expect(run.exit == 1, "\(run.error)")
    #expect(run.error.hasPrefix("dmio: maps/"), "\(run.error)")
    #expect(try folder.snapshot() == before)
  }

  @Test("a target that is not there is begun anew under the name that its map has, and refused under another")
  func absent() throws {
    let folder = try finished()
    let before = try folder.snapshot()
    let slip = try Tool.run(["copy", "--map", "maps", "--resume", "source", "a", "slip"], in: folder)
    #expect(slip.exit == 1 && slip.error.contains("is about b, and there is no slip"), "\(slip.error)")
    #expect(try folder.snapshot() == before)
    try shell("rm '\(folder.path)/b'")
    let run = try Tool.run(["copy", "--map", "maps", "--resume", "source", "a", "b"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    #expect(try folder.bytes("b") == folder.bytes("source"))
  }

  @Test(
    "a target's map that does not say of what it is may be any device's, and is told how to say it",
    arguments: ["identity", "start"])
  func foreign(note: String) throws {
    let folder = try finished()
    try shell("cd '\(folder.path)/maps' && cp target-1.map old && sed -i '/dmio \(note)/d' target-1.map")
    let before = try folder.snapshot()
    let resume = ["copy", "--map", "maps", "--resume", "source", "a", "b"]
    let run = try Tool.run(resume, in: folder)
    #expect(run.exit == 1 && run.error.contains("maps/target-1.map: does not say what it is about"), "\(run.error)")
    #expect(try folder.snapshot() == before)
    let lines = run.error.split(separator: "'").filter { $0.hasPrefix("# dmio ") }
    #expect(try lines.map(String.init) == [shell("grep -h identity '\(folder.path)/maps/old'"), "# dmio start: 0"])
    try folder.append("maps/target-1.map", Array(lines.map { $0 + "\n" }.joined().utf8))
    #expect(try Tool.run(resume, in: folder).exit == 0)
    // One that calls nothing done is anybody's.
    try shell("cd '\(folder.path)/maps' && sed -i -e '/dmio \(note)/d' -e 's/+$/?/' target-1.map")
    #expect(try Tool.run(resume, in: folder).exit == 0)
  }

  @Test("a source's map that does not say of what it is does, beside targets that are done, need that line, too")
  func foreignSource() throws {
    let folder = try finished()
    try shell("cd '\(folder.path)/maps' && sed -i '/dmio identity/d' source.map")
    let run = try Tool.run(["copy", "--map", "maps", "--resume", "other", "a", "b"], in: folder)
    #expect(run.exit == 1 && run.error.contains("maps/source.map: does not say what it is about"), "\(run.error)")
    // ddrescue's, before anything is copied.
    try shell("cd '\(folder.path)' && rm maps/target-* a b")
    #expect(try Tool.run(["copy", "--map", "maps", "--resume", "source", "a", "b"], in: folder).exit == 0)
  }

  @Test("what is said of memory is said of no device, and what is said of a device does not give way to memory")
  func memory() throws {
    let folder = try finished()
    let operands = [["source", "ram:1MiB"], ["source", "a"], ["ram:1MiB", "new"], ["source", "new"]]
    for (index, (first, second)) in [(0, 1), (2, 3), (1, 0)].enumerated() {
      let copy = ["copy", "--map", "maps-\(index)"]
      try shell("rm -f '\(folder.path)/a' '\(folder.path)/new'")
      if first == 0 { try folder.make("a", pattern(1 << 20, seed: 9)) }
      #expect(try Tool.run(copy + operands[first], in: folder).exit == 0)
      let before = try folder.snapshot()
      for verb in [copy + ["--resume"], ["repair"] + copy.dropFirst()] {
        let run = try Tool.run(verb + operands[second], in: folder)
        let says = first == 1 ? "is about a device, and ram:1MiB is memory" : "is about another device than"
        #expect(run.exit == 1 && run.error.contains(says), "\(verb): \(run.error)")
        #expect(try folder.snapshot() == before)
      }
    }
    // From memory to memory everything is copied each time.
    let again = ["copy", "--json", "--map", "both", "--resume", "ram:1MiB", "null:1MiB"]
    for _ in 0..<2 { #expect(try Tool.run(again, in: folder).receipt.targets[0].bytesWritten == 1 << 20) }
  }

  @Test("maps whose lines an editor has ended with CR LF are the same maps") func carriageReturns() throws {
    let folder = try finished()
    try shell("cd '\(folder.path)/maps' && sed -i 's/$/\\r/' *.map")
    let run = try Tool.run(["copy", "--json", "--map", "maps", "--resume", "source", "a", "b"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    #expect(try run.receipt.targets.allSatisfy { $0.bytesWritten == 0 })
  }

  @Test("a target that has grown is another one; one that was left shorter is not") func sizes() throws {
    let folder = try finished()
    let bytes = try folder.bytes("source")
    try folder.append("a", [1])
    let grown = try Tool.run(["copy", "--map", "maps", "--resume", "source", "a", "b"], in: folder)
    #expect(grown.exit == 1 && grown.error.contains("has 1048577 bytes, more than the 1048576"), "\(grown.error)")
    try shell("truncate -s 1048576 '\(folder.path)/a'; truncate -s 1000 '\(folder.path)/b'")
    // As an interrupted run would have left it: only the first sector is there by its map.
    try shell(
      """
      cd '\(folder.path)/maps' && sed -i -e 's/^0x00000000  0x00100000  +$/0x0 512 +\\n512 1048064 ?/' target-2.map
      """)
    let run = try Tool.run(["copy", "--map", "maps", "--resume", "source", "a", "b"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    #expect(try folder.bytes("b") == bytes)
  }

  @Test("maps that are there are not overwritten by a copy that does not go on with them") func fresh() throws {
    let folder = try finished()
    let before = try folder.snapshot()
    let run = try Tool.run(["copy", "--map", "maps", "source", "a", "b"], in: folder)
    #expect(run.exit == 1 && run.error.contains("--resume goes on with it"), "\(run.error)")
    #expect(try folder.snapshot() == before)
  }

  @Test(
    "a map that is none, or a link, or a folder, is refused by name",
    arguments: [
      "echo nonsense >source.map", "echo '0x0 + 1' >source.map; echo '0 10 +' >>source.map; echo '20 5 +' >>source.map",
      "echo '0x0 + 1' >source.map; echo '0 0xFFFFFFFFFFFFFFFF0 +' >>source.map",
      "echo '0x0 + 1' >source.map; echo '-1 5 +' >>source.map", "rm source.map; ln -s /etc/passwd source.map",
      "rm source.map; mkdir source.map", ": >source.map", "rm source.map; mkfifo source.map",
      "head -c 100000 /dev/urandom >source.map",
    ])
  func hostile(spoil: String) throws {
    let folder = try finished()
    try shell("cd '\(folder.path)/maps' && (\(spoil))")
    let run = try Tool.run(["copy", "--map", "maps", "--resume", "source", "a", "b"], in: folder)
    #expect(run.exit == 1 && run.error.hasPrefix("dmio: maps/source.map: "), "\(run.error)")
  }

  @Test("a folder that cannot hold maps is refused before anything is touched") func folders() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1000))
    try folder.make("file", pattern(10))
    for (map, message) in [
      ("file", "Not a directory"), ("no/such", "No such file or directory"), (".", "is the name of a map"),
    ] {
      let run = try Tool.run(["copy", "--map", map, "source", "target-1.map"], in: folder)
      #expect(run.exit == 1 && run.error.contains(message), "\(map): \(run.error)")
      #expect(!folder.exists("target-1.map"))
    }
    for arguments in [
      ["--resume"], ["--map", ""], ["--map", "m", "--map-interval", "0s"], ["--map", "m", "--map-interval", "x"],
    ] {
      #expect(try Tool.run(["copy"] + arguments + ["source", "a"], in: folder).exit == 2)
    }
  }

  @Test("two runs do not share their maps") func locked() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
    try folder.make("hang", #"{"rules":[{"op":"write","action":"hang"}]}"#)
    let first = try RunningTool(["copy", "--map", "maps", "source", "fault:hang,a"].map { Array($0.utf8) }, in: folder)
    try waitUntil("the first has its maps") { folder.exists("maps/target-1.map") }
    let second = try Tool.run(["copy", "--map", "maps", "--resume", "source", "a"], in: folder)
    #expect(second.exit == 1 && second.error == "dmio: maps: is in use by another run of dmio\n", "\(second.error)")
    first.signal(9)
    _ = try first.wait()
    #expect(try Tool.run(["copy", "--map", "maps", "--resume", "source", "a"], in: folder).exit == 0)
  }
}
