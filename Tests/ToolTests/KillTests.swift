import Foundation
import HostParts
import Testing

/// Copies that are killed, and resumed.
@Suite struct KillTests {
  /// 20 in CI; all 200 of the evidence with DMIO_KILLS=200.
  private static let kills = ProcessInfo.processInfo.environment["DMIO_KILLS"].flatMap { Int($0) } ?? 20

  @Test(
    "killed at any time, a copy to four targets, one faulty, is resumed to its end and nothing is said to be done that is not",
    arguments: engines)
  func killed(engine: String) throws {
    var generator = Seeded("KillTests.killed", salt: engine == engines[0] ? 0 : 1)
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern((24 << 20) + 1111))
    try folder.make("bad", #"{"rules":[{"op":"write","sectors":[30000,3],"errno":"EIO"}]}"#)
    // Slow enough to be met at any place.
    try folder.make("slow", #"{"rules":[{"op":"write","action":"delay","delay_ms":2}]}"#)
    let copy = ["copy", "--json", "--engine", engine, "--map", "maps", "--resume"]
    let operands = ["source", "a", "fault:bad,b", "fault:slow,c", "d"]
    var left = KillTests.kills
    while left > 0 {
      try shell("cd '\(folder.path)' && rm -rf maps a b c d")
      var isOver = false
      while !isOver, left > 0 {
        let tool = try RunningTool(
          (copy + ["--map-interval", "5ms"] + operands).map { Array($0.utf8) }, in: folder)
        usleep(UInt32.random(in: 0...90_000, using: &generator))
        tool.signal(SIGKILL)
        left -= 1
        let run = try tool.wait()
        try checkMaps(folder, bytes)
        // It may have come to its end before.
        isOver = run.exit >= 0
        if isOver { try checkReceipt(run, folder, bytes) }
      }
      let last = try Tool.run(copy + operands, in: folder)
      try checkReceipt(last, folder, bytes)
    }
  }

  private func checkReceipt(_ run: Tool, _ folder: TemporaryFolder, _ bytes: [UInt8]) throws {
    #expect(run.exit == 3, "\(run.error)")
    let receipt = try run.receipt
    for (index, name) in ["a", "b", "c", "d"].enumerated() where index != 1 {
      #expect(receipt.targets[index].ok)
      try #require(try folder.bytes(name) == bytes, "\(name) after its end")
    }
    #expect(!receipt.targets[1].ok && receipt.targets[1].failed.contains { $0.sectors.contains(30000) })
    // Once more: what is done is not written, and not read either, which would fail now. What follows the failure is left out of
    // the faulty target, as far as it was not under way: how far hangs on the speed of the machine.
    try folder.make("dead", #"{"rules":[{"op":"read"}]}"#)
    let again = try Tool.run(
      ["copy", "--json", "--map", "maps", "--resume", "fault:dead,source", "a", "fault:bad,b", "c", "d"], in: folder
    ).receipt
    for index in [0, 2, 3] { #expect(again.targets[index].bytesWritten == 0) }
    let leftOut = receipt.targets[1].failed.filter { $0.errno == nil }
    let holes = again.source.holes
    #expect(
      holes.allSatisfy { hole in leftOut.contains { $0.sectors.contains(hole.sectors) } },
      "\(holes) were read, \(leftOut) had been left out")
  }

  /// Whatever a map calls done is on its target.
  private func checkMaps(_ folder: TemporaryFolder, _ bytes: [UInt8]) throws {
    for (index, name) in ["a", "b", "c", "d"].enumerated() where folder.exists("maps/target-\(index + 1).map") {
      let written = folder.exists(name) ? try folder.bytes(name) : []
      for line in String(decoding: try folder.bytes("maps/target-\(index + 1).map"), as: UTF8.self).split(
        separator: "\n")
      {
        let words = line.split(separator: " ")
        guard !line.hasPrefix("#"), words.count == 3, words[2] == "+",
          let start = Int(words[0].dropFirst(2), radix: 16),
          let size = Int(words[1].dropFirst(2), radix: 16)
        else { continue }
        try #require(written.count >= start + size, "\(name) has \(written.count) bytes, its map says \(line)")
        try #require(written[start..<start + size] == bytes[start..<start + size], "\(name): \(line) is not true")
      }
    }
  }
}
