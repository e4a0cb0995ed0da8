import HostParts
import Testing

/// A manifest is what sha256sum reads; where it could not be that, there is none.
@Suite struct ManifestTests {
  @Test(
    "a manifest is the line of sha256sum, whatever the name of the source",
    arguments: ["plain", "-x", " * x", "a\\\\b", "c\\nd", "e\\r", "g\\377\\033"])
  func names(printf: String) throws {
    let folder = try TemporaryFolder()
    try folder.make("bytes", pattern(3000))
    let said = try shell(
      """
      cd '\(folder.path)'; name="$(printf -- '\(printf)')"; cp -- bytes "$name"
      '\(Tool.path)' copy --manifest sums -- "$name" target 2>&1 >/dev/null || exit
      sha256sum -- "$name" | cmp - sums && sha256sum --quiet --strict -c sums && echo checked
      """)
    #expect(said.hasSuffix("checked"), "\(said)")
  }

  @Test("a file whose name means standard input to sha256sum is named by its folder") func dash() throws {
    let folder = try TemporaryFolder()
    try folder.make("-", pattern(3000))
    #expect(try Tool.run(["copy", "--manifest", "sums", "./-", "a"], in: folder).exit == 0)
    #expect(try shell("cd '\(folder.path)' && sha256sum --strict -c sums") == "./-: OK")
  }

  @Test(
    "a part of a file, and what is no file, have no manifest, and nothing is touched",
    arguments: ["source,size=1s", "source,offset=1s", "fault:plan,source", "ram:1MiB", "null:1MiB"],
    ["copy", "verify"])
  func refused(source: String, verb: String) throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(2048))
    try folder.make("old", pattern(2048))
    try folder.make("plan", "{}")
    let before = try folder.snapshot()
    let run = try Tool.run([verb, "--manifest", "sums", source, "old"], in: folder)
    #expect(run.exit == 2 && run.error.hasPrefix("dmio: --manifest: "), "\(run.exit): \(run.error)")
    #expect(run.error.contains("--hash sha256 puts the hash into the receipt"), "\(run.error)")
    #expect(try folder.snapshot() == before)
  }

  @Test("a region that is all of the file has a manifest") func whole() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(2048))
    let run = try Tool.run(["verify", "--manifest", "sums", "source,offset=0,size=2KiB", "source"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    #expect(try shell("cd '\(folder.path)' && sha256sum --strict -c sums") == "source: OK")
  }

  @Test("a source with unreadable sectors has no manifest, and that is said") func holes() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
    try folder.make("plan", #"{"rules":[{"op":"read","sectors":[7,2]}]}"#)
    #expect(try Tool.run(["copy", "--map", "maps", "fault:plan,source", "a"], in: folder).exit == 4)
    // The map knows the bad sectors, and the new target wants all.
    try shell("rm '\(folder.path)/a'")
    let run = try Tool.run(
      ["copy", "--json", "--map", "maps", "--resume", "--manifest", "sums", "source", "a"], in: folder)
    #expect(try run.exit == 4 && run.receipt.exit == 4, "\(run.exit)")
    #expect(run.error.contains("dmio: sums: is not written: sectors of the source could not be read"), "\(run.error)")
    #expect(!folder.exists("sums"))
  }

  @Test("a copy that was interrupted says so by its exit code, and that there is no manifest") func interrupted() throws
  {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(64 << 20))
    let tool = try RunningTool(
      ["copy", "--rate", "1MiB", "--manifest", "sums", "source", "target"].map { Array($0.utf8) }, in: folder)
    try waitUntil("the copy has begun") { folder.size("target") > 0 }
    tool.signal(2)
    let run = try tool.wait()
    #expect(run.exit == 7 && !folder.exists("sums"))
    #expect(run.error.contains("dmio: sums: is not written: not all of the source was read"), "\(run.error)")
  }

  @Test("what cannot be written beside a copy is said without --json, too") func unwritable() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(1000))
    try shell("mkdir '\(folder.path)/sub'")
    try folder.make("plan", #"{"rules":[{"op":"write","action":"delay","delay_ms":1000}]}"#)
    let tool = try RunningTool(
      ["copy", "--manifest", "sub/sums", "--plot", "sub/plot.svg", "source", "fault:plan,target"].map {
        Array($0.utf8)
      }, in: folder)
    try waitUntil("the copy has begun") { folder.exists("target") }
    try shell("rmdir '\(folder.path)/sub'")
    let run = try tool.wait()
    #expect(run.exit == 1)
    for name in ["sub/sums", "sub/plot.svg"] {
      #expect(
        run.error.contains("dmio: \(name): cannot be written: No such file or directory\n"), "\(name) in \(run.error)")
    }
    #expect(try folder.bytes("target") == bytes)
  }
}
