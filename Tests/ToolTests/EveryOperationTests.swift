import Testing

import var DMIOTestSupport.isSanitized

/// The k-th operation fails, for every k: receipt, maps and data tell the same story.
@Suite struct EveryOperationTests {
  /// Bytes of the source: three chunks, the last one short.
  private static let size = (2 << 20) + 700

  @Test(
    "whichever operation fails, once or again and again, receipt, maps and data agree, and a repair makes all good",
    arguments: [("read", "source"), ("write", "a"), ("write", "b"), ("flush", "a"), ("flush", "b")],
    engines.flatMap { engine in (isSanitized ? [30] : [30, 1]).map { (engine, $0) } })
  func every(_ spoiled: (operation: String, device: String), _ how: (engine: String, times: Int)) throws {
    let ((operation, device), (engine, times)) = (spoiled, how)
    let folder = try TemporaryFolder()
    var bytes = try folder.make("source", pattern(EveryOperationTests.size))
    // A MiB of zeros, so that there is something to zero.
    bytes.replaceSubrange(1 << 20..<2 << 20, with: [UInt8](repeating: 0, count: 1 << 20))
    try folder.make("source", bytes)
    // More operations of a kind than 5 there are only where some fail again and again.
    for k in 0..<(isSanitized ? 2 : times == 1 ? 5 : 100) {
      try shell("cd '\(folder.path)' && rm -rf maps a b && truncate -s 5M b")
      try folder.make("plan", #"{"rules":[{"op":"\#(operation)","skip":\#(k),"times":\#(times)}]}"#)
      try folder.make("clean", "{}")
      // The plan is on the source or on one of the targets; all others are good.
      let operands = ["source", "a", "b"].map { "fault:\($0 == device ? "plan" : "clean"),\($0)" }
      let run = try Tool.run(
        ["copy", "--json", "--engine", engine, "--map", "maps", "--map-interval", "1ms"] + operands.dropLast()
          + [operands[2] + ",offset=0"], in: folder)
      let receipt = try run.receipt
      #expect([0, 3, 4].contains(run.exit), "\(operation) \(k): \(run.error)")
      try check(receipt, folder, bytes)
      for (index, name) in ["a", "b"].enumerated() where name != device { #expect(receipt.targets[index].ok) }
      if run.exit == 0 {
        #expect(try folder.bytes("a") == bytes && Array(folder.bytes("b").prefix(bytes.count)) == bytes)
        // What failed once was done by parts; else there was no k-th operation.
        if times == 1 { continue }
        return #expect(k > 0, "nothing was hit")
      }
      let repaired = try Tool.run(["repair", "--json", "--map", "maps", "source", "a", "b,offset=0"], in: folder)
      #expect(repaired.exit == 0, "\(operation) \(k): \(repaired.error)")
      #expect(try folder.bytes("a") == bytes)
      #expect(try Array(folder.bytes("b").prefix(bytes.count)) == bytes)
    }
  }

  /// What the receipt lists is what the maps do not call done; what they call done is there.
  private func check(_ receipt: Receipt, _ folder: TemporaryFolder, _ bytes: [UInt8]) throws {
    let source = try MapText(folder, "maps/source.map")
    var bytes = bytes
    for hole in receipt.source.holes {
      let range = Int(hole.sector) * 512..<min(bytes.count, Int(hole.sector + hole.count) * 512)
      bytes.replaceSubrange(range, with: [UInt8](repeating: 0, count: range.count))
    }
    #expect(Set(receipt.source.holes.flatMap(\.sectors)) == source.sectors { $0 == "-" })
    for (index, name) in ["a", "b"].enumerated() {
      let map = try MapText(folder, "maps/target-\(index + 1).map")
      let target = receipt.targets[index]
      #expect(Set(target.failed.flatMap(\.sectors)) == map.sectors { $0 != "+" })
      #expect(target.ok == target.failed.isEmpty)
      // A gap at the end of a file that was dropped is done, and there when the file is cut to its size: by who goes on.
      var written = try folder.bytes(name)
      written += [UInt8](repeating: 0, count: max(0, bytes.count - written.count))
      for run in map.runs where run.status == "+" {
        try #require(written.count >= run.bytes.upperBound && written[run.bytes] == bytes[run.bytes], "\(name) \(run)")
      }
    }
  }
}
