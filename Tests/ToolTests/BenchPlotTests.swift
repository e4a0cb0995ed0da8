import Foundation
import Testing

/// The picture of a bench.
@Suite struct BenchPlotTests {
  @Test("a plot is a well-formed picture with both panels and the numbers of the run") func plot() throws {
    let folder = try TemporaryFolder()
    // A name that XML would take for something else.
    try folder.make("a<b&c", pattern(1 << 20))
    let bench = try BenchResult(["a<b&c", "--seconds", "0.2", "--plot", "plot.svg"], in: folder)
    #expect(bench.run.exit == 0, "\(bench.run.error)")
    let texts = try Drawing(folder.bytes("plot.svg")).texts
    for expected in ["a<b&c", "I/O per second", "latency", "p50", "p99", "seconds", "CPU per I/O"] {
      #expect(texts.contains(expected), "\(expected) in \(texts)")
    }
    #expect(texts.contains { $0.hasPrefix("read 4 KiB, depth 32, door callback") })
    #expect(try folder.snapshot().keys.sorted() == ["a<b&c", "plot.svg"])
  }

  @Test("the curves have a point for each interval") func curves() throws {
    let folder = try TemporaryFolder()
    let bench = try BenchResult(["null:", "--seconds", "0.2", "--plot", "plot.svg"], in: folder)
    let drawing = try Drawing(folder.bytes("plot.svg"))
    // Intervals of 10 ms, and the two edges; the last interval may be too short to count. A machine that is busy elsewhere may
    // answer nothing in one of them, and then there is no latency.
    let intervals = Int(bench.number("seconds") / 0.01)
    for (curve, least) in [("curve throughput", intervals + 1), ("curve p50", 1), ("curve p99", 1)] {
      let points = try #require(drawing.paths[curve]).count { $0 == "M" || $0 == "L" }
      #expect((least...intervals + 3).contains(points), "\(curve): \(points) points, \(intervals) intervals")
    }
  }

  @Test("without latencies the plot says so") func noLatency() throws {
    let folder = try TemporaryFolder()
    try Tool.run(["bench", "null:", "--seconds", "0.05", "--plot", "plot.svg", "--no-latency"], in: folder).checkGood()
    #expect(try Drawing(folder.bytes("plot.svg")).texts.contains("none was taken"))
  }

  @Test("a bench of a single request has a plot") func single() throws {
    let folder = try TemporaryFolder()
    try Tool.run(["bench", "null:", "--ios", "1", "--depth", "1", "--plot", "plot.svg"], in: folder).checkGood()
    #expect(try !Drawing(folder.bytes("plot.svg")).texts.isEmpty)
  }

  @Test("a file that is there is replaced as a whole, links to it keep the old one") func replaced() throws {
    let folder = try TemporaryFolder()
    let old = try folder.make("plot.svg", pattern(100_000))
    try shell("ln '\(folder.path)/plot.svg' '\(folder.path)/old'")
    try Tool.run(["bench", "null:", "--ios", "100", "--plot", "plot.svg"], in: folder).checkGood()
    #expect(try folder.bytes("old") == old)
    #expect(try !Drawing(folder.bytes("plot.svg")).texts.isEmpty)
  }

  @Test("what was measured is told also when the plot cannot be written") func unwritable() throws {
    let folder = try TemporaryFolder()
    // Takes the folder away while the bench runs.
    try shell("mkdir '\(folder.path)/sub'")
    try folder.make("plan", #"{"rules":[{"op":"read","action":"delay","delay_ms":1000}]}"#)
    let tool = try RunningTool(
      ["bench", "--json", "fault:plan,ram:1MiB", "--ios", "1", "--depth", "1", "--plot", "sub/plot.svg"]
        .map { Array($0.utf8) }, in: folder)
    try waitUntil("the bench runs") { try !shell("ls /proc/\(tool.process)/task | sed 1d").isEmpty }
    try shell("rmdir '\(folder.path)/sub'")
    let run = try tool.wait()
    let json = try JSONDecoding.object(run)
    #expect(run.exit == 1 && json["exit"] as? Int == 1 && json["ios"] as? Int == 1)
    #expect(run.error.contains("sub/plot.svg: cannot be written: No such file or directory"), "\(run.error)")
  }
}

extension Tool {
  func checkGood() { #expect(exit == 0 && error.isEmpty, "\(exit): \(error)") }
}
