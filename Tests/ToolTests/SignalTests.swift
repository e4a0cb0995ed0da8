import Foundation
import Testing

@Suite struct SignalTests {
  private static let slow = #"{"rules":[{"op":"write","skip":1,"action":"delay","delay_ms":400}]}"#

  @Test(
    "the first signal ends a copy in order, with a receipt and exit 7", arguments: [SIGINT, SIGTERM, SIGHUP], engines)
  func first(signal: Int32, engine: String) throws {
    let folder = try TemporaryFolder()
    let size: UInt64 = 64 << 20
    let bytes = try folder.make("source", pattern(Int(size)))
    try folder.make("plan", SignalTests.slow)
    let tool = try RunningTool(
      ["copy", "--json", "--engine", engine, "source", "fault:plan,target"].map { Array($0.utf8) }, in: folder)
    try waitUntil("the first chunk is written") { folder.size("target") > 0 }
    tool.signal(signal)
    let run = try tool.wait()
    #expect(run.exit == 7, "\(run.error)")
    let receipt = try run.receipt
    let target = receipt.targets[0]
    #expect(receipt.exit == 7 && !target.ok && target.errno == nil && target.firstBadSector == nil)
    #expect(!target.failed.isEmpty && target.failed.allSatisfy { $0.errno == nil })
    #expect(target.bytesWritten > 0 && target.flushed)
    #expect(target.bytesWritten + target.failed.reduce(0) { $0 + $1.count * 512 } == size)
    let written = Array(bytes[..<Int(target.bytesWritten)])
    #expect(target.failed == [.init(target.bytesWritten / 512, (size - target.bytesWritten) / 512, nil)])
    #expect(try Array(folder.bytes("target").prefix(written.count)) == written)
    #expect(run.error.hasSuffix("dmio: interrupted\n"))
  }

