import Foundation
import Testing

/// The bench as a process: what it does to a device, what it says, and how it ends.
@Suite struct BenchTests {
  static let doors = ["callback", "closure", "async", "batch", "blocking"]

  @Test("each door carries out the requests that were asked for, no more and no less", arguments: doors, engines)
  func count(door: String, engine: String) throws {
    let folder = try TemporaryFolder()
    try folder.make("disk", pattern(1 << 20))
    let bench = try BenchResult(
      ["disk", "--door", door, "--engine", engine, "--ios", "777", "--depth", "5", "--threads", "2"], in: folder)
    #expect(bench.run.exit == 0 && bench.run.error.isEmpty == (door != "blocking"), "\(bench.run.error)")
    #expect(bench.number("ios") == 2 * 777 && bench.number("errors") == 0 && bench.isNull("first_error"))
    #expect(bench.text("door") == door && bench.text("engine") == engine)
    #expect(bench.number("depth") == (door == "blocking" ? 1 : 5) && bench.number("threads") == 2)
    #expect(bench.text("device") == "disk" && bench.text("operation") == "read" && bench.number("block_size") == 4096)
    try bench.checkRates()
  }

  @Test(
    "threads that share a client count the same", arguments: ["callback", "closure", "async", "blocking"], engines)
  func shared(door: String, engine: String) throws {
    let folder = try TemporaryFolder()
    try folder.make("disk", pattern(1 << 20))
    let bench = try BenchResult(
      ["disk", "--door", door, "--engine", engine, "--ios", "777", "--depth", "5", "--threads", "3", "--shared"],
      in: folder)
    #expect(bench.run.exit == 0, "\(bench.run.error)")
    #expect(bench.number("ios") == 3 * 777 && bench.number("errors") == 0 && bench.json["shared"] as? Bool == true)
    try bench.checkRates()
  }

  @Test("a request to several regions, scattered in memory, is one request", arguments: doors, ["scattered", "list"])
  func regions(door: String, memory: String) throws {
    let folder = try TemporaryFolder()
    let bench = try BenchResult(
      [
        "ram:1MiB", "--operation", "write", "--door", door, "--ios", "500", "--depth", "3", "--regions", "3",
        "--memory", memory, "--block-size", "12KiB",
      ], in: folder)
    #expect(bench.run.exit == 0, "\(bench.run.error)")
    #expect(bench.number("ios") == 500 && bench.number("regions") == 3 && bench.text("memory") == memory)
    try bench.checkRates()
  }

  @Test("a run by time lasts as long", arguments: [["/dev/zero"], ["/dev/null", "--operation", "write"], ["null:"]])
  func time(device: [String]) throws {
    let bench = try BenchResult(device + ["--seconds", "0.25"], in: TemporaryFolder())
    #expect(bench.run.exit == 0, "\(bench.run.error)")
    #expect(bench.number("seconds") > 0.24 && bench.number("ios") > 1000)
    let latency = try #require(bench.json["latency_us"] as? [String: Any])
    let values = ["p50", "p99", "p999", "max"].compactMap { latency[$0] as? Double }
    #expect(values.count == 4 && values == values.sorted() && values[0] > 0)
    #expect((latency["samples"] as? Double ?? 0) >= 100)
    try bench.checkRates()
  }

  @Test("without latencies there are none, and everything else is the same") func noLatency() throws {
    let bench = try BenchResult(["null:", "--ios", "1000", "--no-latency"], in: TemporaryFolder())
    let latency = try #require(bench.json["latency_us"] as? [String: Any])
    #expect(latency["p50"] is NSNull && latency["max"] is NSNull && latency["samples"] as? Int == 0)
    #expect(bench.number("ios") == 1000)
  }

  @Test("a write reaches every block of its region and nothing around it", arguments: doors, engines)
  func extent(door: String, engine: String) throws {
    let folder = try TemporaryFolder()
    let before = try folder.make("disk", pattern(64 << 10))
    let bench = try BenchResult(
      [
        "disk,offset=16KiB,size=16KiB", "--operation", "write", "--yes", "--door", door, "--engine", engine, "--ios",
        "200", "--depth", "2",
      ], in: folder)
    #expect(bench.run.exit == 0, "\(bench.run.error)")
    let after = try folder.bytes("disk")
    #expect(after.count == before.count)
    for block in 0..<16 {
      let range = block * 4096..<(block + 1) * 4096
      #expect((after[range] != before[range]) == (4..<8).contains(block), "block \(block)")
    }
  }

  @Test("a file is not written without --yes") func refused() throws {
    let folder = try TemporaryFolder()
    let before = try folder.make("disk", pattern(64 << 10))
    let run = try Tool.run(["bench", "disk", "--operation", "write", "--ios", "10"], in: folder)
    #expect(run.exit == 1 && run.error == "dmio: disk: is a file with data; --yes overwrites it without asking\n")
    #expect(try folder.bytes("disk") == before && run.output.isEmpty)
  }

