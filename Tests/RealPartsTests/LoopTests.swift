import DMIO
import Glibc
import HostParts
import Testing

/// Block devices with both sizes of sectors.
@Suite(.enabled(if: Host.isRoot, "loop devices need root")) struct LoopTests {
  @Test("the logical block and the limits are those of the device", arguments: [512, 4096])
  func geometry(sector: Int) throws {
    let loop = try LoopDevice(bytes: 4 << 20, sector: sector)
    let device = try BlockDevice.open(loop.path, FileOptions(isDirect: true))
    #expect(device.geometry.logicalBlock == sector)
    #expect(device.geometry.bytes == 4 << 20)
    #expect(device.geometry.sectors == 8192)
    #expect(device.geometry.memoryAlignment <= 4096)
    #expect(device.geometry.discardSectors == loop.limit("discard_max_bytes") / 512)
    #expect(device.geometry.writeZeroesSectors == loop.limit("write_zeroes_max_bytes") / 512)
    #expect(device.fileReport?.isBlockDevice == true)
  }

  @Test("a region that does not fit the blocks is its own bit", arguments: EngineChoice.both)
  func misaligned(engine: EngineChoice) throws {
    let loop = try LoopDevice(bytes: 4 << 20, sector: 4096)
    let device = try BlockDevice.open(loop.path, FileOptions(isDirect: true))
    let client = try BlockClient(pages: 4, engine: engine)
    let block = Block(count: 4096, 0x5A)
    let regions = [(0, 8), (4, 8), (8, 4), (8192, 8), (8184, 8)].map { Region(device, start: $0.0, count: $0.1) }
    let result = try block.perform(client, .write, regions)
    #expect(result.errors == [.region(1), .region(2), .region(3)])
    #expect((1...3).map { result.failure(of: $0)?.errno } == [.EINVAL, .EINVAL, .EIO])
  }

  @Test("write-zeroes gives zeros, discard is taken", arguments: [512, 4096], EngineChoice.both)
  func zeroes(sector: Int, engine: EngineChoice) throws {
    let loop = try LoopDevice(bytes: 4 << 20, sector: sector)
    let device = try BlockDevice.open(loop.path, FileOptions(isDirect: true))
    let client = try BlockClient(pages: 4, engine: engine)
    let block = Block(count: 1 << 20, 0x77)
    let whole = Region(device, start: 0, count: 2048)
    #expect(try block.perform(client, .write(.fua), [whole]).isSuccess)
    #expect(try client.writeZeroesBlocking([Region(device, start: 64, count: 1024)]).isSuccess)
    #expect(try block.perform(client, .read, [whole]).isSuccess)
    #expect(block.isAll(0x77, 0..<64 * 512))
    #expect(block.isAll(0, 64 * 512..<1088 * 512))
    #expect(block.isAll(0x77, 1088 * 512..<block.count))
    #expect(try client.discardBlocking([whole]).isSuccess)
    #expect(try client.flushBlocking([device]).isSuccess)
  }

  @Test("a device that somebody holds is busy") func held() throws {
    let loop = try LoopDevice(bytes: 4 << 20, sector: 512)
    let exclusive = FileOptions(isDirect: true, isExclusive: true)
    do {
      let holder = try BlockDevice.open(loop.path, exclusive)
      expectErrno(.EBUSY) { () throws(BlockError) in _ = try BlockDevice.open(loop.path, exclusive) }
      _ = try BlockDevice.open(loop.path, FileOptions(isDirect: true))
      holder.close()
    }
    try untilFree { () throws(BlockError) in _ = try BlockDevice.open(loop.path, exclusive) }
  }

  @Test("a mounted device is busy", .enabled(if: Host.has("mkfs.ext4"), "mkfs.ext4 is not installed")) func mounted()
    throws
  {
    let loop = try LoopDevice(bytes: 16 << 20, sector: 512)
    let made = Host.run("mkfs.ext4", "-q", loop.path)
    guard made.status == 0 else { throw HostError(made, "mkfs.ext4") }
    let mount = try Mount("ext4", of: loop.path)
    expectErrno(.EBUSY) { () throws(BlockError) in
      _ = try BlockDevice.open(loop.path, FileOptions(isDirect: true, isExclusive: true))
    }
    try mount.end()
    try untilFree { () throws(BlockError) in
      _ = try BlockDevice.open(loop.path, FileOptions(isDirect: true, isExclusive: true))
    }
  }

  /// Tries as long as the device is busy: a process that another test forks has our descriptors until it is the program it will be.
  private func untilFree(_ body: () throws(BlockError) -> Void) throws {
    let end = ContinuousClock.now + .seconds(60)
    while true {
      do throws(BlockError) { return try body() } catch {
        guard error.errno == .EBUSY, ContinuousClock.now < end else { throw error }
        sched_yield()
      }
    }
  }

  private func expectErrno(_ errno: Errno, _ body: () throws(BlockError) -> Void) {
    do throws(BlockError) {
      try body()
      Issue.record("nothing was thrown")
    } catch {
      #expect(error.errno == errno, "\(error)")
    }
  }
}
