internal import DMIO
internal import DMIOCopy
internal import DMIOTestSupport
internal import Testing

/// The errors of a copy: which bits, which extents, and what is done and left out because of them.
@Suite(.timeLimit(.minutes(10))) struct ErrorTests {
  @Test("of 64 targets exactly those that fail have their bits, with errno and extent of each")
  func bits() async throws {
    let client = try CopyClient(chunkBytes: 64 << 10)
    let source = Disk.filled(128)
    for bad in [[], [0], [31], [32], [63], [0, 31, 32, 63], Array(0..<64)] {
      let disks = (0..<64).map { _ in Disk(128) }
      let regions = try disks.enumerated().map { index, disk in
        let rule = FaultPlan.Rule(
          operation: .write, start: UInt64(index), count: 2, errno: index % 2 == 0 ? .ENOSPC : .EREMOTEIO)
        return Region(whole: try disk.device(bad.contains(index) ? [rule] : []))
      }
      let result = try await client.copy(Region(whole: source.device), to: regions, .ignoreErrors)
      #expect(Array(result.writeErrors.indices) == bad && !result.readFailed)
      for (index, disk) in disks.enumerated() {
        guard bad.contains(index) else {
          #expect(result.unwritten[index].isEmpty && result.writeErrno(of: index) == nil && disk.bytes == source.bytes)
          continue
        }
        let errno: Errno = index % 2 == 0 ? .ENOSPC : .EREMOTEIO
        #expect(result.unwritten[index] == [Extent(sector: UInt64(index), count: 2, errno: errno)])
        #expect(result.writeErrno(of: index) == errno)
        #expect(disk.bytes == zeroed(source.bytes, index..<index + 2))
      }
    }
    try client.close()
  }

  @Test("with ignoreErrors, what cannot be read is zeros on every target, to the sector, and is listed")
  func unreadable() async throws {
    let (source, targets) = (Disk.filled(1000), disks(2, 1000))
    let rules = [
      FaultPlan.Rule(operation: .read, start: 0, count: 1), FaultPlan.Rule(operation: .read, start: 126, count: 5),
      FaultPlan.Rule(operation: .read, start: 999, count: 1, errno: .EREMOTEIO),
    ]
    let client = try CopyClient(chunks: 3, chunkBytes: 64 << 10)
    let regions = try targets.map { Region(whole: try $0.device) }
    let result = try await client.copy(Region(whole: source.device(rules)), to: regions, .ignoreErrors)
    #expect(result.readFailed && result.writeErrors.isEmpty && result.readErrno == .EIO)
    #expect(
      result.unreadable == [
        Extent(sector: 0, count: 1, errno: .EIO), Extent(sector: 126, count: 5, errno: .EIO),
        Extent(sector: 999, count: 1, errno: .EREMOTEIO),
      ])
    for target in targets { #expect(target.bytes == zeroed(source.bytes, 0..<1, 126..<131, 999..<1000)) }
    try client.close()
  }

  @Test("without ignoreErrors nothing new is begun after a read error, and its chunk is not written")
  func readError() async throws {
    let (source, target) = (Disk.filled(1280), Disk(1280))
    let client = try CopyClient(chunks: 1, chunkBytes: 64 << 10)
    let rule = FaultPlan.Rule(operation: .read, start: 300, count: 1)
    let result = try await client.copy(Region(whole: source.device([rule])), to: [Region(whole: target.device)])
    #expect(result.readFailed && result.writeErrors.isEmpty && !result.isCancelled)
    #expect(result.unreadable == [Extent(sector: 300, count: 1, errno: .EIO)])
    #expect(result.unwritten == [[Extent(sector: 256, count: 1024, errno: nil)]])
    #expect(target.bytes == zeroed(source.bytes, 256..<1280))
    try client.close()
  }

  @Test("without ignoreErrors nothing new is begun after a write error, on no target, and running chunks finish")
  func writeError() throws {
    let (source, bad, good) = (Disk.filled(1280), HeldDevice(Geometry(bytes: 1280 * 512)), Disk(1280))
    let client = try CopyClient(chunks: 3, chunkBytes: 64 << 10)
    let ended = Box<CopyResult?>(nil)
    try client.copy(Region(whole: source.device), to: [Region(whole: bad.device), Region(whole: good.device)]) {
      result in
      ended.change { $0 = result }
    }
    bad.wait(3)
    // The device says the same of all of the chunk, so that no part of it is tried.
    let pieces = bad.takeAll().sorted { $0.operand.sector < $1.operand.sector }
    pieces[1].fail(.ENODEV)
    try turn(client)
    #expect(ended.value == nil)
    pieces[0].succeed()
    pieces[2].succeed()
    let result = ended.waited()
    #expect(result.writeErrors == .region(0) && !result.readFailed)
    #expect(
      result.unwritten[0] == [
        Extent(sector: 128, count: 128, errno: .ENODEV), Extent(sector: 384, count: 896, errno: nil),
      ])
    #expect(result.unwritten[1] == [Extent(sector: 384, count: 896, errno: nil)])
    #expect(good.bytes == zeroed(source.bytes, 384..<1280))
    try client.close()
  }

  @Test("a device that was closed is an error of its region, not of the call")
  func closed() async throws {
    let (source, gone) = (try Disk.filled(64).device, try Disk(64).device)
    gone.close()
    let client = try CopyClient()
    let written = try await client.copy(Region(whole: source), to: [Region(whole: gone)])
    #expect(written.writeErrors == .region(0) && written.writeErrno(of: 0) == .ENODEV)
    let read = try await client.copy(Region(whole: gone), to: [Region(whole: source)])
    #expect(read.readFailed && read.readErrno == .ENODEV)
    try client.close()
  }
}
