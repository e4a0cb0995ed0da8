import Foundation
import HostParts
import Testing

/// What a copy takes care not to do: overwrite what nobody agreed to, and call good what is not known to be.
@Suite struct CareTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
    try folder.make("disk", pattern(1 << 20, seed: 2))
  }

  @Test("a file that no map knows is not repaired") func unknownFile() throws {
    #expect(try Tool.run(["copy", "--map", "maps", "source", "a"], in: folder).exit == 0)
    let before = try folder.snapshot()
    let run = try Tool.run(["repair", "--map", "maps", "source", "a", "disk"], in: folder)
    #expect(run.exit == 1 && run.error.contains("disk: maps/target-2.map is missing"), "\(run.error)")
    #expect(try folder.snapshot() == before)
  }

  @Test("a disk that no map knows is not overwritten by a copy that goes on, nor by a repair", .enabled(if: isRoot))
  func unknownDisk() throws {
    let loop = try RootTests.Loop(folder, "disk")
    #expect(try Tool.run(["copy", "--map", "maps", "source", "a"], in: folder).exit == 0)
    for verb in [["copy", "--resume"], ["repair"]] {
      let run = try Tool.run(verb + ["--map", "maps", "source", "a", loop.path], in: folder)
      #expect(run.exit == 1 && run.error.contains("\(loop.path): "), "\(run.error)")
      #expect(try folder.bytes("disk") == pattern(1 << 20, seed: 2))
    }
    #expect(
      try Tool.run(["copy", "--yes", "--resume", "--map", "maps", "source", "a", loop.path], in: folder).exit == 0)
    // It has a map now, and somebody agreed.
    let again = try Tool.run(["copy", "--resume", "--map", "maps", "source", "a", loop.path], in: folder)
    #expect(again.exit == 0, "\(again.error)")
  }

  @Test("where no maps can be written, no target was emptied or made", .enabled(if: isRoot)) func noRoomForMaps() throws
  {
    try shell("cd '\(folder.path)' && mkdir small && mount -t tmpfs -o size=16k none small")
    defer { _ = try? shell("umount '\(folder.path)/small'") }
    // Room for the source's map, and none for those of the targets.
    try shell("cd '\(folder.path)/small' && mkdir maps && head -c 12K /dev/zero >fill")
    let before = try folder.snapshot().filter { !$0.key.contains("small") }
    let run = try Tool.run(["copy", "--map", "small/maps", "source", "disk", "new"], in: folder)
    #expect(run.exit == 1 && run.error.contains("small/maps"), "\(run.error)")
    #expect(try folder.snapshot().filter { !$0.key.contains("small") } == before)
    #expect(try shell("ls '\(folder.path)/small/maps'") == "")
  }

  @Test("what has no identity does not pass for the source that a map names") func nameless() throws {
    #expect(try Tool.run(["copy", "--map", "maps", "source", "a"], in: folder).exit == 0)
    let before = try folder.snapshot()
    let run = try Tool.run(["copy", "--resume", "--map", "maps", "null:1MiB", "a"], in: folder)
    #expect(run.exit == 1 && run.error.contains("is about another device than null:1MiB"), "\(run.error)")
    #expect(try folder.snapshot() == before)
  }

  @Test("neither a manifest nor a picture takes the place of a map", arguments: ["--manifest", "--plot"])
  func mapsAreKept(option: String) throws {
    try shell("mkdir '\(folder.path)/maps'")
    for name in ["source.map", "target-1.map", "target-64.map"] {
      let run = try Tool.run(["copy", "--map", "maps", option, "maps/\(name)", "source", "a"], in: folder)
      #expect(run.exit == 1 && run.error.contains("\(option): is a map of this run"), "\(run.error)")
      #expect(!folder.exists("a"))
    }
  }

  @Test("reading back goes on where all that is done was read back, and is refused where it was not") func readBack()
    throws
  {
    let resume = ["copy", "--json", "--map", "maps", "--resume", "--verify=readback", "source"]
    #expect(try Tool.run(["copy", "--map", "maps", "source", "a"], in: folder).exit == 0)
    let refused = try Tool.run(resume + ["a"], in: folder)
    #expect(refused.exit == 1 && refused.error.contains("was not read back"), "\(refused.error)")
    let repair = try Tool.run(["repair", "--map", "maps", "--verify=readback", "source", "a"], in: folder)
    #expect(repair.exit == 1 && repair.error.contains("was not read back"), "\(repair.error)")
    try shell("rm -r '\(folder.path)/maps'")
    #expect(try Tool.run(["copy", "--map", "maps", "--verify=readback", "source", "a"], in: folder).exit == 0)
    #expect(try Tool.run(resume + ["a"], in: folder).exit == 0)
    // One run that writes without it, and nobody knows any more.
    try shell("rm '\(folder.path)/a'")
    #expect(try Tool.run(["copy", "--map", "maps", "--resume", "source", "a"], in: folder).exit == 0)
    #expect(try Tool.run(resume + ["a"], in: folder).exit == 1)
  }

  @Test("a target that cannot write zeros fails at its first block, and a gap of terabytes costs the others nothing")
  func zerosFail() throws {
    try shell("truncate -s 2T '\(folder.path)/huge'")
    try folder.make("zeros", #"{"rules":[{"op":"zero","action":"error"}]}"#)
    let run = try Tool.run(["copy", "--json", "huge", "fault:zeros,null:2T,offset=0", "good"], in: folder)
    #expect(run.exit == 3, "\(run.error)")
    let receipt = try run.receipt
    #expect(!receipt.targets[0].ok && receipt.targets[0].errno == "EIO" && receipt.targets[1].ok)
  }

  @Test("sectors that the source does not give are no mismatch") func unreadableSource() throws {
    try folder.make("bad", #"{"rules":[{"op":"read","sectors":[100,3],"action":"error"}]}"#)
    #expect(try Tool.run(["copy", "fault:bad,source", "a"], in: folder).exit == 4)
    let run = try Tool.run(["verify", "--json", "fault:bad,source", "a"], in: folder)
    #expect(run.exit == 4, "\(run.error)")
    let receipt = try run.receipt
    #expect(receipt.targets[0].ok && receipt.targets[0].mismatches.isEmpty && receipt.source.holes.count == 1)
    // Beside them everything counts.
    try shell("cd '\(folder.path)' && printf x | dd of=a bs=1 seek=52736 conv=notrunc status=none")
    let other = try Tool.run(["verify", "--json", "fault:bad,source", "a"], in: folder)
    #expect(other.exit == 6, "\(other.error)")
    #expect(try other.receipt.targets[0].mismatches == [.init(sector: 103, count: 1)])
  }

  @Test("what is missing of a source file that was cut is no gap: it is listed, and the copy says so") func cutSource()
    throws
  {
    try folder.make("long", pattern(4 << 20))
    let tool = try RunningTool(
      ["copy", "--json", "--rate", "1MiB", "long", "a"].map { Array($0.utf8) }, in: folder)
    try waitUntil("the first part is written") { folder.size("a") > 0 }
    try shell("truncate -s 1M '\(folder.path)/long'")
    let run = try tool.wait()
    #expect(run.exit == 4 && run.error.contains("long: has shrunk: the last 3145728 bytes"), "\(run.error)")
    // What was read before is there; all from some sector on is missing.
    let holes = try run.receipt.source.holes
    #expect(holes.count == 1 && holes.last.map { $0.sector + $0.count } == 8192 && holes[0].sector >= 2048)
  }

  @Test("a target that was removed while it was written is not good") func removed() throws {
    // Two seconds and more.
    try folder.make("long", pattern(3 << 20))
    let tool = try RunningTool(
      ["copy", "--json", "--rate", "1MiB", "long", "a"].map { Array($0.utf8) }, in: folder)
    try waitUntil("a is there") { folder.exists("a") }
    try shell("rm '\(folder.path)/a'")
    let run = try tool.wait()
    #expect(run.exit == 5 && run.error.contains("a: "), "\(run.error)")
    #expect(try !run.receipt.targets[0].ok)
  }
}
