import Foundation
import Testing

/// Targets that could be opened for writing, and are refused all the same.
@Suite(.enabled(if: isRoot, "loop devices and mounts need root")) struct InUseRootTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
  }

  /// Runs a copy to `new` and the target, with and without `--dry-run`; each has to be refused before anything is changed.
  private func refused(_ target: String, _ texts: String...) throws {
    for option in ["--yes", "--dry-run"] {
      let run = try Tool.run(["copy", option, "source", "new", target], in: folder)
      #expect(run.exit == 1, "\(option): \(run.error)")
      for text in ["\(target): "] + texts { #expect(run.error.contains(text), "\(option): \(run.error)") }
      #expect(!folder.exists("new"))
    }
  }

  @Test("a read-only block device is refused with the command that makes it writable") func readOnly() throws {
    let bytes = try folder.make("disk", pattern(4 << 20, seed: 2))
    let loop = try RootTests.Loop(folder, "disk")
    try shell("blockdev --setro \(loop.path)")
    try refused(loop.path, "it is read-only; remedy: blockdev --setrw \(loop.path)")
    #expect(try folder.bytes("disk") == bytes)
    try shell("blockdev --setrw \(loop.path)")
    let run = try Tool.run(["copy", "--yes", "source", loop.path], in: folder)
    #expect(run.exit == 0, "\(run.error)")
  }

  @Test("a loop device that was set up read-only is refused, and told how to set it up again") func readOnlyLoop()
    throws
  {
    try folder.make("disk", pattern(4 << 20, seed: 2))
    let loop = try RootTests.Loop(folder, "disk", "-r")
    try refused(loop.path, "read-only; remedy: losetup -d \(loop.path) && losetup \(loop.path) ")
  }
}
