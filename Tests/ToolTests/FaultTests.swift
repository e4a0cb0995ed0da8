import Testing

@Suite struct FaultTests {
  @Test("a target that vanishes is told with its first sector and what to do, not with the flush that fails after it")
  func vanished() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(4 << 20))
    try folder.make("plan", #"{"rules":[{"op":"any","action":"vanish","skip":1}]}"#)
    let run = try Tool.run(["copy", "--json", "--map", "maps", "source", "fault:plan,a", "b"], in: folder)
    let target = try run.receipt.targets[0]
    #expect(run.exit == 3 && target.errno == "ENODEV" && (target.firstBadSector ?? 0) >= 2048, "\(run.error)")
    #expect(run.error.contains("fault:plan,a: sector \(target.firstBadSector ?? 0) (+"), "\(run.error)")
    #expect(run.error.contains("write: No such device\n") && run.error.contains("fault:plan,a: is gone; put it back"))
  }

  @Test("bad sectors of a source become zeros and holes, to the sector", arguments: engines) func holes(engine: String)
    throws
  {
    let folder = try TemporaryFolder()
    var bytes = try folder.make("source", pattern(5 << 20))
    try folder.make(
      "plan",
      """
      {"rules":[{"op":"read","sectors":[0,1]},{"op":"read","sectors":[2047,2],"errno":"ENODATA"},
                {"op":"read","sectors":[7001,3]},{"op":"read","sectors":[10239,1]}]}
      """)
    let run = try Tool.run(["copy", "--json", "--engine", engine, "fault:plan,source", "a", "b"], in: folder)
    #expect(run.exit == 4)
    let receipt = try run.receipt
    #expect(
      receipt.source.holes == [
        .init(0, 1, "EIO"), .init(2047, 2, "ENODATA"), .init(7001, 3, "EIO"), .init(10239, 1, "EIO"),
      ])
    #expect(receipt.targets.allSatisfy { $0.ok && $0.bytesWritten == 5 << 20 && $0.failed.isEmpty })
    for extent in receipt.source.holes {
      for byte in Int(extent.sector) * 512..<Int(extent.sector + extent.count) * 512 { bytes[byte] = 0 }
    }
    #expect(try folder.bytes("a") == bytes)
    #expect(try folder.bytes("b") == bytes)
    #expect(
      run.error == """
        dmio: fault:plan,source: sector 0 (+1): read: Input/output error
        dmio: fault:plan,source: sector 2047 (+2): read: No data available
        dmio: fault:plan,source: sector 7001 (+3): read: Input/output error
        dmio: fault:plan,source: sector 10239 (+1): read: Input/output error

        """)
  }

  @Test("a read that fails once is no hole") func transient() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(2 << 20))
    try folder.make("plan", #"{"rules":[{"op":"read","times":2}]}"#)
    #expect(try Tool.run(["copy", "fault:plan,source", "target"], in: folder).exit == 0)
    #expect(try folder.bytes("target") == bytes)
  }

  @Test("a write that fails once keeps its target") func transientWrite() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(3 << 20))
    try folder.make("plan", #"{"rules":[{"op":"write","times":3,"errno":"ENOSPC"}]}"#)
    let run = try Tool.run(["copy", "--json", "source", "fault:plan,target"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    #expect(try run.receipt.targets[0].bytesWritten == 3 << 20)
    #expect(try folder.bytes("target") == bytes)
  }

  @Test("a bad target is dropped with its bad sectors named, the others finish", arguments: engines)
  func badTarget(engine: String) throws {
    let folder = try TemporaryFolder()
    let size = 40 << 20
    let bytes = try folder.make("source", pattern(size))
    try folder.make("plan", #"{"rules":[{"op":"write","sectors":[3000,7],"errno":"ENOSPC"}]}"#)
    let run = try Tool.run(["copy", "--json", "--engine", engine, "source", "a", "fault:plan,bad", "b"], in: folder)
    #expect(run.exit == 3)
    let receipt = try run.receipt
    let bad = receipt.targets[1]
    #expect(receipt.targets[0].ok && receipt.targets[2].ok)
    #expect(!bad.ok && !bad.flushed && bad.errno == "ENOSPC" && bad.firstBadSector == 3000)
    #expect(bad.failed.first == .init(3000, 7, "ENOSPC"))
    #expect(bad.failed.dropFirst().allSatisfy { $0.errno == nil })
    #expect(bad.bytesWritten + bad.failed.reduce(0) { $0 + $1.count * 512 } == UInt64(size))
    let written = try folder.bytes("bad")
    // What lies between the sectors that are listed is there.
    var next = 0
    for failed in bad.failed.map(\.sectors) + [UInt64(size / 512)..<UInt64(size / 512)] {
      let good = next..<Int(failed.lowerBound) * 512
      next = Int(failed.upperBound) * 512
      // A target that was dropped early is shorter than the copy.
      if good.isEmpty { continue }
      try #require(good.upperBound <= written.count)
      #expect(Array(written[good]) == Array(bytes[good]), "not listed, and not there: bytes \(good)")
    }
    #expect(try folder.bytes("a") == bytes)
    #expect(try folder.bytes("b") == bytes)
    #expect(run.error.hasPrefix("dmio: fault:plan,bad: sector 3000 (+7): write: No space left on device\n"))
  }

  @Test("after its first failure a target gets no new chunks") func dropped() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(40 << 20))
    // All but the first chunk are answered slowly, so that those in flight are all that there is when the first has failed.
    try folder.make(
      "plan",
      #"{"rules":[{"op":"write","sectors":[0,1]},{"op":"write","sectors":[2048,90000],"action":"delay","delay_ms":500}]}"#
    )
    let run = try Tool.run(["copy", "--json", "source", "fault:plan,bad", "ram:40MiB"], in: folder)
    #expect(run.exit == 3)
    let bad = try run.receipt.targets[0]
    #expect(bad.failed.first == .init(0, 1, "EIO") && bad.failed.last?.errno == nil)
    #expect(bad.bytesWritten <= 16 << 20 && bad.failed.last?.sectors.upperBound == 81920)
  }

  @Test("the only target that fails is exit 5", arguments: ["EIO", "ENODEV"]) func onlyTarget(errno: String) throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
    try folder.make("plan", #"{"rules":[{"op":"write","errno":"\#(errno)"}]}"#)
    let run = try Tool.run(["copy", "--json", "source", "fault:plan,ram:1MiB"], in: folder)
    #expect(run.exit == 5)
    let target = try run.receipt.targets[0]
    #expect(target.failed == [.init(0, 2048, errno)] && target.bytesWritten == 0 && target.errno == errno)
  }

  @Test("holes and a failed target together are exit 3, with no good target 5") func precedence() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1 << 20))
    try folder.make("holes", #"{"rules":[{"op":"read","sectors":[5,1]}]}"#)
    try folder.make("bad", #"{"rules":[{"op":"write","sectors":[9,1]}]}"#)
    #expect(try Tool.run(["copy", "fault:holes,source", "a", "fault:bad,b"], in: folder).exit == 3)
    #expect(try Tool.run(["copy", "fault:holes,source", "fault:bad,b"], in: folder).exit == 5)
  }

  @Test("a failed flush is the target's failure, and nothing on it is trusted") func failedFlush() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(700))
    try folder.make("plan", #"{"rules":[{"op":"flush","errno":"EIO"}]}"#)
    let run = try Tool.run(["copy", "--json", "source", "fault:plan,a", "b"], in: folder)
    #expect(run.exit == 3)
    let targets = try run.receipt.targets
    #expect(!targets[0].ok && !targets[0].flushed && targets[0].errno == "EIO" && targets[0].firstBadSector == nil)
    #expect(targets[0].failed == [.init(0, 2, "EIO")] && targets[0].bytesWritten == 700)
    #expect(targets[1].ok && targets[1].flushed)
    #expect(run.error == "dmio: fault:plan,a: flush: Input/output error\n")
  }

  @Test("a target that vanishes is exit 3, with all that it does not hold listed") func vanishes() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(24 << 20))
    try folder.make("plan", #"{"rules":[{"op":"write","sectors":[10240,1],"action":"vanish"}]}"#)
    let run = try Tool.run(["copy", "--json", "source", "a", "fault:plan,b"], in: folder)
    #expect(run.exit == 3)
    let bad = try run.receipt.targets[1]
    #expect(bad.errno == "ENODEV" && bad.firstBadSector.map { $0 % 2048 } == 0)
    #expect(bad.bytesWritten + bad.failed.reduce(0) { $0 + $1.count * 512 } == 24 << 20)
  }

  @Test("a source that is bad from end to end is copied as zeros") func allBad() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(2_000_000))
    try folder.make("plan", #"{"rules":[{"op":"read","errno":"EREMOTEIO"}]}"#)
    let run = try Tool.run(["copy", "--json", "fault:plan,source", "target"], in: folder)
    #expect(run.exit == 4)
    #expect(try run.receipt.source.holes == [.init(0, 3907, "EREMOTEIO")])
    #expect(try folder.bytes("target") == [UInt8](repeating: 0, count: 2_000_000))
  }
}
