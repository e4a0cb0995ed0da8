import DMIO
import DMIOTestSupport
import Testing

/// Many submissions as one.
@Suite struct TogetherTests {
  private static let address = UInt(bitPattern: UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 4096))
  private static var page: Memory { Memory(contiguous: UnsafeMutableRawPointer(bitPattern: address), byteCount: 4096) }

  private func device() throws -> BlockDevice {
    try BlockDevice.open("/dev/null", FileOptions(characterBytes: 1 << 20))
  }

  @Test("threads that submit together and poll get all their answers, each once", arguments: Way.engines)
  func threads(engine: EngineChoice) throws {
    let client = try BlockClient(pages: 4, engine: engine)
    let device = try device()
    let (rounds, count) = (scaled(200), 24)
    let ended = Box(0)
    OwnThread.run(3) { number in
      for round in 0..<rounds {
        // What one of them asks for outgrows the reservation of 4.
        client.submitTogether {
          for index in 0..<count {
            let region = Region(device, start: UInt64((number + round + index) % 64), count: 1)
            try? client.submit(.write, [region], Self.page) { result in
              if result.isSuccess { ended.change { $0 += 1 } }
            }
          }
        }
        if number > 0 { _ = try? client.poll(wait: false) }
      }
    }
    ended.wait { $0 == 3 * rounds * count }
    client.close()
    #expect(ended.value == 3 * rounds * count)
  }

  @Test("no answer comes while requests are submitted together, and nothing in there may block", arguments: Way.engines)
  func inside(engine: EngineChoice) throws {
    let client = try BlockClient(pages: 4, engine: engine)
    let device = try device()
    let ended = Box(0)
    let region = Region(device, start: 0, count: 8)
    var isSeated = false
    // Where the client's own thread is about, the body runs all the same, but is not what this test is about.
    for _ in 0..<1000 where !isSeated {
      client.submitTogether {
        let before = ended.value
        try? client.submit(.write, [region], Self.page) { _ in ended.change { $0 += 1 } }
        do throws(BlockError) { _ = try client.poll(wait: true) } catch { isSeated = error == .wouldDeadlock }
        guard isSeated else { return }
        #expect(ended.value == before)
        #expect(throws: BlockError.wouldDeadlock) {
          try client.performBlocking(.flush, [Region(device, start: 0, count: 0)], .none)
        }
      }
    }
    #expect(isSeated)
    client.close()
  }

  @Test("a driven client just runs what is given, and errors come out") func driven() throws {
    let client = try BlockClient(pages: 1, kind: .driven)
    let device = try device()
    let ended = Box(0)
    client.submitTogether {
      for _ in 0..<3 {
        try? client.submit(.write, [Region(device, start: 0, count: 8)], Self.page) { _ in ended.change { $0 += 1 } }
      }
    }
    while ended.value < 3 { try client.poll(wait: true) }
    #expect(throws: BlockError.invalid(.memoryTooShort)) {
      try client.submitTogether { () throws(BlockError) in
        try client.submit(.write, [Region(device, start: 0, count: 9)], Self.page) { _ in }
      }
    }
  }

  @Test("a page list that was changed after its request is looked at anew") func changedList() throws {
    let client = try BlockClient(pages: 1, kind: .driven)
    let disk = try TemporaryDisk(bytes: 1 << 16)
    let device = try disk.open(direct: false)
    let pages = (0..<4).map { number in
      let page = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 4096)
      page.initializeMemory(as: UInt8.self, repeating: UInt8(number + 1), count: 4096)
      return page
    }
    let nodes = UnsafeMutablePointer<PageNode>.allocate(capacity: 2)
    defer {
      nodes.deallocate()
      for page in pages { page.deallocate() }
    }
    let ended = Box(0)
    for round in 0..<4 {
      nodes[1] = PageNode(page: pages[(round + 2) % 4], next: nil)
      nodes[0] = PageNode(page: pages[round], next: nodes + 1)
      let memory = Memory(pages: nodes, offset: 0)
      // Too long for the list: refused, and nothing of it is remembered.
      #expect(throws: BlockError.invalid(.memoryTooShort)) {
        try client.submit(.write, [Region(device, start: 0, count: 24)], memory) { _ in }
      }
      try client.submit(.write, [Region(device, start: 0, count: 16)], memory) { _ in ended.change { $0 += 1 } }
      while ended.value <= round { try client.poll(wait: true) }
      #expect(disk.contents(0, 1) == [UInt8(round + 1)])
      #expect(disk.contents(4096, 1) == [UInt8((round + 2) % 4 + 1)])
    }
  }

  @Test("a thread that is the client's for a moment only cannot have completions on itself") func notItsThread() throws
  {
    let client = try BlockClient(pages: 1)
    let region = Region(try device(), start: 0, count: 8)
    client.submitTogether {
      #expect(throws: BlockError.notOwner) { try client.submit(.write, [region], Self.page, onThisThread: { _ in }) }
    }
  }
}
