import DMIO
import Glibc
import HostParts
import Testing

/// File systems that are special: one in memory, one that is full.
@Suite(.enabled(if: Host.isRoot, "mounting needs root")) struct FileSystemTests {
  private static let bytes = 4 << 20

  /// A file without blocks, opened with O_DIRECT where that can be had (tmpfs takes it since kernel 6.6).
  private func openSparse(_ folder: String) throws -> BlockDevice {
    let path = "\(folder)/file"
    let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard descriptor >= 0, ftruncate(descriptor, FileSystemTests.bytes) == 0 else {
      throw HostError(what: path, errno: errno)
    }
    close(descriptor)
    return try (try? BlockDevice.open(path, FileOptions(isDirect: true))) ?? BlockDevice.open(path)
  }

  @Test("on tmpfs the data is right, and the lane says why it is which", arguments: EngineChoice.both + [.auto])
  func tmpfs(engine: EngineChoice) throws {
    let mount = try Mount("tmpfs", of: "none", options: "size=16m")
    let device = try openSparse(mount.path)
    let client = try BlockClient(pages: 4, engine: engine)
    let block = Block(count: 1 << 20, 0x42)
    #expect(
      try block.perform(
        client, .write, [Region(device, start: 5, count: 2048), Region(device, start: 4096, count: 2048)]
      ).isSuccess)
    let back = Block(count: 1 << 20, 0xEE)
    for start: UInt64 in [5, 4096] {
      #expect(try back.perform(client, .read, [Region(device, start: start, count: 2048)]).isSuccess)
      #expect(back.isAll(0x42))
    }
    let (lane, nowait) = (client.lane(of: device), device.fileReport?.nowaitError)
    switch engine {
    case .uring: #expect(lane.kind == .uring)
    case .threads: #expect(lane.kind == .threads && lane.reason == "threads were asked for")
    case .auto:
      #expect(lane.kind == (nowait == nil ? .uring : .threads))
      if let nowait { #expect(lane.reason.contains(nowait.name)) }
    }
    device.close()
  }

  @Test(
    "a full file system is ENOSPC at the first sector that is not there", arguments: EngineChoice.both,
    ["tmpfs", "ext4"])
  func full(engine: EngineChoice, kind: String) throws {
    let image = try Host.newFile("image", bytes: 3 << 20)
    defer { unlink(image) }
    let mount: Mount
    if kind == "ext4" {
      let made = Host.run("mkfs.ext4", "-q", "-O", "^has_journal", image)
      guard made.status == 0 else { throw HostError(made, "mkfs.ext4") }
      mount = try Mount("ext4", of: image, options: "loop")
    } else {
      mount = try Mount("tmpfs", of: "none", options: "size=1m")
    }
    let device = try openSparse(mount.path)
    let ram = try BlockDevice.ram(bytes: UInt64(FileSystemTests.bytes))
    let client = try BlockClient(pages: 4, engine: engine)
    let block = Block(count: FileSystemTests.bytes, 0x42)
    let result = try block.perform(client, .write, [Region(whole: ram), Region(whole: device)])
    #expect(result.errors == .region(1))
    #expect(result.failure(of: 1)?.errno == .ENOSPC)
    let back = Block(count: FileSystemTests.bytes, 0xEE)
    #expect(try back.perform(client, .read, [Region(whole: ram)]).isSuccess)
    #expect(back.isAll(0x42))
    #expect(try back.perform(client, .read, [Region(whole: device)]).isSuccess)
    #expect(result.failure(of: 1)?.sector == back.firstSector(isNot: 0x42).map { UInt64($0) })
    device.close()
  }
}
