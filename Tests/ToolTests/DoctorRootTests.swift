import Foundation
import HostParts
import Testing

/// What the doctor says of real block devices. What it tells to do is done, and then has to be gone.
@Suite(.enabled(if: isRoot, "loop devices and mounts need root")) struct DoctorRootTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func look(_ device: String) throws -> DoctorReport.Device {
    let report = try DoctorReport.of(device, in: folder)
    #expect(report.exit == 0)
    return try #require(report.devices.first)
  }

  /// Runs the command of a finding, and looks again.
  private func fix(_ kind: String, of device: String) throws {
    let finding = try #require(try look(device).finding(kind), "no finding \(kind)")
    try shell(#require(finding.fix))
    #expect(try look(device).finding(kind) == nil, "\(finding.fix ?? "")")
  }

  @Test("a block device is told with its sectors, cache and size", arguments: [512, 4096]) func block(sector: Int)
    throws
  {
    let loop = try LoopDevice(bytes: 1 << 20, sector: sector)
    let device = try look(loop.path)
    #expect(device.kind == "block device" && device.bytes == 1 << 20 && device.readOnly == false)
    #expect(device.logicalSector == sector && device.logicalBlock == sector && device.offsetAlignment == sector)
    #expect(device.physicalSector.map(UInt64.init) == loop.limit("physical_block_size"))
    #expect(["write back", "write through"].contains(device.writeCache) && device.loopFile?.hasPrefix("/") == true)
    #expect(device.finding("held") == nil && device.finding("mounted") == nil)
    let text = try Tool.run(["doctor", loop.path], in: folder)
    let output = String(decoding: text.output, as: UTF8.self)
    #expect(output.contains("sector:            \(sector) bytes logical, "))
    #expect(output.contains("\nread-only:         no\n") && output.contains("\nwrite cache:       write "))
  }

  @Test("a mounted device names the mount point and the command that unmounts it") func mounted() throws {
    try shell("cd '\(folder.path)' && truncate -s 8M disk && mke2fs -q -F disk && mkdir \"it's here\"")
    let loop = try RootTests.Loop(folder, "disk")
    try shell("mount \(loop.path) \"\(folder.path)/it's here\"")
    defer { _ = try? shell("umount \(loop.path) || true") }
    let finding = try #require(try look(loop.path).finding("mounted"))
    #expect(finding.message.contains("it is mounted at \(folder.path)/it's here"))
    #expect(finding.fix?.hasPrefix("umount '") == true)
    // The file below is in use, too, by who is named first and has to go first.
    #expect(try look("disk").findings.filter { $0.kind != "buffered" }.map(\.kind) == ["mounted", "held"])
    let text = try Tool.run(["doctor", loop.path], in: folder)
    #expect(String(decoding: text.output, as: UTF8.self).contains("fix:               umount '"))
    try fix("mounted", of: loop.path)
  }

  @Test("a read-only device is told with what makes it writable") func readOnly() throws {
    try folder.make("disk", pattern(1 << 20))
    let loop = try RootTests.Loop(folder, "disk")
    try shell("blockdev --setro \(loop.path)")
    #expect(try look(loop.path).readOnly == true)
    #expect(try look(loop.path).finding("read_only")?.fix == "blockdev --setrw \(loop.path)")
    try fix("read_only", of: loop.path)
    #expect(try look(loop.path).readOnly == false)
  }

  @Test("a loop device that was set up read-only has to be set up again, as it was") func readOnlyLoop() throws {
    try folder.make("disk", pattern(4 << 20))
    let loop = try RootTests.OwnLoop(folder, "disk", "-r -b 4096 -o 1MiB --sizelimit 2MiB")
    try fix("read_only", of: loop.path)
    let device = try look(loop.path)
    #expect(device.readOnly == false && device.bytes == 2 << 20 && device.logicalSector == 4096)
    #expect(try shell("cat /sys/block/\(loop.path.dropFirst(5))/loop/offset") == "1048576")
  }

  @Test("a read-only file system is told with the command that remounts it") func readOnlyFileSystem() throws {
    try shell("cd '\(folder.path)' && mkdir ro && mount -t tmpfs none ro && touch ro/file && mount -o remount,ro ro")
    defer { _ = try? shell("umount '\(folder.path)/ro'") }
    #expect(try look("ro/file").finding("read_only")?.fix == "mount -o remount,rw \(folder.path)/ro")
    try fix("read_only", of: "ro/file")
  }

  @Test("a loop device through the page cache is told with the command that takes it past") func loopBuffered() throws {
    let path = try Host.newFile("doctor", bytes: 1 << 20)
    defer { _ = unsafe unlink(path) }
    let loop = try shell("losetup -f --show --direct-io=off '\(path)'")
    defer { _ = try? shell("losetup -d \(loop)") }
    #expect(try look(loop).finding("loop_buffered")?.fix == "losetup --direct-io=on \(loop)")
    try fix("loop_buffered", of: loop)
  }

  @Test("who holds a device is named: a loop device over it, swap, a program") func holders() throws {
    try folder.make("disk", pattern(1 << 20))
    let lower = try RootTests.Loop(folder, "disk")
    let upper = try shell("losetup -f --show \(lower.path)")
    defer { _ = try? shell("losetup -n -O NAME -j \(lower.path) | xargs -r losetup -d") }
    #expect(try look(lower.path).finding("held")?.message == "\(upper) is a loop device over it")
    try fix("held", of: lower.path)
    let program = unsafe open(lower.path, O_RDONLY | O_EXCL | O_CLOEXEC)
    #expect(program >= 0)
    #expect(try look(lower.path).finding("held")?.fix == "fuser -v \(lower.path)")
    close(program)
    #expect(try look(lower.path).finding("held") == nil)
    // Not every container may swap.
    guard try shell("mkswap \(lower.path) >&2 && swapon \(lower.path) || echo no") != "no" else { return }
    defer { _ = try? shell("swapoff \(lower.path) || true") }
    try fix("swap", of: lower.path)
  }

  @Test("a low limit of locked memory is told with what a copy would register, and its command") func memlock() throws {
    let command = "setpriv --bounding-set=-ipc_lock prlimit --memlock=65536:65536 '\(Tool.path)' doctor"
    let report = try DoctorReport(Array(shell(command + " --json ram:1MiB").utf8))
    #expect(report.memlockBytes == 65536 && report.registeredPages < report.wantedPages)
    let finding = try #require(report.findings.first { ["memlock", "io_uring"].contains($0.kind) })
    #expect(finding.message.contains("LimitMEMLOCK=infinity") && finding.fix?.contains("--memlock=unlimited") == true)
    #expect(try shell(command + " ram:1MiB").contains("memlock limit:     64 KiB; a copy would register 16 MiB\n"))
    let ample = try DoctorReport.of("ram:1MiB", in: folder)
    #expect(ample.findings.isEmpty && ample.registeredPages == ample.wantedPages)
  }

  @Test("a device that may not be opened or written is told, and what the kernel knows of it") func permission() throws
  {
    let loop = try LoopDevice(bytes: 1 << 20, sector: 512)
    try folder.make("file", pattern(512))
    try shell("chmod 755 '\(folder.path)' && chmod 644 '\(folder.path)/file'")
    // The tool is copied to where anybody can read it.
    try shell("cp '\(Tool.path)' '\(folder.path)/dmio'")
    let command = "setpriv --reuid=65534 --regid=65534 --clear-groups '\(folder.path)/dmio' doctor --json"
    let output = try shell("\(command) \(loop.path) '\(folder.path)/file' || [ $? -eq 1 ]")
    let report = try DoctorReport(Array(output.utf8))
    let block = try #require(report.devices.first)
    #expect(report.exit == 1 && block.error?.contains("Permission denied") == true)
    #expect(block.bytes == 1 << 20 && block.logicalSector == 512 && block.finding("permission") != nil)
    let file = try #require(report.devices.last)
    #expect(file.error == nil && file.finding("permission")?.fix?.hasPrefix("sudo dmio copy ") == true)
  }
}
