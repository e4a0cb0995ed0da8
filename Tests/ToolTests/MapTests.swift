import HostParts
import Testing

/// Maps, and going on with them.
@Suite struct MapTests {
  /// A copy with a bad source and a bad target: 3 MiB to three targets, the second of which fails.
  private func failing(_ folder: TemporaryFolder) throws -> [UInt8] {
    try folder.make("holes", #"{"rules":[{"op":"read","sectors":[3000,7]}]}"#)
    try folder.make("bad", #"{"rules":[{"op":"write","sectors":[5000,1],"errno":"ENOSPC"}]}"#)
    return try folder.make("source", pattern(3 << 20))
  }

  @Test("ddrescue's own tool reads the maps: done is a good target, not done a bad one", arguments: engines)
  func foreignTool(engine: String) throws {
    let folder = try TemporaryFolder()
    _ = try failing(folder)
    let run = try Tool.run(
      ["copy", "--engine", engine, "--map", "maps", "fault:holes,source", "a", "fault:bad,b", "c"], in: folder)
    #expect(run.exit == 3, "\(run.error)")
    let answers = try shell(
      """
      cd '\(folder.path)/maps'; ddrescuelog -t *.map >/dev/null && echo read
      for map in source target-1 target-2 target-3; do ddrescuelog -D $map.map; echo "$map $?"; done
      ddrescuelog -b 512 -l - source.map; ddrescuelog -b 512 -l - target-2.map
      """)
    #expect(
      answers.split(separator: "\n") == [
        "read", "source 1", "target-1 0", "target-2 1", "target-3 0", "3000", "3001", "3002", "3003", "3004", "3005",
        "3006",
        "5000",
      ])
  }

  @Test("what is done is neither read nor written again") func finished() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern((3 << 20) + 700))
    #expect(try Tool.run(["copy", "--map", "maps", "source", "a", "b"], in: folder).exit == 0)
    // Whatever is touched now fails.
    try folder.make("dead", #"{"rules":[{"op":"read"},{"op":"write"},{"op":"zero"}]}"#)
    let run = try Tool.run(
      ["copy", "--json", "--map", "maps", "--resume", "fault:dead,source", "fault:dead,a", "fault:dead,b"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    #expect(try run.receipt.targets.allSatisfy { $0.ok && $0.bytesWritten == 0 })
    #expect(try folder.bytes("a") == bytes)
    #expect(try folder.bytes("b") == bytes)
  }

  @Test("a repair reads what could not be read, and gives every target what it lacks") func repair() throws {
    let folder = try TemporaryFolder()
    let bytes = try failing(folder)
    let copy = try Tool.run(["copy", "--map", "maps", "fault:holes,source", "a", "fault:bad,b", "c"], in: folder)
    #expect(copy.exit == 3)
    let run = try Tool.run(["repair", "--json", "--map", "maps", "source", "a", "b", "c"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    let receipt = try run.receipt
    #expect(receipt.source.holes.isEmpty)
    // Three and a half KiB are what the good targets lacked.
    #expect(receipt.targets[0].bytesWritten == 7 * 512 && receipt.targets[2].bytesWritten == 7 * 512)
    for name in ["a", "b", "c"] { #expect(try folder.bytes(name) == bytes, "\(name)") }
    #expect(
      try shell("cd '\(folder.path)/maps' && for map in *.map; do ddrescuelog -D $map && echo done; done").count == 19)
  }

  @Test("what did not hold its bytes is named again by a resumed copy") func rememberedMismatch() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
    try folder.make("bad", #"{"rules":[{"op":"write","sectors":[300,2],"action":"corrupt"}]}"#)
    let first = ["copy", "--verify=readback", "--map", "maps", "source", "fault:bad,a", "b"]
    let run = try Tool.run(first, in: folder)
    #expect(run.exit == 6 && run.error.contains("a: sector 300 (+2)"), "\(run.error)")
    let again = try Tool.run(first + ["--resume", "--json"], in: folder)
    #expect(again.error.contains("a: sector 300 (+2): differs from the source"), "\(again.error)")
    #expect(try again.exit == 6 && again.receipt.targets[0].mismatches == [.init(sector: 300, count: 2)])
    let repaired = try Tool.run(
      ["repair"] + first.dropFirst().map { $0 == "fault:bad,a" ? "a" : $0 } + ["--json"], in: folder)
    #expect(repaired.exit == 0 && !repaired.error.contains("differs"), "\(repaired.error)")
  }

  @Test(
    "a run that does not read back leaves it noted that all was, where it writes nothing", arguments: [false, true])
  func verified(isCut: Bool) throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
    let copy = ["copy", "--map", "maps", "source", "a", "b"]
    #expect(try Tool.run(copy + ["--verify=readback"], in: folder).exit == 0)
    if isCut { try shell("truncate -s 4096 '\(folder.path)/a'") }
    #expect(try Tool.run(copy + ["--resume"], in: folder).exit == 0)
    let again = try Tool.run(copy + ["--verify=readback", "--resume"], in: folder)
    #expect(again.exit == (isCut ? 1 : 0), "\(again.error)")
    #expect(again.error.contains("target-1.map: what it calls done was not read back") == isCut, "\(again.error)")
  }

  @Test("what failed in an earlier run is told as that, whatever it was") func rememberedFailure() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
    try folder.make("plan", #"{"rules":[{"op":"flush"}]}"#)
    let first = try Tool.run(["copy", "--json", "--map", "maps", "source", "fault:plan,a", "b"], in: folder)
    #expect(first.error.contains("a: flush: Input/output error"), "\(first.error)")
    #expect(try first.receipt.targets[0].firstBadSector == nil)
    let again = try Tool.run(["copy", "--map", "maps", "--resume", "source", "a", "b"], in: folder)
    #expect(again.exit == 3, "\(again.error)")
    #expect(again.error.contains("a: sector 0 (+2048): failed before: Input/output error"), "\(again.error)")
  }

  @Test("a good target that cannot be read in the place of the source is not good any more") func unreadableSubstitute()
    throws
  {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
    try folder.make("bad", #"{"rules":[{"op":"write","sectors":[300,2]}]}"#)
    try folder.make("blind", #"{"rules":[{"op":"read","sectors":[301,1]}]}"#)
    #expect(try Tool.run(["copy", "--map", "maps", "source", "a", "fault:bad,b"], in: folder).exit == 3)
    let run = try Tool.run(
      ["repair", "--json", "--map", "maps", "--from-target", "1", "source", "fault:blind,a", "b"], in: folder)
    let targets = try run.receipt.targets
    #expect(run.exit == 5 && run.error.contains("fault:blind,a: sector 301 (+1): read: Input/output error"))
    #expect(targets[0].failed == [.init(301, 1, "EIO")] && targets[0].firstBadSector == 301)
    #expect(try !targets[1].ok && MapText(folder, "maps/target-1.map").sectors { $0 == "-" } == [301])
    #expect(targets[1].failed == [.init(301, 1, nil)], "\(targets[1].failed)")
    // The rest is there, and can be had again where it is lacking.
    #expect(try Tool.run(["repair", "--map", "maps", "--from-target", "1", "source", "a", "b"], in: folder).exit == 1)
    try shell("rm '\(folder.path)/b'")
    let again = try Tool.run(
      ["repair", "--json", "--map", "maps", "--from-target", "1", "source", "a", "b"], in: folder)
    #expect(try again.exit == 5 && again.receipt.targets[1].failed == [.init(301, 1, nil)], "\(again.error)")
    #expect(try Tool.run(["repair", "--map", "maps", "source", "a", "b"], in: folder).exit == 0)
    #expect(try folder.bytes("b") == folder.bytes("source"))
  }

  @Test(
    "a good target that was not there for a moment is as good as before",
    arguments: [#""errno":"ENODEV","times":1"#, #""action":"delay","delay_ms":900,"times":1"#])
  func passingError(rule: String) throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(1 << 20))
    try folder.make("bad", #"{"rules":[{"op":"write"}]}"#)
    try folder.make("blind", "{\"rules\":[{\"op\":\"read\",\(rule)}]}")
    #expect(try Tool.run(["copy", "--map", "maps", "source", "a", "fault:bad,b"], in: folder).exit == 3)
    try shell("rm '\(folder.path)/source'")
    let repair = ["repair", "--json", "--map", "maps", "--from-target", "1", "--timeout", "300ms", "source"]
    let run = try Tool.run(repair + ["fault:blind,a", "b"], in: folder)
    #expect(run.exit == 3 && run.error.contains("fault:blind,a: sector 0 (+2048): read: "), "\(run.error)")
    #expect(run.error.contains("a: is gone; put it back, and repeat the repair") == rule.contains("ENODEV"))
    #expect(try run.receipt.targets[0].ok && Tool.run(repair + ["a", "b"], in: folder).exit == 0)
    #expect(try folder.bytes("b") == bytes)
  }

  @Test(
    "what was written to a target that hangs, and not flushed, is neither in its map nor called there",
    arguments: engines)
  func unflushed(engine: String) throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(8 << 20))
    try folder.make("plan", #"{"rules":[{"op":"write","action":"hang","skip":4}]}"#)
    let run = try Tool.run(
      [
        "copy", "--json", "--engine", engine, "--map", "maps", "--map-interval", "1h", "--timeout", "200ms", "source",
        "fault:plan,a", "b",
      ], in: folder)
    let target = try run.receipt.targets[0]
    #expect(run.exit == 3 && !target.flushed && run.error.contains("not tried, or not flushed"), "\(run.error)")
    let map = try MapText(folder, "maps/target-1.map").sectors { $0 != "+" }
    #expect(Set(target.failed.flatMap(\.sectors)) == map && map.count == 16384)
  }

  @Test("a flush that failed on the way is told with its own error") func firstFlush() throws {
    let folder = try TemporaryFolder()
    // More than is under way at a time: what is written first is flushed before the rest is.
    try folder.make("source", [UInt8](repeating: 7, count: 64 << 20))
    try folder.make(
      "plan", #"{"rules":[{"op":"flush","errno":"ENOSPC","skip":1},{"op":"write","action":"delay","delay_ms":5}]}"#)
    let run = try Tool.run(
      ["copy", "--json", "--map", "maps", "--map-interval", "1ms", "source", "fault:plan,a", "b"], in: folder)
    let target = try run.receipt.targets[0]
    #expect(run.exit == 3 && target.errno == "ENOSPC", "\(run.error)")
    #expect(target.failed.allSatisfy { $0.errno == nil || $0.errno == "ENOSPC" }, "\(target.failed)")
    let map = try MapText(folder, "maps/target-1.map").sectors { $0 != "+" }
    #expect(Set(target.failed.flatMap(\.sectors)) == map)
  }

  @Test("a repair of what still fails says so, to the sector") func repairInVain() throws {
    let folder = try TemporaryFolder()
    _ = try failing(folder)
    let operands = ["--map", "maps", "fault:holes,source", "a", "fault:bad,b", "c"]
    #expect(try Tool.run(["copy"] + operands, in: folder).exit == 3)
    let receipt = try Tool.run(["repair", "--json"] + operands, in: folder).receipt
    #expect(receipt.exit == 3 && receipt.source.holes == [.init(3000, 7, "EIO")])
    #expect(
      receipt.targets[1].failed.contains(.init(5000, 1, "ENOSPC")) && receipt.targets[0].ok && receipt.targets[2].ok)
  }

  @Test("a failed target is repaired from a good one when the source is gone") func fromTarget() throws {
    let folder = try TemporaryFolder()
    let bytes = try failing(folder)
    try folder.make("gone", #"{"rules":[{"op":"read","errno":"ENODEV"}]}"#)
    #expect(try Tool.run(["copy", "--map", "maps", "source", "a", "fault:bad,b", "c"], in: folder).exit == 3)
    let refused = try Tool.run(
      ["repair", "--map", "maps", "--from-target", "2", "fault:gone,source", "a", "b", "c"], in: folder)
    #expect(refused.exit == 1 && refused.error.contains("is not good by its map"))
    let run = try Tool.run(
      ["repair", "--json", "--map", "maps", "--from-target", "3", "fault:gone,source", "a", "b", "c"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    #expect(try folder.bytes("b") == bytes)
  }

  @Test("from a good target others are repaired though the source is gone, and it is known again when it comes back")
  func withoutSource() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern((2 << 20) + 100))
    try folder.make("bad", #"{"rules":[{"op":"write","sectors":[1000,1]}]}"#)
    #expect(try Tool.run(["copy", "--map", "maps", "source", "a", "fault:bad,b"], in: folder).exit == 3)
    let map = try folder.bytes("maps/source.map")
    try shell("cd '\(folder.path)' && mv source away")
    let refused = try Tool.run(["repair", "--map", "maps", "source", "a", "b"], in: folder)
    #expect(refused.exit == 1 && refused.error.contains("source: No such file"), "\(refused.error)")
    let run = try Tool.run(["repair", "--json", "--map", "maps", "--from-target", "1", "source", "a", "b"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    #expect(try folder.bytes("a") == bytes && folder.bytes("b") == bytes && folder.bytes("maps/source.map") == map)
    try shell("cd '\(folder.path)' && cp away source")
    let other = try Tool.run(["copy", "--resume", "--map", "maps", "source", "a", "b"], in: folder)
    #expect(other.exit == 1 && other.error.contains("maps/source.map: is about another device"), "\(other.error)")
    try shell("cd '\(folder.path)' && mv away source")
    let again = try Tool.run(["copy", "--json", "--resume", "--map", "maps", "source", "a", "b"], in: folder)
    #expect(try again.exit == 0 && again.receipt.targets.allSatisfy { $0.bytesWritten == 0 }, "\(again.error)")
  }

  @Test("a target that is added to finished ones is copied alone, and a hole stays a hole") func added() throws {
    let folder = try TemporaryFolder()
    var bytes = try failing(folder)
    #expect(try Tool.run(["copy", "--map", "maps", "fault:holes,source", "a"], in: folder).exit == 4)
    // The source is whole now; but the first target has zeros, and all are to be the same.
    let run = try Tool.run(["copy", "--json", "--map", "maps", "--resume", "source", "a", "b"], in: folder)
    #expect(run.exit == 4, "\(run.error)")
    let receipt = try run.receipt
    #expect(receipt.source.holes == [.init(3000, 7, "EIO")] && receipt.targets[0].bytesWritten == 0)
    bytes.replaceSubrange(3000 * 512..<3007 * 512, with: [UInt8](repeating: 0, count: 7 * 512))
    #expect(try folder.bytes("a") == bytes)
    #expect(try folder.bytes("b") == bytes)
  }

  @Test("without maps, a resumed copy begins at its beginning") func noMaps() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(1 << 20))
    try folder.make("a", pattern(2 << 20, seed: 9))
    #expect(try Tool.run(["copy", "--map", "maps", "--resume", "source", "a"], in: folder).exit == 0)
    #expect(try folder.bytes("a") == bytes)
  }

  @Test("a region's map counts from the source's start, and names the target's own") func regions() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(2 << 20))
    let operands = ["source,offset=1MiB,size=64KiB", "a,offset=4KiB"]
    #expect(try Tool.run(["copy", "--map", "maps"] + operands, in: folder).exit == 0)
    #expect(try shell("grep -c '0x00100000  0x00010000  +' '\(folder.path)/maps/target-1.map'") == "1")
    let moved = try Tool.run(
      ["copy", "--map", "maps", "--resume", operands[0], "a,offset=8KiB"], in: folder)
    #expect(moved.exit == 1 && moved.error.contains("starts at sector 8"), "\(moved.error)")
  }

  @Test("maps are shown and compared") func shown() throws {
    let folder = try TemporaryFolder()
    _ = try failing(folder)
    #expect(
      try Tool.run(["copy", "--map", "maps", "fault:holes,source", "a", "fault:bad,b", "c"], in: folder).exit == 3)
    let show = try Tool.run(["map", "show", "maps"], in: folder)
    let lines = String(decoding: show.output, as: UTF8.self).split(separator: "\n")
    #expect(show.exit == 0 && lines.count == 4)
    #expect(lines.first?.hasPrefix("maps/source.map (fault:holes,source): done, with bad sectors: ") == true)
    let diff = try Tool.run(["map", "diff", "maps/source.map", "maps/target-1.map"], in: folder)
    #expect(diff.exit == 6 && String(decoding: diff.output, as: UTF8.self) == "0x177000  0xE00  - +\n")
    #expect(try Tool.run(["map", "diff", "maps/target-1.map", "maps/target-3.map"], in: folder).exit == 0)
  }
}
