import Foundation
import Testing

/// Operands as careless and hostile people type them: each is refused with the right code, and nothing is touched.
@Suite struct HostileTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let what: String
    let arguments: [String]
    let exit: Int32
    let says: String

    init(_ what: String, _ arguments: [String], _ exit: Int32, _ says: String) {
      self.what = what
      self.arguments = arguments
      self.exit = exit
      self.says = says
    }

    var testDescription: String { what }
  }

  static let cases = [
    Case("no command", [], 2, "a command is missing"),
    Case("an unknown command", ["clone", "source", "new"], 2, "unexpected argument"),
    Case("no target", ["copy", "source"], 2, "Missing expected argument"),
    Case("an unknown option", ["copy", "--force", "source", "new"], 2, "Unknown option '--force'"),
    Case("an unknown engine", ["copy", "--engine", "magic", "source", "new"], 2, "'magic' is invalid"),
    Case("an option without its value", ["copy", "source", "new", "--engine"], 2, "Missing value"),
    Case("an empty name", ["copy", "source", ""], 2, "name of a device is empty"),
    Case("an empty source", ["copy", "", "new"], 2, "name of a device is empty"),
    Case("an unknown URI", ["copy", "source", "ftp://host/x"], 2, "unknown kind of device 'ftp:'"),
    Case("an unknown key", ["copy", "source", "new,bs=1M"], 2, "unknown key 'bs'"),
    Case("a key twice", ["copy", "source", "new,size=1s,size=1s"], 2, "given twice"),
    Case("an odd offset", ["copy", "source", "new,offset=1"], 2, "no multiple of 512"),
    Case("a negative size", ["copy", "source,size=-512", "new"], 2, "negative"),
    Case("a size beyond 64 bits", ["copy", "source", "new,offset=99999999999999999999"], 2, "too large"),
    Case("an overflowing region", ["copy", "source", "new,offset=9223372036854775296,size=512"], 2, "more than"),
    Case(
      "nine fault devices", ["copy", "source", String(repeating: "fault:plan,", count: 9) + "new"], 2, "more than 8"),
    Case("65 targets", ["copy", "source"] + (0..<65).map { "new-\($0)" }, 2, "65 targets; there can be 64"),
    Case("a terminal's control characters", ["copy", "source", "\u{1B}]0;gotcha\u{7}://x"], 1, "\\x1B]0;gotcha\\x07"),
    Case("a source that is not there", ["copy", "missing", "new"], 1, "missing: No such file or directory"),
    Case("a source that is a folder", ["copy", "folder", "new"], 1, "folder: Is a directory"),
    Case("a target that is a folder", ["copy", "source", "folder"], 1, "folder: Is a directory"),
    Case("a target in no folder", ["copy", "source", "none/new"], 1, "cannot be created: No such file"),
    Case("a target in a file", ["copy", "source", "old/new"], 1, "Not a directory"),
    Case("a name that is too long", ["copy", "source", String(repeating: "x", count: 300)], 1, "File name too long"),
    Case("a good target before a bad one", ["copy", "source", "old", "new", "none/new"], 1, "cannot be created"),
    Case("the source as its target", ["copy", "source", "source"], 1, "is the source"),
    Case("the source through a symbolic link", ["copy", "source", "link"], 1, "is the source"),
    Case("the source through a hard link", ["copy", "source", "hard"], 1, "is the source"),
    Case("the source through a fault device", ["copy", "source", "fault:plan,./source"], 1, "is the source"),
    Case("an empty source as its target", ["copy", "empty", "empty"], 1, "is the source"),
    Case("a source inside its target", ["copy", "source,size=1s", "source,size=4s"], 1, "is the source"),
    Case("one target twice", ["copy", "source", "old", "./old"], 1, "is a target already"),
    Case("one new target twice", ["copy", "source", "new", "folder/../new"], 1, "is a target already"),
    Case("one target by two links", ["copy", "source", "old", "other"], 1, "is a target already"),
    Case(
      "overlapping targets", ["copy", "source", "old,size=16s", "old,offset=15s,size=16s"], 1, "is a target already"),
    Case("a link to nowhere", ["copy", "source", "dangling"], 1, "cannot be created"),
    Case("links in a circle", ["copy", "source", "circle"], 1, "Too many levels of symbolic links"),
    Case("a FIFO as source", ["copy", "fifo", "new"], 1, "neither a file nor a block device"),
    Case("a FIFO as target", ["copy", "source", "fifo"], 1, "neither a file nor a block device"),
    Case("/dev/null as target", ["copy", "source", "/dev/null"], 1, "neither a file nor a block device"),
    Case("/dev/zero as source", ["copy", "/dev/zero", "new"], 1, "neither a file nor a block device"),
    Case("the tool's own memory", ["copy", "source", "/proc/self/mem"], 1, "a file of the kernel"),
    Case("a plan that is not there", ["copy", "source", "fault:none,new"], 1, "none: fault plan: No such file"),
    Case("a plan that is no plan", ["copy", "source", "fault:old,new"], 1, "old: fault plan: not valid UTF-8"),
    Case("a plan that never ends", ["copy", "source", "fault:/dev/zero,new"], 1, "fault plan: Invalid argument"),
    Case("a plan that is a FIFO", ["copy", "source", "fault:fifo,new"], 1, "fault plan: Invalid argument"),
    Case("a plan with an unknown key", ["copy", "source", "fault:unknown,new"], 1, "unknown: fault plan:"),
    Case("a device that is too small", ["copy", "source", "old", "ram:512"], 1, "too small"),
    Case("a region that is too small", ["copy", "source", "old,size=1s"], 1, "too small"),
    Case("a source region beyond the end", ["copy", "source,offset=1GiB", "new"], 1, "beyond its end"),
    Case("a source size beyond the end", ["copy", "source,size=1GiB", "new"], 1, "beyond its end"),
    Case("memory that is no multiple of a sector", ["copy", "source", "ram:5000"], 1, "RAM disk of 5000 bytes"),
    Case("memory without a size", ["copy", "source", "ram:"], 2, "needs a size"),
    Case("O_DIRECT on memory", ["copy", "source", "ram:1MiB,direct=on"], 1, "direct=on"),
    Case("a region to info", ["info", "source,size=1s"], 2, "a whole device is wanted"),
    Case("JSON among the bytes of a read", ["read", "--json", "source"], 2, "Unknown option '--json'"),
  ]

  @Test("is refused, and nothing is touched", arguments: cases) func refused(_ hostile: Case) throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(5000))
    try folder.make("old", [0xFF, 0xFE] + pattern(9000, seed: 5))
    try folder.make("empty", [])
    try folder.make("plan", "{}")
    try folder.make("unknown", #"{"rulez":[]}"#)
    try shell(
      """
      cd '\(folder.path)' && mkdir folder && ln -s source link && ln source hard && ln -s old other && ln -s nowhere dangling \
      && ln -s circle circle && mkfifo fifo
      """)
    let before = try shell("cd '\(folder.path)' && find . -type f ! -name '.run*' | sort | xargs cksum; ls")
    let plain = try Tool.run(hostile.arguments, in: folder, seconds: 30)
    #expect(plain.exit == hostile.exit, "\(plain.error)")
    #expect(plain.error.contains(hostile.says), "\(plain.error)")
    #expect(plain.output.isEmpty || hostile.arguments.contains("--json"))
    #expect(!plain.error.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || $0.value == 0x7F })
    let json = try Tool.run(
      hostile.arguments + (hostile.arguments.contains("--json") ? [] : ["--json"]), in: folder, seconds: 30)
    let failure = try JSONDecoding.failure(json)
    #expect(json.exit == hostile.exit && failure.exit == hostile.exit && failure.schema == 1 && !failure.error.isEmpty)
    let after = try shell("cd '\(folder.path)' && find . -type f ! -name '.run*' | sort | xargs cksum; ls")
    #expect(after == before)
  }

  @Test("closed standard streams are no place for a target", arguments: ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
  func closedStreams(how: String) throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(5000))
    try shell("cd '\(folder.path)'; '\(Tool.path)' copy source target \(how); true")
    #expect(try folder.bytes("target") == bytes)
  }

  @Test("a process without descriptors to spare touches nothing") func noDescriptors() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(5000))
    // However few there are: either all is done, or nothing is left behind.
    let output = try shell(
      """
      cd '\(folder.path)'; for n in $(seq 4 24); do rm -f target; (exec 2>err; ulimit -n $n; exec '\(Tool.path)' copy source target); code=$?
      case $code in 0) cmp source target;; 1) [ ! -e target ] && cat err;; *) echo "$n: exit $code";; esac; done
      """)
    let lines = output.split(separator: "\n")
    #expect(lines.contains { $0.hasSuffix("Too many open files") } && lines.count < 21)
    #expect(lines.allSatisfy { $0.hasPrefix("dmio: ") }, "\(output)")
  }
}