  @Test("a person whose copy with maps was interrupted reads how much was read, and how it goes on") func told() throws
  {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(64 << 20))
    try folder.make("plan", SignalTests.slow)
    let tool = try RunningTool(
      ["copy", "--map", "maps", "source", "fault:plan,target"].map { Array($0.utf8) }, in: folder)
    try waitUntil("the first chunk is written") { folder.size("target") > 0 }
    tool.signal(SIGINT)
    let run = try tool.wait()
    #expect(run.exit == 7 && run.error.contains("dmio: interrupted; --resume goes on with it\n"), "\(run.error)")
    #expect(
      run.error.contains("dmio: source: 64 MiB, of which ") && run.error.contains(" were read, in "), "\(run.error)")
  }

  @Test("a signal that comes when nothing is left to be cut short changes nothing", arguments: engines)
  func tooLate(engine: String) throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(1 << 20))
    try folder.make("plan", #"{"rules":[{"op":"flush","action":"delay","delay_ms":400}]}"#)
    let tool = try RunningTool(
      ["copy", "--json", "--engine", engine, "source", "fault:plan,target"].map { Array($0.utf8) }, in: folder)
    try waitUntil("all is written") { folder.size("target") == 1 << 20 }
    tool.signal(SIGINT)
    let run = try tool.wait()
    #expect(try run.exit == 0 && run.receipt.exit == 0 && run.receipt.targets[0].ok, "\(run.error)")
    #expect(try folder.bytes("target") == bytes && !run.error.contains("interrupted"))
  }

  @Test("a signal that comes when all that is left is what failed changes nothing either") func tooLateForFailures()
    throws
  {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
    try folder.make("slow", #"{"rules":[{"op":"flush","action":"delay","delay_ms":400}]}"#)
    try folder.make("bad", #"{"rules":[{"op":"write","sectors":[100,1]}]}"#)
    let tool = try RunningTool(
      ["copy", "--json", "--map", "maps", "--map-interval", "1ms", "source", "fault:slow,target", "fault:bad,other"].map
      {
        Array($0.utf8)
      }, in: folder)
    try waitUntil("all that is left to do is the flush") {
      guard folder.exists("maps/target-2.map"), folder.size("target") == 1 << 20 else { return false }
      return try MapText(folder, "maps/target-2.map").sectors { $0 == "-" } == [100]
    }
    tool.signal(SIGINT)
    let run = try tool.wait()
    #expect(try run.exit == 3 && run.receipt.targets[1].failed == [.init(100, 1, "EIO")], "\(run.error)")
  }

  @Test("a receipt that nobody takes for a while has the exit code that the process ends with") func slowReader() throws
  {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(4096))
    try folder.make("bad", #"{"rules":[{"op":"read","sectors":[1,1]}]}"#)
    // The pipe is full until the signal has come, when the copy was over: its failures are told before.
    let codes = try shell(
      """
      set -e; cd '\(folder.path)'; mkfifo pipe; exec 3<>pipe; head -c 65536 /dev/zero >&3
      '\(Tool.path)' copy --json fault:bad,source target >&3 2>err & tool=$!
      until [ -s err ]; do kill -0 $tool; done
      kill -INT $tool; head -c 65536 <&3 >/dev/null; code=0; wait $tool || code=$?
      read -r receipt <&3; receipt=${receipt#*'"exit":'}; echo $code ${receipt%%,*}
      """)
    #expect(codes == "4 4")
  }

  @Test("a hang-up that was ignored when the copy began does not end it") func ignoredHangUp() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(4 << 20))
    try folder.make("plan", SignalTests.slow)
    let output = try shell(
      """
      set -e; cd '\(folder.path)'; trap '' HUP; '\(Tool.path)' copy source fault:plan,target 2>err & tool=$!
      while [ ! -s target ]; do kill -0 $tool; done; kill -HUP $tool; code=0; wait $tool || code=$?; echo $code
      """)
    #expect(output == "0", "\(output)")
    #expect(try folder.bytes("target") == bytes)
  }

  @Test("a second signal does not wait for a device that hangs") func second() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(4 << 20))
    try folder.make("plan", #"{"rules":[{"op":"write","skip":1,"action":"hang"}]}"#)
    let tool = try RunningTool(
      ["copy", "--json", "source", "good", "fault:plan,target"].map { Array($0.utf8) }, in: folder)
    try waitUntil("the good target is written") { folder.size("good") == 4 << 20 }
    tool.signal(SIGINT)
    tool.signal(SIGTERM)
    let run = try tool.wait()
    #expect(run.exit == 7, "\(run.error)")
    let targets = try run.receipt.targets
    #expect(!targets[1].ok)
    #expect(targets[1].bytesWritten + targets[1].failed.reduce(0) { $0 + $1.count * 512 } == 4 << 20)
    #expect(targets[1].failed.allSatisfy { $0.errno == nil })
  }

  @Test("a device whose flush hangs is left by a second signal") func hangingFlush() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(100))
    try folder.make("plan", #"{"rules":[{"op":"flush","action":"hang"}]}"#)
    let tool = try RunningTool(["copy", "--json", "source", "fault:plan,target"].map { Array($0.utf8) }, in: folder)
    try waitUntil("the target is cut to its size") { folder.size("target") == 100 }
    tool.signal(SIGINT)
    tool.signal(SIGTERM)
    let run = try tool.wait()
    #expect(run.exit == 7)
    let target = try run.receipt.targets[0]
    #expect(!target.ok && !target.flushed && target.bytesWritten == 100)
    #expect(target.failed == [.init(0, 1, nil)] && run.error.contains("not tried, or not flushed"), "\(run.error)")
  }

  @Test("a signal ends a write whose input does not come") func noInput() throws {
    let folder = try TemporaryFolder()
    let output = try shell(
      """
      cd '\(folder.path)'; mkfifo pipe; sleep 60 >pipe & sleeper=$!
      '\(Tool.path)' write --json new,size=1MiB <pipe >out 2>err & tool=$!
      while [ ! -e new ]; do :; done; kill -INT $tool; wait $tool; echo $?; kill $sleeper; cat err
      """)
    #expect(output == "7\ndmio: new: 2048 sectors from sector 0 on were not tried\ndmio: interrupted", "\(output)")
  }

  @Test("buffered I/O is reported with its reason, direct I/O as such") func reasons() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
    let run = try Tool.run(["copy", "source,direct=off", "ram:1MiB"], in: folder)
    #expect(run.exit == 0 && run.error.contains("buffered: direct=off was asked for\n"), "\(run.error)")
    #expect(run.error.hasSuffix("dmio: ram:1MiB: good, 1 MiB written, flushed, buffered: no file is involved\n"))
  }

  @Test("whoever closes the pipe ends a read quietly with 1") func brokenPipe() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(8 << 20))
    let output = try shell(
      "cd '\(folder.path)'; { '\(Tool.path)' read source 2>err; echo $? >code; } | head -c 10 | wc -c; cat code; wc -c <err"
    )
    #expect(output.split(separator: "\n") == ["10", "1", "0"])
  }

  @Test("progress is drawn where it is asked for, and nowhere else") func progress() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
    let silent = try Tool.run(["copy", "--json", "source", "a"], in: folder)
    #expect(silent.error.isEmpty)
    let shown = try Tool.run(["copy", "--json", "--progress", "line", "source", "a"], in: folder)
    #expect(shown.error.contains("[####################] 100% of 1 MiB, "))
    #expect(shown.error.hasSuffix("0:00 left\n"))
  }
}
