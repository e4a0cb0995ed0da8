import Foundation
import Testing

/// The instruments that look at other programs from outside.
@Suite struct CounterTests {
  private func allocations(_ program: String, _ arguments: [String]) throws -> Int {
    let file = try ScratchFile(bytes: 0)
    let outcome = try Program.run(
      program, arguments, environment: ["LD_PRELOAD": Program.path("libmallocs.so"), "DMIO_MALLOCS_FILE": file.path])
    #expect(outcome.code == 0, "\(outcome.messages)")
    let text = try String(contentsOfFile: file.path, encoding: .utf8)
    return try #require(Int(text.trimmingCharacters(in: .newlines)))
  }

  @Test("the reference allocates when it starts, and not one more for more I/Os") func reference() throws {
    let few = try allocations("reference", ["/dev/null", "write", "--depth", "32", "--ios", "1000"])
    let many = try allocations("reference", ["/dev/null", "write", "--depth", "32", "--ios", "5000"])
    #expect(few > 0)
    #expect(few == many)
  }

  @Test(
    "every way to allocate is counted, once",
    arguments: ["malloc", "calloc", "realloc", "memalign", "aligned_alloc", "posix_memalign"])
  func functions(name: String) throws {
    #expect(try allocations("allocate", [name, "1500"]) - allocations("allocate", [name, "500"]) == 1000)
  }

  @Test("a program that leaves in a hurry is counted, too") func hurry() throws {
    #expect(try allocations("allocate", ["malloc", "500", "hurry"]) >= 500)
  }

  private func watch(_ command: [String]) throws -> (code: Int32, times: [String: Double]) {
    let file = try ScratchFile(bytes: 0)
    let outcome = try Program.run("stopwatch", [file.path] + command)
    let times = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: file.path)))
    return (outcome.code, times as? [String: Double] ?? [:])
  }

  @Test("the stopwatch finds time and peak memory of a program, not its own") func stopwatch() throws {
    let large = try watch(["dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1", "status=none"])
    #expect(large.code == 0)
    #expect((65536...(65536 + 8192)).contains(try #require(large.times["peak_kib"])))
    let slow = try watch(["sleep", "0.2"])
    #expect(try #require(slow.times["seconds"]) >= 0.2)
    #expect(try #require(slow.times["peak_kib"]) < 8192)
  }

  @Test("the stopwatch passes on how the program ended") func exitCodes() throws {
    #expect(try watch(["sh", "-c", "exit 3"]).code == 3)
    #expect(try watch(["no-such-program"]).code == 127)
    #expect(try watch(["sh", "-c", "kill -9 $$"]).code == 137)
  }
}
