import DMIO
import HostParts
import Testing

/// A block device with bad sectors.
@Suite(.enabled(if: BadDevice.obstacle == nil, "\(BadDevice.obstacle ?? "")"), .serialized)
struct BadDeviceTests {
  private static let bytes = 16 << 20

  /// Opens it, filled with 0x42.
  private func open(_ bad: BadDevice, _ client: BlockClient) throws -> BlockDevice {
    let device = try BlockDevice.open(bad.path, FileOptions(isDirect: true, isExclusive: true))
    let block = Block(count: BadDeviceTests.bytes, 0x42)
    #expect(try block.perform(client, .write, [Region(whole: device)]).isSuccess)
    return device
  }

  @Test("of one write to many blocks exactly the bad ones fail", arguments: [512, 4096], EngineChoice.both)
  func writes(sector: Int, engine: EngineChoice) throws {
    let bad = try BadDevice(bytes: BadDeviceTests.bytes, sector: sector)
    let client = try BlockClient(pages: 64, engine: engine)
    let device = try open(bad, client)
    defer { device.close() }
    try bad.faults("w 1000 8 EIO", "w 1016 1 ENOSPC")
    let step = UInt64(sector / 512)
    let regions = (0..<40).map { Region(device, start: 992 + $0 * step, count: step) }
    let block = Block(count: sector, 0x43)
    let result = try block.perform(client, .write, regions)
    let failed = regions.indices.filter { index in
      let first = regions[index].start
      return first < 1008 && first + step > 1000 || first <= 1016 && first + step > 1016
    }
    #expect(Array(result.errors.indices) == failed)
    for index in failed {
      let errno: Errno = regions[index].start < 1008 ? .EIO : .ENOSPC
      #expect(result.failure(of: index) == RegionFailure(errno: errno, sector: regions[index].start))
    }
  }

  @Test("a read leaves zeros exactly where it failed", arguments: [512, 4096], EngineChoice.both)
  func reads(sector: Int, engine: EngineChoice) throws {
    let bad = try BadDevice(bytes: BadDeviceTests.bytes, sector: sector)
    let client = try BlockClient(pages: 64, engine: engine)
    let device = try open(bad, client)
    defer { device.close() }
    try bad.faults("r 3000 8 EIO")
    let block = Block(count: 3 << 20, 0xEE)
    let result = try block.perform(client, .read, [Region(device, start: 0, count: 6144)])
    let failure = try #require(result.failure(of: 0))
    #expect(failure.errno == .EIO)
    // The second piece, of a MiB, has the bad sectors; what the kernel brought of it before them counts.
    #expect((2048...3000).contains(failure.sector))
    #expect(block.isAll(0x42, 0..<Int(failure.sector) * 512))
    #expect(block.isAll(0, Int(failure.sector) * 512..<4096 * 512))
    #expect(block.isAll(0x42, 4096 * 512..<block.count))
  }

  @Test("a flush that fails poisons the device", arguments: EngineChoice.both)
  func flush(engine: EngineChoice) throws {
    let bad = try BadDevice(bytes: BadDeviceTests.bytes, sector: 512)
    let client = try BlockClient(pages: 4, engine: engine)
    let device = try open(bad, client)
    defer { device.close() }
    try bad.faults("f 0 0 EIO")
    #expect(try client.flushBlocking([device]).failure(of: 0)?.errno == .EIO)
    try bad.faults()
    #expect(device.failedFlush == .EIO)
    #expect(try client.flushBlocking([device]).failure(of: 0)?.errno == .EIO)
    let block = Block(count: 512, 1)
    #expect(try block.perform(client, .write, [Region(device, start: 0, count: 1)]).failure(of: 0)?.errno == .EIO)
    #expect(try block.perform(client, .read, [Region(device, start: 0, count: 1)]).isSuccess)
  }

  @Test("a delay is only a delay", arguments: EngineChoice.both)
  func delayed(engine: EngineChoice) throws {
    let bad = try BadDevice(bytes: BadDeviceTests.bytes, sector: 512)
    let client = try BlockClient(pages: 64, engine: engine)
    let device = try open(bad, client)
    defer { device.close() }
    try bad.faults("* 64 8 0 50 4", "r 128 1 EIO 0 1")
    let block = Block(count: 64 << 10, 0)
    let regions = [Region(device, start: 0, count: 128)]
    #expect(try block.perform(client, .read, regions).isSuccess)
    #expect(block.isAll(0x42))
    let once = [Region(device, start: 128, count: 8)]
    #expect(try block.perform(client, .read, once).failure(of: 0)?.errno == .EIO)
    #expect(try block.perform(client, .read, once).isSuccess)
  }
}
