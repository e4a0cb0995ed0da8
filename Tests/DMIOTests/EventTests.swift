import DMIO
import DMIOTestSupport
import Glibc
import Testing

/// A driven client in a program's own event loop.
@Suite struct EventTests {
  /// Waits until the descriptor can be read; a minute is for ever.
  private func wait(for descriptor: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 60_000) == 1
  }

  @Test(
    "the descriptor is readable when there is something to poll for", arguments: Way.engines,
    [
      FaultPlan(), FaultPlan(rules: [.init(action: .delay, delayMilliseconds: 20)]),
      FaultPlan(rules: [.init(errno: .EAGAIN, times: 40)]),
    ]
  )
  func loop(engine: EngineChoice, plan: FaultPlan) throws {
    let client = try BlockClient(pages: 2, kind: .driven, engine: engine)
    let disk = try TemporaryDisk(bytes: 1 << 20)
    let device = try BlockDevice.fault(try disk.open(), plan)
    let page = try PageBuffer(pages: 1)
    let descriptor = try client.eventDescriptor()
    #expect(try client.eventDescriptor() == descriptor)
    let ended = Box(0)
    for round in 1...5 {
      // More than the reservation has room for.
      for _ in 0..<6 {
        try client.submit(.write, [Region(device, start: 0, count: 8)], page.memory) { result in
          if result.isSuccess { ended.change { $0 += 1 } }
        }
      }
      while true {
        try client.poll(wait: false)
        guard ended.value < 6 * round else { break }
        try #require(wait(for: descriptor))
      }
    }
    _ = consume page
  }

  @Test("a reservation is set to what is asked for, whatever it was") func resize() throws {
    for kind in [BlockClient.Kind.driven, .shared] {
      let client = try BlockClient(pages: 5, kind: kind)
      for pages in [9, 1, 0, 3] {
        try client.resize(toPages: pages)
        #expect(try client.reservedPages == pages)
      }
      #expect(throws: BlockError.invalid(.reservation)) { try client.resize(toPages: -1) }
      #expect(throws: BlockError.invalid(.reservation)) { try client.resize(toPages: Limits.reservedPages + 1) }
      #expect(try client.reservedPages == 3)
    }
  }

  @Test("only the thread of a driven client may ask for its descriptor") func owners() throws {
    #expect(throws: BlockError.notOwner) { try BlockClient().eventDescriptor() }
    let client = try BlockClient(kind: .driven)
    OwnThread.run(1) { _ in #expect(throws: BlockError.notOwner) { try client.eventDescriptor() } }
  }
}
