import DMIO
import Testing

@Suite struct PageListTests {
  @Test("a page list is written from its offset and read back into another", arguments: [0, 512, 3584])
  func roundTrip(offset: Int) throws {
    let client = try BlockClient(pages: 1)
    let disk = try BlockDevice.ram(bytes: 1 << 20)
    var from = try PageList(count: 3)
    for page in 0..<3 {
      from.withPage(page) { bytes in
        for index in bytes.byteOffsets {
          bytes.storeBytes(of: UInt8(truncatingIfNeeded: index / 512 + 8 * page), toByteOffset: index, as: UInt8.self)
        }
      }
    }
    #expect(try client.writeBlocking([Region(disk, start: 5, count: 16)], from: from, offset: offset).isSuccess)
    var into = try PageList(count: 2)
    #expect(try client.readBlocking(Region(disk, start: 5, count: 16), into: &into).isSuccess)
    for sector in 0..<16 {
      let byte = into.withPage(sector / 8) { $0.unsafeLoad(fromByteOffset: sector % 8 * 512 + 511, as: UInt8.self) }
      #expect(byte == UInt8(sector + offset / 512))
    }
  }

  @Test(
    "every priority is a hint: the write succeeds on both engines",
    arguments: [EngineChoice.uring, .threads],
    [IOPriority.idle, .bestEffort(3), .realTime(0), IOPriority(rawValue: 0xE000)])
  func priorities(engine: EngineChoice, priority: IOPriority) throws {
    let disk = try BlockDevice.null(bytes: 1 << 20)
    let file = try BlockDevice.open("/dev/null", FileOptions(characterBytes: 1 << 20))
    let client = try BlockClient(pages: 1, engine: engine)
    let page = try PageBuffer(pages: 1)
    let regions = [Region(disk, start: 0, count: 8), Region(file, start: 0, count: 8)]
    let result = try client.performBlocking(Operation(.write, priority: priority), regions, page.memory)
    #expect(result.isSuccess)
    _ = consume page
  }

  @Test("regions of no sectors look at no page, wherever their list stands") func nothing() throws {
    let device = try BlockDevice.open("/dev/null", FileOptions(characterBytes: 1 << 20))
    let client = try BlockClient(pages: 1, kind: .driven)
    // The first page of the address space is nobody's.
    let nowhere = Memory(pages: UnsafePointer(bitPattern: 64)!, offset: 512)
    let none = Region(device, start: 0, count: 0)
    for regions in [[none], [none, none], [none, none, none]] {
      // The bits, once they are there.
      var answer = UInt64.max
      try withUnsafeMutablePointer(to: &answer) { answer in
        try client.submit(.write, regions.span, nowhere, context: answer) { errors, answer in
          answer?.storeBytes(of: errors, as: UInt64.self)
        }
        while answer.pointee == .max { try client.poll(wait: false) }
      }
      #expect(answer == 0)
    }
  }
}
