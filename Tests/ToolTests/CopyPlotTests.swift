import Foundation
import Testing

/// The picture of a copy.
@Suite struct CopyPlotTests {
  @Test("a picture has every target, what failed where, and how it ended") func failures() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(4 << 20))
    try folder.make("holes", #"{"rules":[{"op":"read","sectors":[1000,8],"action":"error","errno":"EIO"}]}"#)
    try folder.make("bad", #"{"rules":[{"op":"write","sectors":[4096,16],"action":"error","errno":"ENOSPC"}]}"#)
    let run = try Tool.run(
      ["copy", "--plot", "plot.svg", "fault:holes,source", "a<b&c", "fault:bad,ram:4MiB", "ram:4MiB"], in: folder)
    #expect(run.exit == 3, "\(run.error)")
    let drawing = try Drawing(folder.bytes("plot.svg"))
    for expected in [
      "fault:holes,source", "a<b&c", "fault:bad,ram:4MiB", "ram:4MiB", "good", "2 of 3", "4 MiB",
      "8 sectors cannot be read (EIO), from sector 1000 on",
    ] {
      #expect(drawing.texts.contains(expected), "\(expected) in \(drawing.texts)")
    }
    #expect(
      drawing.texts.contains { $0.hasPrefix("16 sectors failed (ENOSPC), from sector 4096 on") }, "\(drawing.texts)")
    #expect(drawing.texts.contains { $0.hasSuffix("some targets failed") })
    // One on the source's strip, one on the target's, one in the legend.
    #expect(drawing.counts["strip bad"] == 3)
    #expect(drawing.counts["failure", default: 0] >= 4)
    #expect(Set(drawing.paths.keys).isSuperset(of: ["curve t0", "curve t1", "curve t2", "curve source"]))
  }

  @Test("sectors that were not what was written are drawn as such") func mismatches() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(2 << 20))
    try folder.make("liar", #"{"rules":[{"op":"read","sectors":[64,1],"action":"corrupt"}]}"#)
    let run = try Tool.run(
      ["copy", "--verify", "readback", "--plot", "plot.svg", "source", "fault:liar,ram:2MiB"], in: folder)
    #expect(run.exit == 5 || run.exit == 6, "\(run.error)")
    let drawing = try Drawing(folder.bytes("plot.svg"))
    #expect(drawing.texts.contains { $0.contains("1 sector differ") }, "\(drawing.texts)")
    #expect(drawing.counts["strip different"] == 2)
  }

  @Test("of many targets the slowest have a curve, and all have a strip") func many() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
    let targets = (1...64).map { "target-\($0)" }
    try Tool.run(["copy", "--plot", "plot.svg", "source"] + targets, in: folder).checkCopied()
    let drawing = try Drawing(folder.bytes("plot.svg"))
    for target in targets { #expect(drawing.texts.contains(target)) }
    #expect(drawing.texts.contains("56 others, mean"))
    #expect(drawing.paths.keys.count { $0.hasPrefix("curve t") } == 8)
    #expect(drawing.counts["strip good"] == 66)
  }

  @Test("a copy of nothing has a picture") func empty() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", [])
    try Tool.run(["copy", "--plot", "plot.svg", "source", "target"], in: folder).checkCopied()
    let drawing = try Drawing(folder.bytes("plot.svg"))
    #expect(drawing.texts.contains("0 B") && drawing.texts.contains("1 of 1"), "\(drawing.texts)")
    #expect(drawing.counts["strip none"] == 2)
  }

  @Test("names that are not UTF-8 are escaped in a picture, and may be its own") func rawNames() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(3000))
    let name = Array("n\u{1B}".utf8) + [0xFF]
    let arguments = [Array("copy".utf8), Array("--plot".utf8), name + Array(".svg".utf8), Array("source".utf8), name]
    try RunningTool(arguments, in: folder).wait().checkCopied()
    let text = try shell("cd '\(folder.path)' && cat \"$(printf 'n\\033\\377.svg')\"")
    #expect(try Drawing(Array(text.utf8)).texts.contains("n\\x1B\\xFF"))
  }

  @Test("a copy that a signal ends has a picture that says so") func interrupted() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(64 << 20))
    let tool = try RunningTool(
      ["copy", "--rate", "1MiB", "--plot", "plot.svg", "source", "target"].map { Array($0.utf8) }, in: folder)
    try waitUntil("the copy has begun") { folder.size("target") > 0 }
    tool.signal(SIGINT)
    #expect(try tool.wait().exit == 7)
    let drawing = try Drawing(folder.bytes("plot.svg"))
    #expect(drawing.texts.contains { $0.hasSuffix("interrupted") } && drawing.texts.contains("7"))
    #expect(drawing.counts["strip untried", default: 0] >= 3)
    #expect(drawing.texts.contains { $0.hasSuffix("not tried") && $0 != "not tried" }, "\(drawing.texts)")
  }

  @Test("a picture replaces a file as a whole, links to it keep the old one") func replaced() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1000))
    let old = try folder.make("plot.svg", pattern(100_000))
    try shell("ln '\(folder.path)/plot.svg' '\(folder.path)/old'")
    try Tool.run(["copy", "--plot", "plot.svg", "source", "target"], in: folder).checkCopied()
    #expect(try folder.bytes("old") == old)
    #expect(try !Drawing(folder.bytes("plot.svg")).texts.isEmpty)
    #expect(try folder.snapshot().keys.sorted() == ["old", "plot.svg", "source", "target"])
  }

  @Test("what was copied is told also when the picture cannot be written") func unwritable() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(1000))
    try shell("mkdir '\(folder.path)/sub'")
    try folder.make("plan", #"{"rules":[{"op":"read","action":"delay","delay_ms":1000}]}"#)
    let tool = try RunningTool(
      ["copy", "--json", "--plot", "sub/plot.svg", "fault:plan,source", "target"].map { Array($0.utf8) }, in: folder)
    try waitUntil("the copy has begun") { folder.exists("target") }
    try shell("rmdir '\(folder.path)/sub'")
    let run = try tool.wait()
    #expect(try run.exit == 1 && run.receipt.exit == 1 && run.receipt.targets[0].ok)
    #expect(try folder.bytes("target") == bytes)
  }
}

extension Tool {
  fileprivate func checkCopied() { #expect(exit == 0, "\(exit): \(error)") }
}
