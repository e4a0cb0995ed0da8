import DMIOTestSupport
import Testing

@testable import DMIO

/// Vectors that the kernel takes as they were given.
@Suite struct GivenVectorsTests {
  /// Whether vectors of these lengths, at an address each unless it is 0, are taken for `length` bytes.
  private func areJust(_ length: Int, _ vectors: [(address: UInt, length: Int)]) -> Bool {
    let given = vectors.map { MemoryVector(base: UnsafeMutableRawPointer(bitPattern: $0.address), length: $0.length) }
    return given.withUnsafeBufferPointer { given in
      given.baseAddress.map { Memory(vectors: $0, count: given.count).start.areJust(given.count, length) } ?? false
    }
  }

  @Test("only whole sectors that are there, as many as are asked for, are taken as they are") func which() {
    #expect(areJust(4096, [(4096, 4096)]))
    #expect(areJust(4096, [(4096, 512), (12288, 3584)]))
    #expect(!areJust(4096, [(4096, 512), (8192, 0), (12288, 3584)]), "an empty one")
    #expect(areJust(1024 * 512, [(address: UInt, length: Int)](repeating: (4096, 512), count: 1024)))
    #expect(!areJust(1025 * 512, [(address: UInt, length: Int)](repeating: (4096, 512), count: 1025)))
    #expect(!areJust(4096, [(4096, 4096), (8192, 512)]), "too long")
    #expect(!areJust(4096, [(4096, 3584)]), "too short")
    #expect(!areJust(4096, [(4096, 4000), (8192, 96)]), "no sectors")
    #expect(!areJust(4096, [(4096, 4096), (0, 0)]), "not there")
    #expect(!areJust(4096, [(0, 4096)]), "not there")
    #expect(!areJust(4096, [(4096, 8192), (8192, -4096)]), "negative")
    #expect(!areJust(4096, [(4096, .min), (8192, .min), (12288, 4096)]), "beyond what an integer holds")
    #expect(!areJust(0, []))
  }

  @Test("vectors are looked at anew for each request", arguments: Way.engines) func anew(engine: EngineChoice) throws {
    let disk = try TemporaryDisk(bytes: 1 << 16)
    let client = try BlockClient(pages: 16, kind: .driven, engine: engine)
    let device = try disk.open(direct: false)
    let regions = [Region(device, start: 0, count: 8), Region(device, start: 64, count: 8)]
    let bytes = Bytes(.contiguous(shift: 0), count: 8192)
    bytes.contents = pattern(8192, 5)
    let base = try #require(bytes.memory.base)
    let vectors = UnsafeMutableBufferPointer<MemoryVector>.allocate(capacity: 2)
    defer { vectors.deallocate() }
    // Beyond what a device can have: refused when the vectors have been looked at, and before the ring is told.
    let refused = [regions[0], Region(device, start: 1 << 60, count: 8)]
    for (first, second) in [(0, 4096), (4096, 0), (2048, 6144)] {
      let memory = Memory(vectors: try #require(UnsafePointer(vectors.baseAddress)), count: 2)
      vectors.initialize(repeating: MemoryVector(base: base, length: 2048))
      #expect(throws: BlockError.self) { try client.performBlocking(.write, refused, memory) }
      vectors.initializeElement(at: 0, to: MemoryVector(base: base + first, length: 2048))
      vectors.initializeElement(at: 1, to: MemoryVector(base: base + second, length: 2048))
      #expect(try client.performBlocking(.write, regions, memory).isSuccess)
      let written = [first, second].flatMap { pattern(8192, 5)[$0..<$0 + 2048] }
      #expect(disk.contents(0, 4096) == written && disk.contents(64 * 512, 4096) == written)
    }
    // A vector that is not there is refused, as it was before.
    vectors.initializeElement(at: 1, to: MemoryVector(base: nil, length: 2048))
    let memory = Memory(vectors: try #require(UnsafePointer(vectors.baseAddress)), count: 2)
    #expect(throws: BlockError.invalid(.memoryTooShort)) { try client.performBlocking(.write, regions, memory) }
  }

  @Test("a vector or two arrive wherever they lie, also where a device wants them aligned", arguments: Way.engines)
  func anywhere(engine: EngineChoice) throws {
    let disk = try TemporaryDisk(bytes: 1 << 16)
    let client = try BlockClient(pages: 16, kind: .driven, engine: engine)
    let device = try disk.open(direct: true)
    for lengths in [[4096], [1024, 3072]] {
      for shift in [0, 1, 4, 256] {
        let memory = Bytes(.vectors(lengths, shift: shift), count: 4096)
        memory.contents = pattern(4096, UInt64(shift + lengths.count))
        for regions in [[Region(device, start: 0, count: 8)], [0, 8].map { Region(device, start: $0, count: 8) }] {
          #expect(try client.performBlocking(.write, regions, memory.memory).isSuccess, "\(lengths) \(shift)")
        }
        #expect(disk.contents(0, 8192) == memory.contents + memory.contents)
      }
    }
  }

  @Test("a refused request takes nothing from those that were submitted before it", arguments: Way.engines)
  func refusedBetween(engine: EngineChoice) throws {
    let disk = try TemporaryDisk(bytes: 1 << 16)
    let client = try BlockClient(pages: 16, kind: .driven, engine: engine)
    let device = try disk.open(direct: false)
    func regions(_ starts: UInt64...) -> [Region] { starts.map { Region(device, start: $0, count: 16) } }
    let between: [(Bytes.Form, [Region])] = [
      (.pages(offset: 511), regions(0, 16)), (.pages(offset: 512), regions(0, 1 << 60)),
      (.vectors([4096], shift: 0), regions(0, 1 << 60)), (.pages(offset: 511), regions(0)),
    ]
    for (round, (form, places)) in between.enumerated() {
      let given = (0..<3).map { Bytes($0 == 1 ? form : .pages(offset: 512), count: 8192) }
      for (index, bytes) in given.enumerated() { bytes.contents = pattern(8192, UInt64(4 * round + index)) }
      let (ended, good) = (Box(0), Box(0))
      let end: @Sendable (RegionResult) -> Void = { result in
        ended.change { $0 += 1 }
        if result.isSuccess { good.change { $0 += 1 } }
      }
      try client.submit(.write, regions(0, 16), given[0].memory, completion: end)
      #expect(throws: BlockError.self) { try client.submit(.write, places, given[1].memory, completion: end) }
      try client.submit(.write, regions(32, 48), given[2].memory, completion: end)
      while ended.value < 2 { try client.poll(wait: true) }
      #expect(good.value == 2)
      let areFirst = disk.contents(0, 16384) == given[0].contents + given[0].contents
      let areLast = disk.contents(16384, 16384) == given[2].contents + given[2].contents
      #expect(areFirst && areLast, "\(form)")
    }
  }
}