  @Test("failed requests are counted, and the first is named with sector and errno", arguments: doors)
  func errors(door: String) throws {
    let folder = try TemporaryFolder()
    try folder.make("plan", #"{"rules":[{"sectors":[64,64],"errno":"ENODATA"}]}"#)
    let arguments = ["fault:plan,ram:64KiB", "--door", door, "--ios", "400", "--depth", "4"]
    let read = try BenchResult(arguments, in: folder)
    let error = try #require(read.json["first_error"] as? [String: Any])
    #expect(read.run.exit == 4 && read.number("exit") == 4, "\(read.run.error)")
    // Half of the device is bad.
    #expect(read.number("errors") > 100 && read.number("errors") < 300)
    #expect(read.number("ios") + read.number("errors") == 400)
    #expect(error["errno"] as? String == "ENODATA" && error["device"] as? String == "fault:plan,ram:64KiB")
    let sector = try #require(error["sector"] as? Int)
    #expect((64..<128).contains(sector))
    #expect(read.run.error.contains("of 400 I/Os failed; the first at sector \(sector): No data available\n"))
    let write = try BenchResult(arguments + ["--operation", "write", "--regions", "2"], in: folder)
    #expect(write.run.exit == 5 && write.number("errors") > 200, "\(write.run.error)")
  }

  @Test("errors are counted by a shared client, too", arguments: ["callback", "closure", "async", "blocking"])
  func sharedErrors(door: String) throws {
    let folder = try TemporaryFolder()
    try folder.make("plan", #"{"rules":[{"sectors":[64,64],"errno":"ENODATA"}]}"#)
    let bench = try BenchResult(
      ["fault:plan,ram:64KiB", "--door", door, "--ios", "400", "--depth", "4", "--shared", "--threads", "2"], in: folder
    )
    let error = try #require(bench.json["first_error"] as? [String: Any])
    #expect(bench.run.exit == 4 && bench.number("ios") + bench.number("errors") == 800)
    #expect(bench.number("errors") > 200 && error["errno"] as? String == "ENODATA")
  }

  @Test("every block is read with every door") func everyBlock() throws {
    let folder = try TemporaryFolder()
    // The last block alone is bad: only who goes there finds out, and nobody goes beyond.
    try folder.make("plan", #"{"rules":[{"sectors":[120,8]}]}"#)
    for door in BenchTests.doors {
      let bench = try BenchResult(["fault:plan,ram:64KiB", "--door", door, "--ios", "400"], in: folder)
      let error = try #require(bench.json["first_error"] as? [String: Any])
      #expect(error["sector"] as? Int == 120 && error["errno"] as? String == "EIO", "\(door)")
      #expect(bench.number("errors") > 5 && bench.number("errors") < 60, "\(door)")
    }
  }

  @Test("the summary for people says what was run and what came of it") func summary() throws {
    let run = try Tool.run(
      ["bench", "ram:1MiB", "--ios", "500", "--operation", "write", "--regions", "2", "--threads", "2"],
      in: TemporaryFolder())
    let text = String(decoding: run.output, as: UTF8.self)
    #expect(run.exit == 0 && run.error.isEmpty)
    #expect(text.hasPrefix("ram:1MiB: write 4 KiB, depth 32, 2 regions, door callback, 2 threads\n"), "\(text)")
    #expect(text.contains(" I/O/s, ") && text.contains("latency in µs: p50 ") && text.contains("  1,000 I/Os in "))
  }

  @Test("what a thread lacks is told, with exit 1, and the others end") func trouble() throws {
    let folder = try TemporaryFolder()
    let output = try shell(
      "cd '\(folder.path)'; ulimit -n 24; '\(Tool.path)' bench --threads 64 --seconds 600 null: 2>err; echo \"exit $?\"; cat err"
    )
    #expect(output.hasPrefix("exit 1\ndmio: null:1GiB: ") && output.hasSuffix("Too many open files"), "\(output)")
  }

  @Test("a depth that a blocking call cannot have is said to be without use") func blockingDepth() throws {
    let run = try Tool.run(
      ["bench", "null:", "--ios", "5", "--door", "blocking", "--depth", "8"], in: TemporaryFolder())
    #expect(run.exit == 0)
    #expect(run.error == "dmio: --depth 8: a blocking call is one request in flight; more need --threads\n")
  }
}

/// A run of the bench with its JSON.
struct BenchResult {
  let run: Tool
  let json: [String: Any]

  init(_ arguments: [String], in folder: TemporaryFolder) throws {
    run = try Tool.run(["bench", "--json"] + arguments, in: folder)
    json = try JSONDecoding.object(run)
    #expect(number("exit") == Double(run.exit) && number("schema") == 1)
  }

  func number(_ field: String) -> Double { (json[field] as? NSNumber)?.doubleValue ?? -1 }
  func text(_ field: String) -> String? { json[field] as? String }
  func isNull(_ field: String) -> Bool { json[field] is NSNull }

  /// The rates are what follows from the counts.
  func checkRates() throws {
    let rate = number("ios") / number("seconds")
    #expect(abs(number("iops") / rate - 1) < 0.001)
    let bytes = rate * number("block_size") * number("regions") / 1_048_576
    #expect(abs(number("mib_per_s") / bytes - 1) < 0.001)
    #expect(number("cpu_ns_per_io") > 0)
  }
}
