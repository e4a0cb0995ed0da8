import DMIOTestSupport
import Testing

@testable import DMIO

/// Calls that are wrong in themselves: thrown, before anything was submitted.
@Suite struct RefusalTests {
  /// Expects the error from `body`, no callback, and no operation on the device.
  private func refused(
    _ way: Way, _ expected: BlockError, _ operation: DMIO.Operation, _ memory: Memory,
    sourceLocation: SourceLocation = #_sourceLocation, _ regions: (BlockDevice) -> [Region]
  ) throws {
    let rig = try Rig(way)
    let recorder = RecordingDevice(Geometry(bytes: 1 << 30, discardSectors: 1, writeZeroesSectors: 1))
    let device = try recorder.device
    let called = Box(0)
    #expect(throws: expected, sourceLocation: sourceLocation) {
      switch way.door {
      case .callback, .closure:
        _ = try rig.start(operation, regions(device), memory) { _ in called.change { $0 += 1 } }
      default: _ = try rig.perform(operation, regions(device), memory)
      }
    }
    rig.client.close()
    #expect(called.value == 0, sourceLocation: sourceLocation)
    #expect(recorder.operands.value.isEmpty, sourceLocation: sourceLocation)
  }

  @Test("T1: a read of two regions is refused with EIO, without callback or operation", arguments: Way.noFiles)
  func readOfTwo(way: Way) throws {
    let bytes = Bytes(.contiguous(shift: 0), count: 4096)
    bytes.contents = pattern(4096)
    try refused(way, .invalid(.readOfSeveralRegions), .read, bytes.memory) { device in
      [Region(device, start: 0, count: 8), Region(device, start: 8, count: 8)]
    }
    #expect(BlockError.invalid(.readOfSeveralRegions).errno == .EIO)
    #expect(bytes.contents == pattern(4096))
  }

  @Test("65 regions are refused", arguments: Way.noFiles) func tooMany(way: Way) throws {
    let bytes = Bytes(.contiguous(shift: 0), count: 4096)
    try refused(way, .invalid(.tooManyRegions), .write, bytes.memory) { device in
      (0..<65).map { Region(device, start: UInt64($0), count: 1) }
    }
  }

  @Test(
    "T20: segments that are no multiple of 512 bytes are refused",
    arguments: [[100, 412], [4096, 100], [256, 256, 256]])
  func segments(lengths: [Int]) throws {
    for way in Way.noFiles {
      let bytes = Bytes(.vectors(lengths, shift: 0), count: 8192)
      try refused(way, .invalid(.segmentNotSectors), .write, bytes.memory) { [Region($0, start: 0, count: 16)] }
    }
  }

  @Test("T20: an offset into the first page that is no multiple of 512 bytes is refused") func offset() throws {
    for offset in [1, 511, 513, 4095] {
      let bytes = Bytes(.pages(offset: offset), count: 8192)
      try refused(Way.noFiles[0], .invalid(.segmentNotSectors), .write, bytes.memory) {
        [Region($0, start: 0, count: 8)]
      }
    }
    for offset in [-512, 4096, 1 << 40] {
      let list = try PageList(count: 2)
      try refused(Way.noFiles[0], .invalid(.offsetOutsidePage), .write, list.memory(offset: offset)) {
        [Region($0, start: 0, count: 1)]
      }
    }
  }

  @Test("T21: memory shorter than the longest region is refused, in every form", arguments: Way.noFiles)
  func shortMemory(way: Way) throws {
    for form in [Bytes.Form.contiguous(shift: 0), .vectors([4096], shift: 0), .pages(offset: 0), .pages(offset: 512)] {
      let bytes = Bytes(form, count: form == .pages(offset: 512) ? 3 * 4096 - 512 : 3 * 4096)
      for operation in [DMIO.Operation.read, .write] {
        try refused(way, .invalid(.memoryTooShort), operation, bytes.memory) { [Region($0, start: 0, count: 32)] }
      }
    }
  }

  @Test("T28: data without memory is refused, in every form that has none", arguments: Way.noFiles)
  func noMemory(way: Way) throws {
    let none: [Memory] = [
      .none, Memory(contiguous: nil, byteCount: 4096), Memory(pages: nil, offset: 0),
      Memory(vectors: UnsafePointer(bitPattern: 8)!, count: 0),
    ]
    for memory in none {
      try refused(way, .invalid(.memoryTooShort), .write, memory) { [Region($0, start: 0, count: 1)] }
    }
  }

  @Test("sector arithmetic that overflows is refused, up to the last number")
  func overflow() throws {
    let limit = UInt64(1) << 54
    let corners: [(UInt64, UInt64)] = [
      (limit, 0), (0, limit), (limit - 1, 2), (1, limit), (.max, 1), (1, .max), (.max, .max), (1 << 63, 1 << 63),
      (1 << 63, 0), (.max - 7, 8),
    ]
    for (start, count) in corners {
      for operation in [DMIO.Operation.read, .write, .discard, .writeZeroes] {
        let bytes = Bytes(.contiguous(shift: 0), count: 512)
        try refused(Way.noFiles[0], .invalid(.sectorOverflow), operation, bytes.memory) {
          [Region($0, start: start, count: count)]
        }
      }
    }
  }

  @Test("regions just below the overflow are checked, and nothing traps", arguments: [0, 512, 3584])
  func belowOverflow(offset: Int) throws {
    let limit = UInt64(1) << 54
    let list = try PageList(count: 1)
    let device = try RecordingDevice(Geometry(bytes: 1 << 30, discardSectors: 1 << 20)).device
    let rig = try Rig(Way.noFiles[0])
    for (start, count) in [(0, limit - 1), (1, limit - 1), (limit - 2, 1)] as [(UInt64, UInt64)] {
      let isShort = count > 8
      if isShort {
        #expect(throws: BlockError.invalid(.memoryTooShort)) {
          _ = try rig.perform(.write, [Region(device, start: start, count: count)], list.memory(offset: offset))
        }
      } else {
        let answer = try rig.perform(.write, [Region(device, start: start, count: count)], list.memory(offset: offset))
        #expect(answer == .failure(0, .EIO, start))
      }
      let discarded = try rig.perform(.discard, [Region(device, start: start, count: count)], .none)
      #expect(discarded == .failure(0, .EIO, start))
    }
  }

  @Test("a circular page list is long enough for any region") func circular() throws {
    let device = try RecordingDevice(Geometry(bytes: 1 << 40)).device
    let rig = try Rig(Way.noFiles[0])
    let nodes = UnsafeMutablePointer<PageNode>.allocate(capacity: 3)
    let page = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 4096)
    defer {
      nodes.deallocate()
      page.deallocate()
    }
    // One page before the circle of two.
    for index in 0..<3 {
      (nodes + index).initialize(to: PageNode(page: page, next: nodes + (index == 2 ? 1 : index + 1)))
    }
    let memory = Memory(pages: nodes, offset: 512)
    let large = Region(device, start: 0, count: (1 << 54) - 1)
    #expect(try rig.perform(.write, [large], memory) == .failure(0, .EIO, 0))
    // A read that is refused zeroes the pages once, not for each sector that was asked for.
    page.storeBytes(of: 7, toByteOffset: 600, as: UInt8.self)
    #expect(try rig.perform(.read, [large], memory) == .failure(0, .EIO, 0))
    #expect(page.load(fromByteOffset: 600, as: UInt8.self) == 0)
    #expect(try rig.perform(.write, [Region(device, start: 0, count: 4096)], memory) == .success)
  }

  @Test("a reservation of no page, of too many or of a number without sense is refused") func reservation() throws {
    for pages in [0, -1, Int.min, Limits.reservedPages + 1, Int.max] {
      #expect(throws: BlockError.invalid(.reservation)) { _ = try BlockClient(pages: pages) }
    }
    let client = try BlockClient(pages: 1)
    for pages in [Int.min, Int.max, -1] {
      #expect(throws: BlockError.invalid(.reservation)) { try client.reserve(pages: pages) }
    }
    for pages in [Int.min, -1] {
      #expect(throws: BlockError.invalid(.reservation)) { try client.release(pages: pages) }
    }
    #expect(try client.reservedPages == 1)
    try client.release(pages: .max)
    #expect(try client.reservedPages == 0)
  }

  @Test("a flush asks nothing of sector and count", arguments: Way.noFiles) func flushAnywhere(way: Way) throws {
    let recorder = RecordingDevice(Geometry(bytes: 1 << 20))
    let answer = try Rig(way).perform(.flush, [Region(try recorder.device, start: .max, count: .max)], .none)
    #expect(answer == .success)
    #expect(recorder.operands.value == [Operand(.flush, 0, 0, runs: 0)])
  }
}
