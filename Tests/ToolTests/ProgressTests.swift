import Foundation
import HostParts
import Testing

/// Progress, plans, rates, and what a copy tells while it runs.
@Suite struct ProgressTests {
  struct Record: Decodable {
    struct Target: Decodable {
      let device: String
      let bytes: UInt64
      let state: String
    }

    let seconds: Double
    let bytes: UInt64
    let total: UInt64
    let bytes_per_s: UInt64
    let seconds_left: UInt64?
    let targets: [Target]
  }

  private func records(_ text: String) throws -> [Record] {
    try text.split(separator: "\n").map { try JSONDecoder().decode(Record.self, from: Data($0.utf8)) }
  }

  @Test("progress as JSON Lines goes to standard error, or to a descriptor") func json() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(3 << 20))
    let run = try Tool.run(["copy", "--json", "--progress", "json", "source", "a", "b"], in: folder)
    let last = try #require(try records(run.error).last)
    #expect(last.bytes == 3 << 20 && last.total == 3 << 20 && last.targets.map(\.device) == ["a", "b"])
    #expect(last.targets.allSatisfy { $0.bytes == 3 << 20 && $0.state == "done" })
    try shell("cd '\(folder.path)' && '\(Tool.path)' copy --progress-fd 7 source a 7>progress 2>errors")
    let last7 = try #require(try records(String(decoding: folder.bytes("progress"), as: UTF8.self)).last)
    #expect(last7.bytes == 3 << 20)
    #expect(try !String(decoding: folder.bytes("errors"), as: UTF8.self).contains("seconds_left"))
    #expect(try Tool.run(["copy", "--progress-fd", "77", "source", "a"], in: folder).exit == 2)
  }

  @Test("on a terminal each target has a line, and nothing of it is left") func terminal() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(3 << 20))
    try folder.make("slow", #"{"rules":[{"op":"write","action":"delay","delay_ms":150}]}"#)
    let output = try shell(
      "cd '\(folder.path)' && script -qec \"'\(Tool.path)' copy source a fault:slow,b\" /dev/null </dev/null")
    #expect(
      output.contains("%  a: ") && output.contains("%  fault:slow,b: ") && output.contains("of 3 MiB"), "\(output)")
  }

  @Test("SIGUSR1 asks for one line, and nothing ends") func status() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(3 << 20))
    try folder.make("hang", #"{"rules":[{"op":"write","skip":1,"action":"hang"}]}"#)
    let tool = try RunningTool(["copy", "source", "fault:hang,a"].map { Array($0.utf8) }, in: folder)
    try waitUntil("the copy has begun") { folder.size("a") > 0 }
    tool.signal(SIGUSR1)
    try waitUntil("a line was written") { try tool.errorSoFar().contains("% of 3 MiB") }
    tool.signal(SIGINT)
    tool.signal(SIGTERM)
    let run = try tool.wait()
    #expect(run.exit == 7)
    #expect(run.error.components(separatedBy: "% of 3 MiB").count == 2, "\(run.error)")
  }

  @Test("a dry run says what would be done, and changes nothing") func dryRun() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(3 << 20))
    try folder.make("old", pattern(100))
    let before = try folder.snapshot()
    let run = try Tool.run(["copy", "--dry-run", "--map", "maps", "source", "old", "new"], in: folder)
    #expect(run.exit == 0 && run.output.isEmpty)
    #expect(run.error.contains("dmio: old: would be overwritten, 3 MiB"), "\(run.error)")
    #expect(run.error.contains("dmio: new: would be created, 3 MiB"))
    #expect(try Tool.run(["copy", "-n", "source", "missing/new"], in: folder).exit == 1)
    let json = try Tool.run(["copy", "-n", "--json", "source", "new"], in: folder)
    #expect(String(decoding: json.output, as: UTF8.self).contains(#""dry_run":true"#))
    #expect(try folder.snapshot() == before)
  }

  @Test("a dry run that goes on says what is left") func resumedDryRun() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(3 << 20))
    #expect(try Tool.run(["copy", "--map", "maps", "source", "a", "b"], in: folder).exit == 0)
    let half = "s/^0x00000000  0x00300000  +$/0x0 0x100000 +\\n0x100000 0x200000 ?/"
    try shell("sed -i -e '\(half)' '\(folder.path)/maps/target-1.map'")
    let arguments = ["copy", "--dry-run", "--map", "maps", "--resume", "source", "a", "b"]
    let run = try Tool.run(arguments, in: folder)
    #expect(run.exit == 0)
    for line in [
      "source: 2 MiB of 3 MiB would be read", "a: 2 MiB of 3 MiB would be written",
      "b: 0 B of 3 MiB would be written",
    ] {
      #expect(run.error.contains("dmio: \(line), "), "\(run.error)")
    }
    let json = try JSONDecoding.object(Tool.run(arguments + ["--json"], in: folder))
    #expect((json["source"] as? [String: Any])?["bytes_left"] as? Int == 2 << 20)
    let fresh = try Tool.run(["copy", "--dry-run", "source", "a"], in: folder)
    #expect(fresh.error.contains("dmio: source: 3 MiB would be read, ") && fresh.error.contains("overwritten, 3 MiB"))
  }

  @Test("a rate is kept", arguments: engines) func rate(engine: String) throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(4 << 20))
    let run = try Tool.run(["copy", "--json", "--engine", engine, "--rate", "4MiB", "source", "a"], in: folder)
    // The last chunk's time need not pass any more.
    #expect(try run.exit == 0 && run.receipt.seconds >= 0.75)
    #expect(try folder.bytes("a") == bytes)
    for rate in ["0", "-1", "much", "5b"] {
      #expect(try Tool.run(["copy", "--rate=\(rate)", "source", "a"], in: folder).exit == 2)
    }
  }
}
