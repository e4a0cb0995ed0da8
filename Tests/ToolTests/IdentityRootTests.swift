import DMIO
import DMIONames
import Foundation
import Testing

@testable import dmio_cli

/// By what block devices are known again.
@Suite(.enabled(if: isRoot, "loop devices need root")) struct IdentityRootTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for (index, name) in ["one", "two"].enumerated() { try folder.make(name, pattern(4 << 20, seed: UInt64(index))) }
  }

  private func identity(_ path: String) throws -> String {
    let operand = try Operands.region(path)
    let opened = try DeviceOpening(stack: DeviceStack(operand.device), mode: .auto).open()
    defer { opened.device.close() }
    return try #require(DeviceIdentity(opened)).text
  }

  @Test("a loop device is its file and its offset, not its number") func loops() throws {
    let (whole, rest) = (try RootTests.Loop(folder, "one"), try RootTests.Loop(folder, "one", "-o 1MiB"))
    let (again, other) = (try RootTests.Loop(folder, "one"), try RootTests.Loop(folder, "two"))
    #expect(try identity(whole.path) == "loop from byte 0 of \(identity(folder.path + "/one"))")
    #expect(try identity(again.path) == identity(whole.path))
    #expect(try identity(rest.path) == "loop from byte 1048576 of \(identity(folder.path + "/one"))")
    #expect(try identity(other.path) == "loop from byte 0 of \(identity(folder.path + "/two"))")
    let upper = try shell("losetup -f --show \(other.path)")
    defer { _ = try? shell("losetup -d \(upper)") }
    #expect(try identity(upper) == "loop from byte 0 of \(identity(other.path))")
  }

  @Test("a loop device whose file's name is another's now is not taken for that") func renamed() throws {
    let loop = try RootTests.Loop(folder, "one")
    try shell("cd '\(folder.path)' && ln one kept && rm one && cp two 'one (deleted)'")
    let text = try identity(loop.path)
    let inode = try shell("stat -c %i '\(folder.path)/kept'")
    #expect(text.hasPrefix("loop from byte 0 of file on ") && text.hasSuffix(":\(inode)"), "\(text)")
  }

  @Test("another part of a file behind the number of a loop device is another device for a copy that goes on")
  func resumed() throws {
    try folder.make("source", pattern(1 << 20, seed: 9))
    let loop = try RootTests.Loop(folder, "one")
    let copy = ["copy", "--yes", "--map", "maps", "--resume", "source", loop.path]
    try #require(try Tool.run(copy, in: folder).exit == 0)
    try #require(try Tool.run(copy, in: folder).exit == 0)
    // LOOP_GET_STATUS64 and LOOP_SET_STATUS64: another would take the number of a device that is taken down.
    try shell(
      """
      python3 -c '
      import fcntl, sys
      loop = open(sys.argv[1], "rb")
      status = bytearray(232)
      fcntl.ioctl(loop, 0x4C05, status)
      status[24:32] = (1 << 20).to_bytes(8, sys.byteorder)
      fcntl.ioctl(loop, 0x4C04, status)
      ' \(loop.path)
      """)
    let before = try folder.bytes("one")
    let run = try Tool.run(copy, in: folder)
    #expect(run.exit == 1 && run.error.contains("is about another device than \(loop.path)"), "\(run.error)")
    #expect(try folder.bytes("one") == before)
  }

  @Test("a partition is one of its disk") func partition() throws {
    let loop = try RootTests.Loop(folder, "one", "-P")
    try shell("addpart \(loop.path) 1 2048 4096")
    defer { _ = try? shell("delpart \(loop.path) 1") }
    let name = loop.path.dropFirst("/dev/".count)
    let node = folder.path + "/node"
    // Not every container is given the node of a partition.
    try shell("IFS=: read major minor </sys/block/\(name)/\(name)p1/dev && mknod '\(node)' b $major $minor")
    #expect(try identity(node) == "\(identity(loop.path)) partition 1")
  }
}
