import Foundation
import Testing

/// What a bench does not do: each refused with the right code, and nothing touched.
@Suite struct BenchRefusalTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let arguments: [String]
    let exit: Int32
    let says: String

    init(_ arguments: [String], _ exit: Int32, _ says: String) {
      self.arguments = arguments
      self.exit = exit
      self.says = says
    }

    var testDescription: String { arguments.joined(separator: " ") }
  }

  static let cases = [
    Case([], 2, "Missing expected argument"),
    Case(["null:", "null:"], 2, "Unexpected argument"),
    Case(["null:", "--door", "window"], 2, "'window' is invalid"),
    Case(["null:", "--operation", "flush"], 2, "'flush' is invalid"),
    Case(["null:", "--memory", "paper"], 2, "'paper' is invalid"),
    Case(["null:", "--depth", "0"], 2, "--depth 0: has to be 1 to 8192"),
    Case(["null:", "--depth=-1"], 2, "--depth -1: has to be 1 to 8192"),
    Case(["null:", "--depth", "8193"], 2, "each request in flight needs a piece"),
    Case(["null:", "--depth", "99999999999999999999"], 2, "'99999999999999999999' is invalid"),
    Case(["null:", "--depth", "0", "--door", "blocking"], 2, "--depth 0"),
    Case(["null:", "--regions", "0"], 2, "--regions 0: has to be 1 to 64"),
    Case(["null:", "--regions", "65", "--operation", "write"], 2, "an error bit stands for each"),
    Case(["null:", "--regions", "2"], 2, "a read has 1 region"),
    Case(["null:", "--threads", "0"], 2, "--threads 0: has to be 1 to 256"),
    Case(["null:", "--threads", "257"], 2, "--threads 257"),
    Case(["null:", "--seconds", "0"], 2, "--seconds 0.0: has to be above 0"),
    Case(["null:", "--seconds=-1"], 2, "has to be above 0"),
    Case(["null:", "--seconds", "nan"], 2, "has to be above 0"),
    Case(["null:", "--seconds", "inf"], 2, "at most 604800 (a week)"),
    Case(["null:", "--ios", "0"], 2, "--ios 0: at least 1"),
    Case(["null:", "--ios", "1", "--seconds", "1"], 2, "give one of them"),
    Case(["null:", "--block-size", "0"], 2, "no multiple of 512"),
    Case(["null:", "--block-size", "1000"], 2, "no multiple of 512"),
    Case(["null:", "--block-size", "4kb"], 2, "unknown unit 'kb'"),
    Case(["null:", "--block-size", "128MiB"], 2, "the most is 64 MiB"),
    Case(["null:", "--block-size", "9EiB"], 2, "too large"),
    Case(["null:", "--block-size", "64MiB", "--depth", "65"], 2, "would hold 4.0 GiB; the most is 4 GiB"),
    Case(["null:", "--shared", "--door", "batch"], 2, "leave out --shared"),
    Case(["null:", "--shared", "--threads", "2", "--depth", "5000"], 2, "10000 requests in flight"),
    Case(["null:1KiB"], 1, "null:1KiB: has 1024 bytes to offer, less than one block of 4096 bytes"),
    Case(["null:0"], 1, "has 0 bytes to offer"),
    Case(["null:64KiB,offset=62KiB"], 1, "has 2048 bytes to offer"),
    Case(["null:64KiB,offset=1MiB"], 1, "lies beyond its end"),
    Case(["/dev/zero,offset=2GiB"], 1, "lies beyond its end"),
    Case(["/dev/zero,size=2GiB"], 1, "lies beyond its end"),
    Case(["/dev/zero,offset=1GiB"], 1, "lies beyond its end"),
    Case(["fault:plan,ram:64KiB", "--block-size", "2048"], 2, "no multiple of the block of 4096 bytes"),
    Case(["/dev/null"], 1, "/dev/null: is for --operation write; it has nothing to read, /dev/zero has"),
    Case(["/dev/zero", "--operation", "write"], 1, "/dev/zero: is for --operation read"),
    Case(["/dev/zero,direct=on"], 1, "direct=on: O_DIRECT cannot be had here"),
    Case(["/dev/full"], 1, "neither a file nor a block device"),
    Case(["missing"], 1, "missing: No such file or directory"),
    Case(["missing", "--operation", "write", "--yes"], 1, "missing: does not exist; make a file of some size first"),
    Case(["."], 1, "Is a directory"),
    Case(["empty"], 1, "empty: has 0 bytes to offer"),
    Case(["null:", "--plot", "."], 1, "Is a directory"),
    Case(["null:", "--plot", ""], 1, "cannot be written"),
    Case(["null:", "--plot", "none/plot.svg"], 1, "cannot be written: No such file"),
    Case(["null:", "--plot", "/dev/null"], 1, "/dev/null: is no regular file"),
    Case(["null:", "--plot", "link"], 1, "link: is no regular file"),
    Case(["old", "--plot", "old"], 1, "--plot: is the device"),
    Case(["old", "--plot", "hard"], 1, "--plot: is the device"),
  ]

  @Test("refused", arguments: cases) func refused(_ refusal: Case) throws {
    let folder = try TemporaryFolder()
    try folder.make("old", pattern(64 << 10))
    try folder.make("empty", "")
    try folder.make("plan", #"{"geometry":{"logical_block":4096}}"#)
    try shell("cd '\(folder.path)' && ln -s old link && ln old hard")
    let before = try folder.snapshot()
    let run = try Tool.run(["bench", "--json"] + refusal.arguments, in: folder)
    #expect(run.exit == refusal.exit && run.error.contains(refusal.says), "\(run.exit): \(run.error)")
    let failure = try JSONDecoding.failure(run)
    #expect(failure.exit == refusal.exit && failure.error.contains(refusal.says))
    #expect(try folder.snapshot() == before)
  }
}
