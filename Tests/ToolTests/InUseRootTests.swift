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

  /// Makes a file with a file system, and a folder to mount it.
  private func makeFileSystem() throws {
    try shell("cd '\(folder.path)' && truncate -s 8M disk && mke2fs -q -F disk && mkdir mount")
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

  @Test("a file is in use while a loop device over it is mounted, also one over that") func mounted() throws {
    try makeFileSystem()
    let lower = try RootTests.Loop(folder, "disk")
    let before = try folder.bytes("disk")
    let upper = try shell("losetup -f --show \(lower.path)")
    defer { _ = try? shell("losetup -d \(upper)") }
    try shell("mount -o ro \(upper) '\(folder.path)/mount'")
    defer { _ = try? shell("umount '\(folder.path)/mount'") }
    let text = "in use: \(upper) is mounted at \(folder.path)/mount, so no copy goes there; remedy: umount "
    try refused("disk", text)
    try refused(lower.path, text)
    #expect(try folder.bytes("disk") == before)
  }

  @Test("a file is in use while a partition of a loop device over it is mounted") func partition() throws {
    try makeFileSystem()
    let loop = try RootTests.Loop(folder, "disk", "-P")
    // Not every container is given the node of a partition.
    guard try shell("addpart \(loop.path) 1 2048 8192 && mke2fs -q -F \(loop.path)p1 || echo none") != "none" else {
      return
    }
    try shell("mount \(loop.path)p1 '\(folder.path)/mount'")
    defer { _ = try? shell("umount '\(folder.path)/mount'") }
    try refused("disk", "in use: its partition \(loop.path)p1 is mounted at \(folder.path)/mount")
  }

  @Test("a file is in use while a program holds a loop device over it, and no longer") func held() throws {
    try folder.make("disk", pattern(4 << 20, seed: 2))
    let loop = try RootTests.Loop(folder, "disk")
    let program = unsafe open(loop.path, O_RDONLY | O_EXCL | O_CLOEXEC)
    try #require(program >= 0)
    try refused("disk", "in use: \(loop.path) is a loop device over it, and a program holds it")
    close(program)
    let run = try Tool.run(["copy", "source", "disk"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    #expect(try folder.bytes("disk") == folder.bytes("source"))
  }
}
