import Foundation
import Testing

/// How a bench ends before its time.
@Suite struct BenchSignalTests {
  @Test(
    "a signal ends a bench with what it has so far, and exit 7",
    arguments: ["callback", "closure", "async", "batch", "blocking"], [SIGINT, SIGTERM])
  func first(door: String, signal: Int32) throws {
    let folder = try TemporaryFolder()
    try folder.make("disk", [UInt8](repeating: 0, count: 64 << 10))
    let began = ContinuousClock.now
    let tool = try start(
      ["disk", "--operation", "write", "--yes", "--seconds", "600", "--door", door], in: folder)
    try waitUntil("a write") { try folder.bytes("disk").contains { $0 != 0 } }
    tool.signal(signal)
    let run = try tool.wait()
    #expect(run.exit == 7 && run.error == "dmio: interrupted\n", "\(run.error)")
    let json = try JSONDecoding.object(run)
    #expect(json["exit"] as? Int == 7 && (json["iops"] as? Double ?? 0) > 0)
    #expect(ContinuousClock.now - began < .seconds(100))
  }

  @Test("a device that has become slow is not waited for longer than its requests in flight") func slow() throws {
    let folder = try TemporaryFolder()
    try folder.make("plan", #"{"rules":[{"op":"read","skip":20000,"action":"delay","delay_ms":2000}]}"#)
    let began = ContinuousClock.now
    // Without latencies the clock is looked at least often.
    let run = try Tool.run(
      ["bench", "fault:plan,ram:1MiB", "--seconds", "2", "--depth", "1", "--no-latency"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    #expect(ContinuousClock.now - began < .seconds(20))
  }

  @Test("a second signal does not wait for a device that hangs", arguments: [[], ["--shared", "--threads", "2"]])
  func second(options: [String]) throws {
    let folder = try TemporaryFolder()
    try folder.make("disk", [UInt8](repeating: 0, count: 64 << 10))
    try folder.make("plan", #"{"rules":[{"op":"write","skip":1,"action":"hang"}]}"#)
    let tool = try start(
      ["fault:plan,disk", "--operation", "write", "--yes", "--seconds", "600"] + options, in: folder)
    try waitUntil("the one write that does not hang") { try folder.bytes("disk").contains { $0 != 0 } }
    tool.signal(SIGINT)
    tool.signal(SIGTERM)
    let run = try tool.wait()
    let json = try JSONDecoding.object(run)
    #expect(run.exit == 7, "\(run.error)")
    // What was in flight is neither good nor bad.
    #expect(json["ios"] as? Int == 1 && json["errors"] as? Int == 0)
  }

  @Test(
    "one thread for a device that never makes it wait is the main thread, and a signal ends it all the same",
    arguments: ["callback", "closure", "async", "batch", "blocking"]) func mainThread(door: String) throws
  {
    let folder = try TemporaryFolder()
    try folder.make("plan", #"{"rules":[]}"#)
    func threads(_ arguments: [String]) throws -> Int {
      let tool = try start(arguments + ["--seconds", "600", "--door", door], in: folder)
      // Under a sanitizer it has used a third of that before it begins.
      try waitUntil("the bench has worked") { try usedMilliseconds(tool.process) >= 1000 }
      let count = try status(tool.process, "Threads").flatMap { Int($0) }
      tool.signal(SIGINT)
      #expect(try tool.wait().exit == 7)
      return try #require(count)
    }
    // One that could hang has to be watched. A sanitizer may add a thread of its own to the second.
    #expect(try threads(["ram:1MiB"]) < threads(["fault:plan,ram:1MiB"]))
  }

  @Test(
    "a bench that nobody watches ends when its time is over",
    arguments: ["callback", "closure", "async", "batch", "blocking"], [[], ["--no-latency"]])
  func time(door: String, options: [String]) throws {
    let folder = try TemporaryFolder()
    let run = try Tool.run(
      ["bench", "--json", "null:1GiB", "--operation", "write", "--seconds", "0.2", "--door", door] + options, in: folder
    )
    #expect(run.exit == 0, "\(run.error)")
    let seconds = try #require(try JSONDecoding.object(run)["seconds"] as? Double)
    // On a machine that is busy it may be kept from looking at the clock for long.
    #expect((0.2..<10).contains(seconds), "\(seconds)")
  }

  /// Starts a bench, and returns once it looks after signals.
  private func start(_ arguments: [String], in folder: TemporaryFolder) throws -> RunningTool {
    let tool = try RunningTool((["bench", "--json"] + arguments).map { Array($0.utf8) }, in: folder)
    let both: UInt64 = 1 << UInt64(SIGINT - 1) | 1 << UInt64(SIGTERM - 1)
    try waitUntil("the bench looks after signals") {
      let caught = try status(tool.process, "SigCgt").flatMap { UInt64($0, radix: 16) } ?? 0
      return caught & both == both
    }
    return tool
  }

  /// What the kernel says about a process under a name; nil when there is nothing.
  private func status(_ process: pid_t, _ name: String) throws -> Substring? {
    let text = try String(decoding: contents(of: "/proc/\(process)/status"), as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
    return line?.split(separator: "\t").last
  }

  /// Processor time of a process.
  private func usedMilliseconds(_ process: pid_t) throws -> Int {
    let text = String(decoding: try contents(of: "/proc/\(process)/stat"), as: UTF8.self)
    let fields = text.drop { $0 != ")" }.split(separator: " ")
    return (Int(fields[12]) ?? 0) * 10 + (Int(fields[13]) ?? 0) * 10
  }
}
