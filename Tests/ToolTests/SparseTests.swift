import HostParts
import Testing

import var DMIOTestSupport.isSanitized

/// Runs of zeros, and sources that are larger than any disk.
@Suite struct SparseTests {
  @Test("two TiB of nothing are copied in no time, and the few bytes in them arrive", arguments: engines) func huge(
    engine: String
  ) throws {
    let folder = try TemporaryFolder()
    try shell(
      "cd '\(folder.path)' && truncate -s 2T source && printf abc | dd of=source bs=1 seek=1099511627776 conv=notrunc 2>/dev/null"
    )
    let run = try Tool.run(["copy", "--json", "--engine", engine, "source", "a", "b"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    for name in ["a", "b"] {
      #expect(folder.size(name) == 2 << 40)
      #expect(try shell("dd if='\(folder.path)/\(name)' bs=1 skip=1099511627776 count=3 2>/dev/null") == "abc")
      #expect(try shell("[ $(stat -c %b '\(folder.path)/\(name)') -lt 100 ] && echo small") == "small")
    }
  }

  @Test("two TiB of nothing, and a file of zeros, are copied in less than 64 MiB of memory", arguments: engines)
  func memory(engine: String) throws {
    let folder = try TemporaryFolder()
    try shell("cd '\(folder.path)' && truncate -s 2T source && fallocate -l 256M full")
    for source in ["source", "full"] {
      // A process of its own starts the tool: what is counted for a child begins with what its parent had.
      let peak = try shell(
        "cd '\(folder.path)' && env time -f %M '\(Tool.path)' copy --engine \(engine) \(source) a b c d 2>&1 | tail -1")
      let kibibytes = try #require(Int(peak))
      #expect(kibibytes > 1000 && (isSanitized || kibibytes < 64 << 10), "\(source): \(peak) KiB")
      try shell("cd '\(folder.path)' && rm a b c d")
    }
  }

  @Test(
    "gaps are not read, also where they have blocks; of those up to 4 MiB may be",
    arguments: ["truncate -s", "fallocate -l"])
  func reads(_ make: String) throws {
    let folder = try TemporaryFolder()
    // What a shell's children have read is added to its own when they end.
    let read = try shell(
      """
      cd '\(folder.path)' && \(make) 256M source && printf abc | dd of=source bs=1 seek=1000000 conv=notrunc 2>/dev/null
      before=$(sed -n 's/^rchar: //p' /proc/$$/io)
      '\(Tool.path)' copy --engine threads source a 2>/dev/null || exit
      after=$(sed -n 's/^rchar: //p' /proc/$$/io)
      cmp source a && echo $((after - before))
      """)
    let bytes = try #require(Int(read), "it said: \(read)")
    #expect(bytes > 4096 && bytes < 6 << 20)
  }

  @Test("a gap overwrites what stood there, unless the targets are said to be zero") func overRegion() throws {
    let folder = try TemporaryFolder()
    try shell(
      "cd '\(folder.path)' && truncate -s 4M source && printf abc | dd of=source bs=1 seek=2000000 conv=notrunc 2>/dev/null"
    )
    let source = try folder.bytes("source")
    for options in [[], ["--sparse", "off"]] {
      let old = try folder.make("a", pattern(6 << 20, seed: 4))
      #expect(try Tool.run(["copy"] + options + ["source", "a,offset=1MiB"], in: folder).exit == 0)
      #expect(try folder.bytes("a") == old[..<(1 << 20)] + source + old[(5 << 20)...])
    }
    let old = try folder.make("a", pattern(6 << 20, seed: 4))
    #expect(try Tool.run(["copy", "--target-is-zero", "source", "a,offset=1MiB"], in: folder).exit == 0)
    let after = try folder.bytes("a")
    #expect(after[..<(2 << 20)] == old[..<(2 << 20)], "nothing is written over what is said to be zero")
  }

  @Test("zeros in the data of a source are left out of a new file, and written with sparse off") func zeros() throws {
    let folder = try TemporaryFolder()
    var bytes = [UInt8](repeating: 0, count: 3 << 20)
    bytes.replaceSubrange(700_000..<700_010, with: repeatElement(7, count: 10))
    try folder.make("source", bytes)
    let sparse = try Tool.run(["copy", "--json", "source", "a"], in: folder).receipt
    #expect(sparse.targets[0].ok && sparse.targets[0].bytesWritten == 65536)
    let full = try Tool.run(["copy", "--json", "--sparse", "off", "source", "b"], in: folder).receipt
    #expect(full.targets[0].bytesWritten == 3 << 20)
    #expect(try folder.bytes("a") == bytes)
    #expect(try folder.bytes("b") == bytes)
  }

  @Test(
    "a block device gets zeros by its own operation, and what it cannot is written",
    .enabled(if: isRoot, "loop devices need root"))
  func blockDevice() throws {
    let folder = try TemporaryFolder()
    try folder.make("disk", pattern(4 << 20, seed: 3))
    let loop = try RootTests.Loop(folder, "disk")
    try shell(
      "cd '\(folder.path)' && truncate -s 4M source && printf abc | dd of=source bs=1 seek=3000000 conv=notrunc 2>/dev/null"
    )
    #expect(try Tool.run(["copy", "--yes", "source", loop.path], in: folder).exit == 0)
    #expect(try folder.bytes("disk") == folder.bytes("source"))
    try folder.make("cannot", #"{"geometry":{"write_zeroes":false}}"#)
    try folder.make("refuses", #"{"rules":[{"op":"zero","errno":"EOPNOTSUPP"}]}"#)
    for plan in ["cannot", "refuses"] {
      try folder.make("c", pattern(4 << 20, seed: 3))
      #expect(try Tool.run(["copy", "source", "fault:\(plan),c,offset=0"], in: folder).exit == 0)
      #expect(try folder.bytes("c") == folder.bytes("source"), "\(plan)")
    }
  }
}
