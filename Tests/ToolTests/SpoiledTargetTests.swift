import Testing

/// What the tool says does not go into what it copies.
@Suite struct SpoiledTargetTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.make("source", pattern(3000))
    try folder.make("out", pattern(5000, seed: 2))
    try folder.make("other", pattern(5000, seed: 3))
    try folder.make("plan", "{}")
  }

  /// Runs the tool with streams that the shell opens; nothing may be changed, or said where it does not belong.
  private func refused(_ command: String, _ name: String) throws {
    let before = try folder.snapshot()
    let output = try shell("cd '\(folder.path)'; exec 6>&1 2>&1; '\(Tool.path)' \(command); echo \"exit $?\" >&6")
    #expect(output.hasSuffix("exit 1"), "\(command): \(output)")
    // Where both are the target there is nobody to tell.
    if !command.contains("2>&1") {
      #expect(output.contains(name) && output.contains("send that to another file"), "\(output)")
    }
    #expect(try folder.snapshot() == before, "\(command): \(output)")
  }

  @Test(
    "a receipt, a message or progress is not written into a target or a source, and not the refusal either",
    arguments: [
      ("copy --json source out 1<>out", "standard output (descriptor 1)"),
      ("copy --json source other fault:plan,./out 1<>out", "standard output (descriptor 1)"),
      ("copy source out 2<>out", "standard error (descriptor 2)"),
      ("copy --json source out 2>>out", "standard error (descriptor 2)"),
      ("copy source out 1<>out 2>&1", ""),
      ("copy --progress-fd 5 source out 5>>out", "--progress-fd (descriptor 5)"),
      ("copy --json source out 1<>source", "source: is the file of standard output"),
      ("copy --dry-run --json source out 1<>out", "standard output (descriptor 1)"),
      ("verify --json source source 1>>source", "standard output (descriptor 1)"),
      ("verify --json other out 1>>out", "standard output (descriptor 1)"),
      ("repair --json --map maps source out 1>>out", "standard output (descriptor 1)"),
      ("write --yes --json out 1<>out <other", "standard output (descriptor 1)"),
      ("write --yes --json out 1<>other <other", "standard input: is the file of standard output"),
    ])
  func streams(command: String, says: String) throws { try refused(command, says) }

  @Test("what is no file of a device may be any stream, and a file beside them too") func others() throws {
    let bytes = try folder.bytes("source")
    for (index, streams) in ["1>/dev/null", "1>/dev/null 2>&1", "1>>other", "2>>other", "5>>other --progress-fd 5"]
      .enumerated()
    {
      try shell("cd '\(folder.path)'; '\(Tool.path)' copy --json source new-\(index) out \(streams)")
      #expect(try folder.bytes("new-\(index)") == bytes && folder.bytes("out") == bytes)
    }
  }

  @Test("a loop device over the file of a stream is refused", .enabled(if: isRoot, "loop devices need root"))
  func loop() throws {
    try folder.make("disk", pattern(1 << 20, seed: 4))
    let loop = try RootTests.Loop(folder, "disk")
    try refused("copy --yes --json source \(loop.path) 1>>disk", "\(loop.path): is the file of standard output")
  }
}
