import Foundation
import Testing

/// The bench on real block devices.
@Suite(.enabled(if: isRoot, "loop devices and mounts need root")) struct BenchRootTests {
  @Test("a block device is benched past the page cache, and written with --yes only") func loop() throws {
    let folder = try TemporaryFolder()
    let before = try folder.make("disk", pattern(4 << 20))
    let loop = try RootTests.Loop(folder, "disk", "-b 4096")
    let read = try BenchResult([loop.path + ",direct=on", "--ios", "300"], in: folder)
    #expect(
      read.run.exit == 0 && read.json["direct"] as? Bool == true && read.number("ios") == 300, "\(read.run.error)")
    let refused = try Tool.run(["bench", loop.path, "--operation", "write", "--ios", "300"], in: folder)
    #expect(refused.exit == 1 && refused.error.contains("\(loop.path): is a block device; --yes overwrites it"))
    let small = try Tool.run(["bench", loop.path + ",direct=on", "--block-size", "512"], in: folder)
    #expect(small.exit == 2 && small.error.contains("no multiple of the block of 4096 bytes"), "\(small.error)")
    #expect(try folder.bytes("disk") == before)
    let write = try BenchResult(
      [loop.path + ",offset=1MiB,size=1MiB,direct=on", "--operation", "write", "--ios", "300", "--yes"], in: folder)
    #expect(write.run.exit == 0, "\(write.run.error)")
    let after = try folder.bytes("disk")
    #expect(after[..<(1 << 20)] == before[..<(1 << 20)] && after[(2 << 20)...] == before[(2 << 20)...])
    #expect(after != before)
  }

  @Test("a mounted device is not written, whatever --yes says") func mounted() throws {
    let folder = try TemporaryFolder()
    try shell("cd '\(folder.path)' && truncate -s 8M disk && mke2fs -q -F disk && mkdir mount")
    let loop = try RootTests.Loop(folder, "disk")
    try shell("mount \(loop.path) '\(folder.path)/mount'")
    defer { _ = try? shell("umount '\(folder.path)/mount'") }
    let run = try Tool.run(["bench", loop.path, "--operation", "write", "--ios", "10", "--yes"], in: folder)
    #expect(run.exit == 1 && run.error.contains("in use: mounted, or held by another program"), "\(run.error)")
  }

  @Test("on a terminal a file is asked for", arguments: [("n", 1), ("y", 0)]) func asked(answer: String, code: Int)
    throws
  {
    let folder = try TemporaryFolder()
    let before = try folder.make("disk", pattern(64 << 10))
    let output = try shell(
      """
      cd '\(folder.path)'; echo '\(answer)' | script -qec "'\(Tool.path)' bench disk --operation write --ios 99" /dev/null; echo "exit $?"
      """)
    #expect(output.contains("Overwrite disk (64 KiB)? [y/N] ") && output.hasSuffix("exit \(code)"), "\(output)")
    #expect(try (folder.bytes("disk") == before) == (code == 1))
  }
}
