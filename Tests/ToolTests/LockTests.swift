import DMIO
import DMIONames
import Foundation
import Testing

@testable import dmio_cli

/// Two runs and one device.
@Suite struct LockTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.make("source", pattern(4 << 20))
    try folder.make("hang", #"{"rules":[{"op":"write","skip":1,"action":"hang"}]}"#)
  }

  /// A copy that has written something to a target and then hangs.
  private func hanging(_ target: String, begun: () throws -> Bool) throws -> RunningTool {
    let tool = try RunningTool(["copy", "--yes", "source", "fault:hang,\(target)"].map { Array($0.utf8) }, in: folder)
    try waitUntil("the copy has begun", begun)
    return tool
  }

  private func refused(_ arguments: String..., name: String) throws {
    let run = try Tool.run(arguments, in: folder)
    #expect(run.exit == 1 && run.error.contains("\(name): is in use by another dmio"), "\(arguments): \(run.error)")
  }

  @Test("who writes or reads what a run writes is refused before anything is changed, until that run has ended")
  func target() throws {
    try folder.make("other", pattern(1 << 20, seed: 2))
    let tool = try hanging("target") { folder.size("target") > 0 }
    let before = folder.size("target")
    try refused("copy", "other", "new", "target", name: "target")
    try refused("copy", "--dry-run", "other", "target", name: "target")
    try refused("write", "--yes", "target,size=512", name: "target")
    try refused("copy", "target", "new", name: "target")
    try refused("verify", "source", "target", name: "target")
    #expect(folder.size("target") == before && !folder.exists("new"))
    tool.signal(SIGKILL)
    #expect(try tool.wait().exit == -SIGKILL)
    let run = try Tool.run(["copy", "other", "target"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
  }

  @Test("a source is read by several runs, and written by none") func source() throws {
    let tool = try hanging("target") { folder.size("target") > 0 }
    let second = try Tool.run(["copy", "source", "copy"], in: folder)
    #expect(second.exit == 0, "\(second.error)")
    try refused("copy", "copy", "source", name: "source")
    #expect(try folder.bytes("source") == pattern(4 << 20))
    tool.signal(SIGKILL)
    _ = try tool.wait()
  }

  @Test("what has changed between opening and locking is refused, as target and as source") func changed() throws {
    let operand = try Operands.region("\(folder.path)/source")
    let opened = try DeviceOpening(stack: DeviceStack(operand.device), mode: .auto, access: .readWrite).open()
    try folder.append("source", [1])
    #expect(throws: Refusal.self) { try DeviceLock.share(opened) }
    #expect(throws: Refusal.self) { try DeviceLock.own(opened) }
    opened.device.close()
  }

  @Test("regions of one file are source and targets of one run") func regions() throws {
    let run = try Tool.run(
      ["copy", "source,size=1MiB", "source,offset=1MiB,size=1MiB", "source,offset=2MiB,size=1MiB"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    let bytes = try folder.bytes("source")
    #expect(bytes[1 << 20..<2 << 20] == bytes[..<(1 << 20)] && bytes[2 << 20..<3 << 20] == bytes[..<(1 << 20)])
  }

  @Test(
    "who writes or reads a block device that a run writes is refused",
    .enabled(if: isRoot, "loop devices need root")) func block() throws
  {
    try folder.make("disk", [UInt8](repeating: 0, count: 8 << 20))
    let loop = try RootTests.Loop(folder, "disk")
    let tool = try hanging(loop.path) { try shell("head -c 1 \(loop.path) | od -An -tx1") != "00" }
    try refused("copy", "--yes", "source", loop.path, name: loop.path)
    try refused("copy", loop.path, "new", name: loop.path)
    #expect(!folder.exists("new"))
    tool.signal(SIGKILL)
    _ = try tool.wait()
  }

  @Test("a lock that is held for a moment is waited for, and one that is kept is not") func moments() {
    func persist(_ errnos: [Int32]) -> (DeviceLock.Outcome, pauses: Int) {
      var (rest, pauses) = (errnos[...], 0)
      let outcome = DeviceLock.persist({ rest.popFirst() ?? EWOULDBLOCK }, pause: { pauses += 1 })
      return (outcome, pauses)
    }
    #expect(persist([0]) == (.free, 0))
    #expect(persist([EWOULDBLOCK, EINTR, 0]) == (.free, 2))
    #expect(persist([]) == (.taken, DeviceLock.tries.count - 1))
    #expect(DeviceLock.tries.count * Int(DeviceLock.tries.microseconds) == 1_000_000)
  }

  @Test("a file system without locks is no reason to refuse", arguments: [ENOLCK, EOPNOTSUPP, ENOSYS, EBADF])
  func without(errno: Int32) {
    #expect(DeviceLock.persist({ errno }, pause: {}) == .free)
  }

  @Test("maps of a run that was killed are waited for until the kernel has taken it down, and no longer") func maps()
    throws
  {
    let path = folder.path + "/maps"
    try shell("mkdir '\(path)'")
    var other: Descriptor? = try Descriptor.open(Array(path.utf8), O_RDONLY)
    #expect(other.map { DeviceLock.attempt($0, isAlone: true) } == 0)
    var pauses = 0
    #expect(throws: Refusal.self) { try MapFolder(path).lock(pause: { pauses += 1 }) }
    #expect(pauses == DeviceLock.tries.count - 1)
    // A process that another test is about to start has all descriptors for a moment, this one's, too.
    try MapFolder(path).lock {
      other = nil
      DeviceLock.pause()
    }
  }
}
