import DMIO
import DMIOTestSupport
import Glibc
import Testing

/// The straight line of requests of one region that ask for their bits alone, and every way off it.
@Suite struct FoldedTests {
  /// What callbacks noted, in order: the request's number and its bits.
  private typealias Notes = Box<[(request: Int, bits: UInt64)]>

  private final class Asked {
    let number: Int
    let notes: Notes
    init(_ number: Int, _ notes: Notes) {
      self.number = number
      self.notes = notes
    }
  }

  private let client: BlockClient
  private let notes = Notes([])

  init() throws { client = try BlockClient(pages: 1, kind: .driven, engine: .uring) }

  /// Submits a request that tells its bits only.
  private func submit(
    _ number: Int, _ operation: DMIO.Operation, _ regions: [Region], _ memory: Memory
  ) throws(BlockError) {
    let asked = Unmanaged.passRetained(Asked(number, notes))
    do throws(BlockError) {
      try client.submit(operation, regions.span, memory, context: asked.toOpaque()) { bits, context in
        guard let context else { return }
        let asked = Unmanaged<Asked>.fromOpaque(context).takeRetainedValue()
        asked.notes.change { $0.append((asked.number, bits)) }
      }
    } catch {
      asked.release()
      throw error
    }
  }

  private func drain(_ count: Int) throws {
    while notes.value.count < count { try client.poll(wait: true) }
  }

  private func perform(_ operation: DMIO.Operation, _ region: Region, _ memory: Memory) throws -> UInt64 {
    notes.change { $0 = [] }
    try submit(0, operation, [region], memory)
    try drain(1)
    return notes.value[0].bits
  }

  @Test("sectors come and go through the straight line", arguments: [true, false]) func roundTrip(direct: Bool) throws {
    let disk = try TemporaryDisk(bytes: 1 << 20)
    let device = try disk.open(direct: direct)
    var page = try PageBuffer(pages: 4)
    for (start, count) in [(0, 8), (8, 16), (2040, 8), (16, 32)] as [(UInt64, UInt64)] {
      let bytes = pattern(Int(count) * 512, start)
      fill(&page, bytes)
      #expect(try perform(.write, Region(device, start: start, count: count), page.memory) == 0)
      #expect(disk.contents(Int(start) * 512, bytes.count) == bytes)
      fill(&page, [UInt8](repeating: 0xEE, count: bytes.count))
      #expect(try perform(.read, Region(device, start: start, count: count), page.memory) == 0)
      #expect(contents(page, bytes.count) == bytes)
    }
  }

  @Test("a transfer that ends early is padded where the file may, and fails where it may not") func endsEarly() throws {
    let bytes = pattern(10 * 512)
    let (short, shrinking) = (try TemporaryDisk(bytes: 8 * 512), try TemporaryDisk(bytes: 10 * 512))
    short.fill(Array(bytes[..<(8 * 512)]))
    shrinking.fill(bytes)
    let (padded, fixed) = (try short.open(direct: false, size: .growing), try shrinking.open(direct: false))
    truncate(shrinking.path, 8 * 512)
    for (device, bits) in [(padded, 0), (fixed, 1)] as [(BlockDevice, UInt64)] {
      var page = try PageBuffer(pages: 1)
      fill(&page, [UInt8](repeating: 0xEE, count: 4096))
      #expect(try perform(.read, Region(device, start: 2, count: 8), page.memory) == bits)
      let got = contents(page, 4096)
      #expect(Array(got[..<(6 * 512)]) == Array(bytes[(2 * 512)..<(8 * 512)]))
      #expect(got[(6 * 512)...].allSatisfy { $0 == 0 })
      #expect(try perform(.read, Region(device, start: 0, count: 8), page.memory) == 0)
    }
  }

