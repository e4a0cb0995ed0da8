import Foundation
import Testing

/// Going on with a copy when its devices are not what they were when it ended.
@Suite struct ComingBackTests {
  private static let size = 5 << 20

  private func folder() throws -> (TemporaryFolder, [UInt8]) {
    let folder = try TemporaryFolder()
    return (folder, try folder.make("source", pattern(ComingBackTests.size)))
  }

  private func copy(_ folder: TemporaryFolder, _ operands: String...) throws -> Tool {
    try Tool.run(["copy", "--json", "--map", "maps", "--resume"] + operands, in: folder)
  }

  @Test("a source that is gone stops the copy, writes no zeros for what it did not give, and goes on when it is back")
  func source() throws {
    let (folder, bytes) = try folder()
    try folder.make("gone", #"{"rules":[{"op":"read","skip":3,"action":"vanish"}]}"#)
    let first = try copy(folder, "fault:gone,source", "a", "b")
    #expect(first.exit == 5 && first.error.contains("source: is gone; put it back"), "\(first.exit): \(first.error)")
    let receipt = try first.receipt
    #expect(receipt.targets.allSatisfy { !$0.ok && $0.bytesWritten < UInt64(ComingBackTests.size) })
    let again = try copy(folder, "source", "a", "b")
    #expect(again.exit == 0, "\(again.error)")
    #expect(try folder.bytes("a") == bytes && folder.bytes("b") == bytes)
    #expect(try again.receipt.targets[0].bytesWritten == UInt64(ComingBackTests.size) - receipt.targets[0].bytesWritten)
  }

  @Test("a target that was gone gets what it lacks when it is back") func target() throws {
    let (folder, bytes) = try folder()
    try folder.make("gone", #"{"rules":[{"op":"write","skip":3,"action":"vanish"}]}"#)
    let first = try copy(folder, "source", "a", "fault:gone,b")
    #expect(first.exit == 3, "\(first.exit): \(first.error)")
    let again = try copy(folder, "source", "a", "b")
    #expect(again.exit == 0, "\(again.error)")
    #expect(try folder.bytes("b") == bytes && again.receipt.targets[0].bytesWritten == 0)
  }

  @Test("zeros that stand for sectors which did not answer in time are copied when they do") func timeout() throws {
    let (folder, bytes) = try folder()
    try folder.make("hangs", #"{"rules":[{"op":"read","sectors":[4096,1],"action":"hang"}]}"#)
    let first = try copy(folder, "--timeout", "50ms", "fault:hangs,source", "a")
    #expect(first.exit == 4, "\(first.exit): \(first.error)")
    let again = try copy(folder, "source", "a")
    #expect(again.exit == 0 && again.error.isEmpty, "\(again.error)")
    #expect(try folder.bytes("a") == bytes)
  }

  @Test(
    "a finished target that was cut short gets back what it lost", arguments: ["copy", "repair"], [0, 1000, 4 << 20])
  func cutShort(verb: String, left: Int) throws {
    let (folder, bytes) = try folder()
    #expect(try copy(folder, "source", "a", "b").exit == 0)
    try shell("truncate -s \(left) '\(folder.path)/a'")
    let words = verb == "copy" ? ["copy", "--resume"] : ["repair"]
    let run = try Tool.run(words + ["--map", "maps", "source", "a", "b"], in: folder)
    #expect(run.exit == 0 && run.error.contains("a: ends after \(left) bytes"), "\(run.error)")
    #expect(try folder.bytes("a") == bytes && folder.bytes("b") == bytes)
  }

  @Test("maps without that of the source are refused, as nobody knows what is zeros for want of data")
  func noSourceMap() throws {
    let (folder, _) = try folder()
    try folder.make("bad", #"{"rules":[{"op":"read","sectors":[100,3]}]}"#)
    #expect(try copy(folder, "fault:bad,source", "a").exit == 4)
    try shell("rm '\(folder.path)/maps/source.map'")
    let before = try folder.bytes("a")
    let run = try copy(folder, "source", "a")
    #expect(run.exit == 1 && run.error.contains("source.map: is missing beside"), "\(run.error)")
    #expect(try folder.bytes("a") == before)
  }

  @Test("what the source's map says was never read is not done on any target") func neverRead() throws {
    let (folder, bytes) = try folder()
    try folder.make("bad", #"{"rules":[{"op":"read","sectors":[100,3]}]}"#)
    #expect(try copy(folder, "fault:bad,source", "a").exit == 4)
    try shell("cd '\(folder.path)/maps' && sed -i 's/[+-]$/?/' source.map")
    let run = try copy(folder, "source", "a")
    #expect(run.exit == 0, "\(run.error)")
    #expect(try folder.bytes("a") == bytes)
  }

  @Test("a signal ends the making of a hash that goes on when all is copied") func hashing() throws {
    let folder = try TemporaryFolder()
    try shell("truncate -s 2T '\(folder.path)/sparse'")
    let words = ["copy", "--json", "--hash", "sha256", "--map", "maps", "--map-interval", "1ms", "sparse", "null:2TiB"]
    let tool = try RunningTool(words.map { Array($0.utf8) }, in: folder)
    try waitUntil("all is copied") {
      guard folder.exists("maps/target-1.map") else { return false }
      return try MapText(folder, "maps/target-1.map").runs.allSatisfy { $0.status == "+" }
    }
    tool.signal(SIGINT)
    let run = try tool.wait()
    #expect(run.exit == 7, "\(run.error)")
    #expect(try run.receipt.source.sha256 == nil && run.receipt.targets[0].ok)
  }
}
