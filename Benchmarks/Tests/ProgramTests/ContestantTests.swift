import Foundation
import Testing

/// What holds for the C reference in each of its shapes, and for each Swift peer: it counts what it moved, and nothing
/// else.
@Suite struct ContestantTests {
  static let shapes = ["loop", "regions", "blocking", "shared", "threads", "processes"].map {
    ["reference", "--shape", $0]
  }
  static let peers = [["peer-ioring"], ["peer-nio"], ["peer-dispatch"]]

  private func run(_ contestant: [String], _ arguments: [String], hasSmallFiles: Bool = false) throws -> Program.Outcome
  {
    let all = arguments + contestant.dropFirst()
    return hasSmallFiles
      ? try Program.runWithSmallFiles(contestant[0], all) : try Program.run(contestant[0], all)
  }

  @Test("it makes as many I/Os as it is told to", arguments: shapes + peers, ["read", "write"])
  func numberOfIOs(contestant: [String], operation: String) throws {
    let file = try ScratchFile(bytes: 1 << 20)
    for ios in [1, 1000] {
      let outcome = try run(contestant, [file.path, operation, "--depth", "7", "--ios", "\(ios)"])
      #expect(outcome.code == 0, "\(outcome.messages)")
      let report = try outcome.object()
      #expect(report["ios"] as? Int == ios)
      let iops = try #require(report["iops"] as? Double)
      let seconds = try #require(report["seconds"] as? Double)
      #expect(abs(iops * seconds - Double(ios)) < 0.01 * Double(ios))
      #expect(try #require(report["cpu_ns_per_io"] as? Double) >= 0)
    }
  }

  @Test("it ends when the time is over", arguments: shapes + peers)
  func duration(contestant: [String]) throws {
    let outcome = try run(contestant, ["/dev/null", "write", "--depth", "4", "--seconds", "0.1"])
    #expect(outcome.code == 0, "\(outcome.messages)")
    let report = try outcome.object()
    #expect(try #require(report["seconds"] as? Double) >= 0.1)
    #expect(try #require(report["ios"] as? Int) > 100)
  }

  @Test("an I/O that fails ends it with a message and without a result", arguments: shapes + peers)
  func failure(contestant: [String]) throws {
    let outcome = try run(contestant, ["/dev/full", "write", "--ios", "10"])
    #expect(outcome.code == 1)
    #expect(outcome.output.isEmpty)
    #expect(outcome.messages.contains("/dev/full"))
  }

  @Test("an I/O that moves too little ends it, too", arguments: shapes + [["peer-ioring"]])
  func shortTransfer(contestant: [String]) throws {
    let file = try ScratchFile(bytes: 8192)
    let arguments = [file.path, "write", "--block", "8192", "--ios", "1"]
    #expect(try run(contestant, arguments).code == 0)
    let outcome = try run(contestant, arguments, hasSmallFiles: true)
    #expect(outcome.code == 1)
    #expect(outcome.output.isEmpty)
    #expect(outcome.messages.contains("moved"))
    #expect(outcome.messages.contains("6144"))
  }

  @Test(
    "peers that go on after a short transfer fail with what stopped them", arguments: [["peer-nio"], ["peer-dispatch"]])
  func resumedTransfer(contestant: [String]) throws {
    let file = try ScratchFile(bytes: 8192)
    let outcome = try run(contestant, [file.path, "write", "--block", "8192", "--ios", "1"], hasSmallFiles: true)
    #expect(outcome.code == 1)
    #expect(outcome.output.isEmpty)
  }

  @Test(
    "with vectors, registered or not, every byte is moved",
    arguments: ["none", "files", "buffers", "files,buffers", "files,buffers,ring"], ["contiguous", "scattered"])
  func registrations(registered: String, memory: String) throws {
    let file = try ScratchFile(bytes: 1 << 20)
    let arguments = [
      file.path, "write", "--shape", "regions", "--regions", "3", "--block", "65536", "--depth", "4", "--memory",
      memory,
      "--registered", registered, "--ios", "200",
    ]
    let outcome = try Program.run("reference", arguments)
    #expect(outcome.code == 0, "\(outcome.messages)")
    #expect(try outcome.object()["ios"] as? Int == 200)
    // 600 writes to 16 random places leave none out, and the pages of each are pages of random bytes, no two the same.
    let contents = try Data(contentsOf: URL(fileURLWithPath: file.path))
    for start in stride(from: 0, to: contents.count, by: 65536) {
      let pages = Set(stride(from: start, to: start + 65536, by: 4096).map { contents[$0..<$0 + 4096] })
      #expect(pages.count == 16, "at \(start)")
    }
  }

  @Test(
    "what makes no sense is refused before anything is opened",
    arguments: [
      ["/dev/null"], ["/dev/null", "erase"], ["/dev/null", "write", "--depth", "0"],
      ["/dev/null", "write", "--block", "100"], ["/dev/null", "write", "--seconds", "-1"],
      ["/dev/null", "write", "--registered", "files,all"], ["/dev/null", "write", "--frequency", "1"],
    ])
  func usage(arguments: [String]) throws {
    let outcome = try Program.run("reference", arguments)
    #expect(outcome.code == 2)
    #expect(outcome.messages.contains("usage: reference") || outcome.messages.contains("no multiple"))
  }
}
