import HostParts
import Testing

/// What the tool says to people at its end: nothing less than they need.
@Suite struct MessageTests {
  static let talkative = [
    "--help", "--version", "copy --help", "copy --json source new", "copy -n --json source new",
    "verify --json source a",
    "repair --json --map maps source a", "read source", "write --json new,size=3000s <large", "info source",
    "doctor source", "map show maps", "map diff --json maps/source.map maps/target-1.map", "bench ram:1MiB --ios 10",
    "copy --json missing new",
  ]

  @Test("standard output that takes nothing is said, and is exit 1", arguments: talkative)
  func standardOutput(command: String) throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(3000 * 512))
    try folder.make("large", pattern(3000 * 512))
    #expect(try Tool.run(["copy", "--map", "maps", "source", "a"], in: folder).exit == 0)
    for (place, reason) in [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")] {
      let said = try shell("cd '\(folder.path)'; '\(Tool.path)' \(command) 2>&1 \(place); echo \"exit $?\"")
      #expect(said.contains("dmio: standard output: \(reason)\n") && said.hasSuffix("exit 1"), "\(place): \(said)")
    }
  }

  @Test("the summary has the hash, and says which targets were verified") func summary() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(3000))
    let sum = try shell("sha256sum '\(folder.path)/source' | cut -d' ' -f1")
    let plain = try Tool.run(["copy", "--hash", "sha256", "source", "a"], in: folder)
    #expect(plain.exit == 0 && plain.error.contains("dmio: sha256 \(sum)  source\n"), "\(plain.error)")
    #expect(!plain.error.contains("verified"))
    let read = try Tool.run(["copy", "--verify=readback", "source", "a"], in: folder)
    #expect(read.error.contains("dmio: a: good, 2.9 KiB written, flushed, verified, "), "\(read.error)")
    #expect(!read.error.contains("sha256"))
  }

  @Test("a copy that goes on says why it has no hash") func noHash() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(3000))
    #expect(try Tool.run(["copy", "--map", "maps", "source", "a"], in: folder).exit == 0)
    let run = try Tool.run(["copy", "--map", "maps", "--resume", "--hash", "sha256", "source", "a"], in: folder)
    #expect(run.exit == 0)
    #expect(
      run.error.contains("dmio: source: no hash, because not all of it was read in this run\n"), "\(run.error)")
  }

  @Test("a copy behind its source, in the same file, is no growth of the source") func behindItself() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("t.img", pattern(1 << 20))
    let run = try Tool.run(["copy", "t.img", "fault:plan,t.img,offset=2048s"], in: folder.with("plan", "{}"))
    #expect(run.exit == 0 && !run.error.contains("grown"), "\(run.error)")
    #expect(try folder.bytes("t.img") == bytes + bytes)
  }
}

extension TemporaryFolder {
  /// The folder, with one file more.
  fileprivate func with(_ name: String, _ text: String) throws -> TemporaryFolder {
    try make(name, text)
    return self
  }
}
