import Foundation
import Testing

/// What needs real block devices and mounts.
@Suite(.enabled(if: isRoot, "loop devices and mounts need root")) struct RootTests {
  /// A loop device, gone with its holder.
  final class Loop {
    let path: String
    init(_ folder: TemporaryFolder, _ file: String, _ options: String = "") throws {
      path = try shell("losetup -f --show \(options) '\(folder.path)/\(file)'")
    }
    deinit { _ = try? shell("losetup -d \(path)") }
  }

  /// A loop device of a number that `losetup -f` gives nobody, for a test that frees it and takes the same again: a low one may
  /// be another test's by then. Its number is gone with its holder, too.
  final class OwnLoop {
    let path: String
    private let number = 10_000 + getpid() % 10_000

    init(_ folder: TemporaryFolder, _ file: String, _ options: String = "") throws {
      path = "/dev/loop\(number)"
      // A container may have no node for it.
      try shell("[ -e \(path) ] || mknod \(path) b 7 \(number)")
      try shell("losetup \(options) \(path) '\(folder.path)/\(file)'")
    }

    deinit {
      _ = try? shell("losetup -d \(path)")
      let control = unsafe open("/dev/loop-control", O_RDWR | O_CLOEXEC)
      defer { close(control) }
      let remove: UInt = 0x4C81  // LOOP_CTL_REMOVE
      _ = ioctl(control, remove, number)
      _ = unsafe unlink(path)
    }
  }

  @Test("a block device is refused without --yes and written with it", arguments: [512, 4096]) func loop(block: Int)
    throws
  {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern((1 << 20) + 100))
    try folder.make("disk", pattern(4 << 20, seed: 2))
    let loop = try Loop(folder, "disk", "-b \(block)")
    let refused = try Tool.run(["copy", "source", loop.path], in: folder)
    #expect(refused.exit == 1 && refused.error.contains("is a block device; --yes overwrites it"))
    #expect(try folder.bytes("disk") == pattern(4 << 20, seed: 2))
    let run = try Tool.run(["copy", "--json", "--yes", "source", loop.path], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    #expect(try run.receipt.targets[0].bytesWritten == (1 << 20) + 100)
    let padded = ((1 << 20) + 100 + block - 1) / block * block
    let direct = try run.receipt.targets[0].direct
    let end = direct ? padded : (1 << 20) + 512
    let old = pattern(4 << 20, seed: 2)
    let zeros = [UInt8](repeating: 0, count: end - bytes.count)
    #expect(try folder.bytes("disk") == bytes + zeros + old[end...])
    let back = try Tool.run(["copy", "\(loop.path)", "back"], in: folder)
    #expect(back.exit == 0, "\(back.error)")
    #expect(try folder.bytes("back") == folder.bytes("disk"))
  }

  @Test("memory that may not be locked is registered as far as it goes, and info says so") func lockedMemory() throws {
    let limit = 8 << 20
    let folder = try TemporaryFolder()
    let bytes = try folder.make("file", pattern(3 << 20))
    let limited = "setpriv --bounding-set=-ipc_lock prlimit --memlock=\(limit) '\(Tool.path)'"
    let text = try shell("\(limited) info --json '\(folder.path)/file'")
    let info = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let pages = try #require(info["registered_pages"] as? Int)
    // How many depends on what else of this user's is locked at the moment.
    #expect(pages * 4096 <= limit)
    #expect((info["registered_reason"] as? String)?.contains("RLIMIT_MEMLOCK") == true)
    _ = try shell("\(limited) copy '\(folder.path)/file' '\(folder.path)/copy'")
    #expect(try folder.bytes("copy") == bytes)
    let free = try Tool.run(["info", "file"], in: folder)
    #expect(String(decoding: free.output, as: UTF8.self).contains("registered:        4096 of 4096 pages: all that"))
  }

  @Test("on a terminal a block device is asked for", arguments: [("n", 1), ("", 1), ("y", 0), ("YES", 0)])
  func asked(answer: String, code: Int) throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(1 << 20))
    let old = try folder.make("disk", pattern(1 << 20, seed: 2))
    let loop = try Loop(folder, "disk")
    let output = try shell(
      """
      cd '\(folder.path)'; echo '\(answer)' | script -qec "'\(Tool.path)' copy source \(loop.path)" /dev/null; echo "exit $?"
      """)
    #expect(output.contains("Overwrite \(loop.path) (1 MiB)? [y/N] ") && output.hasSuffix("exit \(code)"), "\(output)")
    #expect(try folder.bytes("disk") == (code == 0 ? bytes : old))
  }

  @Test("a loop device over the source, or over another target, is refused") func overlaps() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
    try folder.make("disk", pattern(4 << 20))
    let over = try Loop(folder, "source")
    let disk = try Loop(folder, "disk", "-o 2MiB --sizelimit 1MiB")
    let source = try Tool.run(["copy", "--yes", "source", over.path], in: folder)
    #expect(source.exit == 1 && source.error.contains("is the source"))
    let twice = try Tool.run(["copy", "--yes", "source", "disk", disk.path], in: folder)
    #expect(twice.exit == 1 && twice.error.contains("is a target already"))
    let beside = try Tool.run(["copy", "--yes", "source", "disk,size=2MiB", disk.path], in: folder)
    #expect(beside.exit == 0, "\(beside.error)")
    let inside = try Tool.run(["copy", "--yes", "source", "disk,offset=1MiB,size=2MiB", disk.path], in: folder)
    #expect(inside.exit == 1)
    #expect(try folder.bytes("source") == pattern(1 << 20))
  }

  @Test("a loop device is known by its file, also when the file's name has changed or is gone") func renamed() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("image", pattern(1 << 20))
    let loop = try Loop(folder, "image")
    try shell("cd '\(folder.path)' && ln image kept && rm image && head -c 1MiB /dev/zero >'image (deleted)'")
    let source = try Tool.run(["copy", "--yes", loop.path, "kept"], in: folder)
    #expect(source.exit == 1 && source.error.contains("is the source"), "\(source.error)")
    #expect(try folder.bytes("kept") == bytes)
    let other = try Tool.run(["copy", "--yes", loop.path, "image (deleted)"], in: folder)
    #expect(other.exit == 0, "\(other.error)")
    #expect(try folder.bytes("image (deleted)") == bytes)
  }

  @Test("a file that cannot be emptied is a failed target, the others are good") func busy() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(1 << 20))
    try folder.make("victim", pattern(3 << 20, seed: 2))
    // A program that runs cannot be truncated by others, nor opened for writing; a sealed memory file only the former.
    let output = try shell(
      """
      cd '\(folder.path)'; python3 -c '
      import os, fcntl, subprocess, sys
      fd = os.memfd_create("sealed", os.MFD_ALLOW_SEALING)
      os.write(fd, bytes(8192))
      fcntl.fcntl(fd, 1033, 2)
      path = "/proc/%d/fd/%d" % (os.getpid(), fd)
      done = subprocess.run([sys.argv[1], "copy", "--json", "source", "victim", path], stdout=subprocess.PIPE)
      print(done.stdout.decode(), "exit", done.returncode)
      ' '\(Tool.path)' || echo none
      """)
    #expect(output.hasSuffix("exit 3") && output.contains("EPERM"), "\(output)")
    #expect(try folder.bytes("victim") == bytes)
  }

  @Test("two ranges of one block device are two targets") func ranges() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(1 << 20))
    try folder.make("disk", [UInt8](repeating: 7, count: 4 << 20))
    let loop = try Loop(folder, "disk")
    let run = try Tool.run(
      ["copy", "--yes", "source", "\(loop.path),size=1MiB", "\(loop.path),offset=2MiB,size=1MiB"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    let seven = [UInt8](repeating: 7, count: 1 << 20)
    #expect(try folder.bytes("disk") == bytes + seven + bytes + seven)
  }

  @Test("a mounted device is refused, whatever --yes says") func mounted() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
    try shell("cd '\(folder.path)' && truncate -s 8M disk && mke2fs -q -F disk && mkdir mount")
    let loop = try Loop(folder, "disk")
    try shell("mount \(loop.path) '\(folder.path)/mount'")
    defer { _ = try? shell("umount '\(folder.path)/mount'") }
    let run = try Tool.run(["copy", "--yes", "source", "new", loop.path], in: folder)
    #expect(run.exit == 1 && run.error.contains("in use: mounted, or held by another program"))
    #expect(!folder.exists("new"))
  }

  @Test("a full file system drops its target with ENOSPC, the other is good", arguments: engines)
  func full(engine: String) throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(8 << 20))
    try shell("mkdir '\(folder.path)/small' && mount -t tmpfs -o size=3m none '\(folder.path)/small'")
    defer { _ = try? shell("umount '\(folder.path)/small'") }
    let run = try Tool.run(["copy", "--json", "--engine", engine, "source", "small/bad", "good"], in: folder)
    #expect(run.exit == 3, "\(run.error)")
    let bad = try run.receipt.targets[0]
    #expect(!bad.ok && bad.errno == "ENOSPC" && bad.firstBadSector != nil)
    #expect(bad.bytesWritten + bad.failed.reduce(0) { $0 + $1.count * 512 } == 8 << 20)
    #expect(try folder.bytes("good") == bytes)
    let held = try folder.bytes("small/bad")
    for sector in 0..<UInt64(16384) where !bad.failed.contains(where: { $0.sectors.contains(sector) }) {
      let range = Int(sector) * 512..<Int(sector + 1) * 512
      try #require(range.upperBound <= held.count && held[range] == bytes[range], "sector \(sector)")
    }
  }

  @Test("a read-only file system is refused before anything is created") func readOnly() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(100))
    try shell("mkdir '\(folder.path)/ro' && mount -t tmpfs -o ro none '\(folder.path)/ro'")
    defer { _ = try? shell("umount '\(folder.path)/ro'") }
    let run = try Tool.run(["copy", "source", "new", "ro/file"], in: folder)
    #expect(run.exit == 1 && run.error.contains("Read-only file system") && !folder.exists("new"))
  }
}