  @Test("scattered memory goes to all regions whole, and what ends early is padded or fails like any other")
  func scattered() throws {
    let bytes = pattern(10 * 512)
    let (short, shrinking) = (try TemporaryDisk(bytes: 8 * 512), try TemporaryDisk(bytes: 10 * 512))
    short.fill(Array(bytes[..<(8 * 512)]))
    shrinking.fill(bytes)
    let (padded, fixed) = (try short.open(direct: false, size: .growing), try shrinking.open(direct: false))
    truncate(shrinking.path, 8 * 512)
    for form in [Bytes.Form.pages(offset: 0), .pages(offset: 512), .vectors([512, 1024, 0, 4096], shift: 4)] {
      for (device, bits) in [(padded, 0), (fixed, 1)] as [(BlockDevice, UInt64)] {
        let memory = Bytes(form, count: 4096)
        memory.contents = [UInt8](repeating: 0xEE, count: 4096)
        #expect(try perform(.read, Region(device, start: 2, count: 8), memory.memory) == bits)
        #expect(Array(memory.contents[..<(6 * 512)]) == Array(bytes[(2 * 512)..<(8 * 512)]))
        #expect(memory.contents[(6 * 512)...].allSatisfy { $0 == 0 })
        #expect(memory.isGuardIntact)
      }
      let targets = try (0..<3).map { _ in try TemporaryDisk(bytes: 1 << 16) }
      let memory = Bytes(form, count: 16384)
      memory.contents = pattern(16384, 3)
      let regions = try targets.indices.map {
        Region(try targets[$0].open(direct: false), start: UInt64($0), count: 32)
      }
      notes.change { $0 = [] }
      try submit(0, .write, regions, memory.memory)
      try drain(1)
      #expect(notes.value[0].bits == 0)
      for index in targets.indices { #expect(targets[index].contents(512 * index, 16384) == pattern(16384, 3)) }
    }
  }

  @Test("flags, flushes and memory that the file cannot take leave the line and are right") func leavingTheLine() throws
  {
    let disk = try TemporaryDisk(bytes: 1 << 20)
    let device = try disk.open()
    var page = try PageBuffer(pages: 3)
    let bytes = pattern(8192, 5)
    fill(&page, bytes)
    let whole = Region(device, start: 8, count: 8)
    for flags in [DMIO.Operation.Flags.fua, .preflush, .sync, [.fua, .preflush]] {
      #expect(try perform(.write(flags), whole, page.memory) == 0)
    }
    #expect(try perform(.flush, whole, page.memory) == 0)
    #expect(try perform(.writeZeroes, Region(device, start: 8, count: 8), page.memory) == 0)
    #expect(disk.contents(4096, 4096).allSatisfy { $0 == 0 })
    // 16 bytes into a page: through bounce pages.
    var span = page.mutableBytes
    let base = span.withUnsafeMutableBytes { $0.baseAddress }
    let askew = Memory(contiguous: base.map { $0 + 16 }, byteCount: 8000)
    #expect(try perform(.write, whole, askew) == 0)
    #expect(disk.contents(4096, 4096) == Array(bytes[16..<4112]))
    #expect(try perform(.read, Region(device, start: 0, count: 0), page.memory) == 0)
  }

  @Test("what is refused is refused, and nothing runs") func refusals() throws {
    let disk = try TemporaryDisk(bytes: 1 << 16)
    let device = try disk.open()
    let page = try PageBuffer(pages: 1)
    let region = Region(device, start: 0, count: 8)
    #expect(try perform(.write, region, page.memory) == 0)
    notes.change { $0 = [] }
    #expect(throws: BlockError.invalid(.memoryTooShort)) {
      try submit(1, .write, [Region(device, start: 0, count: 9)], page.memory)
    }
    #expect(throws: BlockError.invalid(.memoryTooShort)) {
      try submit(1, .write, [region], Memory(contiguous: nil, byteCount: 4096))
    }
    #expect(throws: BlockError.invalid(.sectorOverflow)) {
      try submit(1, .read, [Region(device, start: UInt64.max, count: 8)], page.memory)
    }
    #expect(throws: BlockError.invalid(.sectorOverflow)) {
      try submit(1, .discard, [Region(device, start: 1 << 54, count: UInt64.max)], page.memory)
    }
    for (start, count) in [(128, 8), (124, 8), (1 << 50, 8)] as [(UInt64, UInt64)] {
      #expect(try perform(.write, Region(device, start: start, count: count), page.memory) == 1)
    }
    device.close()
    #expect(try perform(.write, region, page.memory) == 1)
    notes.change { $0 = [] }
    client.close()
    #expect(throws: BlockError.closed) { try submit(1, .write, [region], page.memory) }
    #expect(notes.value.isEmpty)
    _ = consume page
  }

  @Test("who waits is not overtaken, and pieces that run out come back") func fairness() throws {
    let disk = try TemporaryDisk(bytes: 1 << 20)
    let device = try disk.open()
    let page = try PageBuffer(pages: 8)
    let plain = [Region(device, start: 0, count: 8)]
    let several = (0..<12).map { Region(device, start: UInt64(8 * $0), count: 8) }
    for round in 0..<50 {
      notes.change { $0 = [] }
      // A reservation of one: the first flies, the others wait, whatever their kind.
      for number in 0..<8 { try submit(number, .write, number % 3 == 1 ? several : plain, page.memory) }
      try drain(8)
      #expect(notes.value.map(\.request) == Array(0..<8), "round \(round)")
      #expect(notes.value.allSatisfy { $0.bits == 0 })
    }
    _ = consume page
  }

  @Test("beside requests that need all pieces the straight line goes on, and they end", arguments: [2, 8])
  func besideLargeRequests(pages: Int) throws {
    let client = try BlockClient(pages: pages, kind: .driven, engine: .uring)
    let disk = try TemporaryDisk(bytes: 8 << 20)
    let device = try disk.open()
    let page = try PageBuffer(pages: 1)
    let large = try PageBuffer(pages: 1024)
    let ended = Box(0)
    let region = InlineArray<1, Region>(repeating: Region(device, start: 0, count: 8))
    for _ in 0..<20 {
      ended.change { $0 = 0 }
      for _ in 0..<3 {
        let regions = (0..<32).map { Region(device, start: UInt64($0 * 256), count: 256) }
        try client.submit(.write, regions, large.memory) { result in
          if result.isSuccess { ended.change { $0 += 1 } }
        }
        for _ in 0..<4 {
          let context = Unmanaged.passUnretained(ended).toOpaque()
          try client.submit(.write, region.span, page.memory, context: context) { bits, context in
            guard bits == 0, let context else { return }
            Unmanaged<Box<Int>>.fromOpaque(context).takeUnretainedValue().change { $0 += 1 }
          }
        }
      }
      while ended.value < 15 { try client.poll(wait: true) }
    }
    _ = consume page
    _ = consume large
  }

  @Test("more whole regions than there are records, all answered otherwise than expected, get their answers")
  func refusedPriority() throws {
    let disk = try TemporaryDisk(bytes: 1 << 20)
    let device = try disk.open()
    var page = try PageBuffer(pages: 1)
    fill(&page, pattern(4096, 7))
    let regions = (0..<64).map { Region(device, start: UInt64(8 * $0), count: 8) }
    // No such class: the kernel refuses each piece, which then goes without a priority.
    let operation = DMIO.Operation(.write, priority: IOPriority(rawValue: 0xE000))
    for _ in 0..<3 {
      notes.change { $0 = [] }
      try submit(0, operation, regions, page.memory)
      try submit(1, .write, [regions[0]], page.memory)
      try drain(2)
      #expect(notes.value.allSatisfy { $0.bits == 0 })
    }
    for index in 0..<64 { #expect(disk.contents(4096 * index, 4096) == pattern(4096, 7)) }
    _ = consume page
  }

  @Test("a request of which some regions are not whole, or not as long, is sent once all the same") func partlyWhole()
    throws
  {
    let disk = try TemporaryDisk(bytes: 1 << 16)
    let device = try disk.open()
    let closed = try disk.open()
    var page = try PageBuffer(pages: 1)
    // Only what the client knows already goes the straight line.
    for known in [device, closed] { #expect(try perform(.write, Region(known, start: 0, count: 8), page.memory) == 0) }
    closed.close()
    let (first, second) = (Region(device, start: 0, count: 8), Region(device, start: 16, count: 8))
    let cases: [(last: Region, bits: UInt64)] = [
      (Region(device, start: 124, count: 8), 4), (Region(closed, start: 32, count: 8), 4),
      (Region(device, start: 32, count: 3), 0), (Region(device, start: 32, count: 8), 0),
    ]
    for (number, (last, bits)) in cases.enumerated() {
      fill(&page, pattern(4096, UInt64(number)))
      notes.change { $0 = [] }
      try submit(0, .write, [first, second, last], page.memory)
      try submit(1, .write, [second, first], page.memory)
      try drain(2)
      #expect(notes.value.sorted { $0.request < $1.request }.map(\.bits) == [bits, 0])
      for start in [0, 16] { #expect(disk.contents(512 * start, 4096) == pattern(4096, UInt64(number))) }
      #expect(try client.poll(wait: false) == 0)
    }
    #expect(throws: BlockError.invalid(.sectorOverflow)) {
      try submit(2, .write, [first, second, Region(device, start: .max, count: 8)], page.memory)
    }
    #expect(try client.poll(waitMilliseconds: 0) == 0)
    #expect(notes.value.count == 2)
  }

  @Test("vectors that stand where others stood are looked at anew") func sameVectors() throws {
    let disk = try TemporaryDisk(bytes: 1 << 16)
    let device = try disk.open()
    let pages = UnsafeMutableRawPointer.allocate(byteCount: 8192, alignment: 4096)
    defer { pages.deallocate() }
    memset(pages, 1, 4096)
    memset(pages + 4096, 2, 4096)
    let vector = UnsafeMutablePointer<MemoryVector>.allocate(capacity: 1)
    defer { vector.deallocate() }
    vector.initialize(to: MemoryVector(base: pages, length: 4096))
    let memory = Memory(vectors: vector, count: 1)
    let ended = Box(0)
    // Gathered, and then not sent: it lies beyond the end. Its answer comes before anything else is submitted.
    try client.submit(
      .write, [Region(device, start: 124, count: 8)], memory,
      onThisThread: { [client] result in
        #expect(!result.isSuccess)
        vector.pointee.base = pages + 4096
        try? client.submit(
          .write, [Region(device, start: 0, count: 8)], memory, onThisThread: { _ in ended.change { $0 = 1 } })
      })
    while ended.value == 0 { try client.poll(wait: true) }
    #expect(disk.contents(0, 4096).allSatisfy { $0 == 2 })
  }
}
