import DMIO
import DMIOTestSupport
import Testing

/// When an answer comes, how often, and what may be done in it: T16 and T24 to T26.
@Suite struct CallbackTests {
  static let callbacks = Way.noFiles.filter { $0.door == .callback || $0.door == .closure }

  /// One request to and fro, after which the client has seen everything that was there before.
  private func roundTrip(_ rig: Rig) throws {
    let ram = try BlockDevice.ram(bytes: 4096)
    let pending = try rig.start(.flush, [Region(ram, start: 0, count: 0)], .none)
    rig.wait(for: pending)
  }

  @Test("T16: beside unsupported regions the answer comes once, after the slow ones", arguments: callbacks)
  func unsupportedAndSlow(way: Way) throws {
    let cannot = try RecordingDevice(Geometry(bytes: 1 << 20)).device
    for order in ["USS", "SU", "SUS", "SSU"] {
      let slow = HeldDevice()
      let device = try slow.device
      let rig = try Rig(way)
      let regions = order.map { Region($0 == "U" ? cannot : device, start: 8, count: 8) }
      let pending = try rig.start(.discard, regions, .none)
      let slowCount = order.count { $0 == "S" }
      for _ in 0..<slowCount {
        slow.wait(slowCount)
        try roundTrip(rig)
        #expect(pending.answer.value == nil, "\(order): before the slow ones have ended")
        slow.next().succeed()
      }
      rig.wait(for: pending)
      try roundTrip(rig)
      let unsupported = order.firstIndex(of: "U")!.utf16Offset(in: order)
      #expect(pending.answer.value == .failure(unsupported, .EOPNOTSUPP, 8))
      #expect(pending.calls.value == 1)
    }
  }

  @Test("T16: when no region is supported the answer still comes once, and not inside submit", arguments: callbacks)
  func allUnsupported(way: Way) throws {
    let cannot = try RecordingDevice(Geometry(bytes: 1 << 20)).device
    let rig = try Rig(way)
    let isInside = Box(true)
    let wasInside = Box(false)
    let pending = try rig.start(.discard, (0..<3).map { Region(cannot, start: UInt64($0), count: 1) }, .none) { _ in
      if way.kind == .driven { wasInside.change { $0 = isInside.value } }
    }
    isInside.change { $0 = false }
    rig.wait(for: pending)
    #expect(pending.answer.value?.bits == 0b111)
    #expect(pending.calls.value == 1)
    #expect(!wasInside.value)
  }

  @Test("the pieces of a request may be answered in any order and on any thread", arguments: callbacks)
  func anyOrder(way: Way) throws {
    var generator = Seeded("any order")
    for _ in 0..<20 {
      let held = HeldDevice(Geometry(bytes: 1 << 20, pieceBytes: 4096))
      let device = try held.device
      let rig = try Rig(way)
      let memory = Bytes(.pages(offset: 0), count: 8 * 4096)
      let pending = try rig.start(.read, [Region(device, start: 0, count: 64)], memory.memory)
      held.wait(8)
      let pieces = held.takeAll().shuffled(using: &generator)
      let threads = (0..<3).map { thread in
        OwnThread {
          for (index, piece) in pieces.enumerated() where index % 3 == thread {
            piece.fill(UInt8(piece.operand.sector), count: 4096)
            piece.succeed()
          }
        }
      }
      rig.wait(for: pending)
      for thread in threads { thread.join() }
      #expect(pending.answer.value == .success)
      #expect(memory.contents == (0..<8).flatMap { [UInt8](repeating: UInt8($0 * 8), count: 4096) })
    }
  }

  @Test("a piece that a device drops is EIO, and its read memory is zero", arguments: callbacks)
  func dropped(way: Way) throws {
    let held = HeldDevice(Geometry(bytes: 1 << 20, pieceBytes: 4096))
    let rig = try Rig(way)
    let memory = Bytes(.contiguous(shift: 0), count: 3 * 4096)
    let pending = try rig.start(.read, [Region(try held.device, start: 0, count: 24)], memory.memory)
    held.wait(3)
    for (index, piece) in held.takeAll().enumerated() {
      piece.fill(5, count: 4096)
      if index != 1 { piece.succeed() }
    }
    rig.wait(for: pending)
    #expect(pending.answer.value == .failure(0, .EIO, 8))
    #expect(memory.contents == [5, 0, 5].flatMap { [UInt8](repeating: $0, count: 4096) })
  }

  @Test("of several failures in a region the lowest sector is told, whichever came first", arguments: callbacks)
  func lowestSector(way: Way) throws {
    for first in [1, 3] {
      let held = HeldDevice(Geometry(bytes: 1 << 20, pieceBytes: 4096))
      let rig = try Rig(way)
      let pending = try rig.start(.discard, [], .none)
      rig.wait(for: pending)
      let memory = Bytes(.contiguous(shift: 0), count: 5 * 4096)
      let write = try rig.start(.write, [Region(try held.device, start: 0, count: 40)], memory.memory)
      held.wait(5)
      let pieces = held.takeAll()
      pieces[first].fail(first == 1 ? .ENOSPC : .ENOLINK)
      pieces[4 - first].fail(first == 1 ? .ENOLINK : .ENOSPC)
      for index in [0, 2, 4] { pieces[index].succeed() }
      rig.wait(for: write)
      #expect(write.answer.value == .failure(0, .ENOSPC, 8))
    }
  }

  @Test("T25: a callback submits the next request, 100,000 deep, with a reservation of one", arguments: callbacks)
  func chain(way: Way) throws {
    let rig = try Rig(way, pages: 1)
    let depth = scaled(100_000)
    let chain = Chain(rig, try BlockDevice.ram(bytes: 1 << 20), depth: depth)
    try chain.start()
    if way.kind == .driven { while !chain.isOver.value { try rig.client.poll(wait: true) } }
    chain.isOver.wait { $0 }
    rig.client.close()
    #expect(chain.count == depth)
    #expect(isAddressSanitized || chain.stackBytes < 1 << 16)
  }

  @Test("T26: a callback may close its client, let go of it and free its memory", arguments: callbacks)
  func closing(way: Way) throws {
    let alive = Box(0)
    let last = Box(0)
    for _ in 0..<50 {
      let rig = Box<Rig?>(try Rig(way))
      let device = try RecordingDevice(Geometry(bytes: 1 << 20), over: BlockDevice.ram(bytes: 1 << 20), Tracked(alive))
        .device
      nonisolated(unsafe) let memory = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 4096)
      memory.initializeMemory(as: UInt8.self, repeating: 3, count: 4096)
      let pending = try rig.value!.start(
        .write, [Region(device, start: 0, count: 8)], Memory(contiguous: memory, byteCount: 4096)
      ) { _ in
        rig.value?.client.close()
        memory.deallocate()
        rig.change { $0 = nil }
        last.change { $0 += 1 }
      }
      if let rig = rig.value { rig.wait(for: pending) } else { pending.answer.wait { $0 != nil } }
      #expect(pending.answer.value == .success)
      #expect(rig.value == nil)
    }
    #expect(last.value == 50)
    alive.wait { $0 == 0 }
  }

  @Test("after close the doors throw, and what was taken before has been answered", arguments: Way.noFiles)
  func closed(way: Way) throws {
    let rig = try Rig(way)
    let ram = try BlockDevice.ram(bytes: 1 << 20)
    var pendings: [Pending] = []
    if CallbackTests.callbacks.contains(way) {
      for index in 0..<100 {
        pendings.append(try rig.start(.writeZeroes, [Region(ram, start: UInt64(index), count: 1)], .none))
      }
    }
    rig.client.close()
    #expect(pendings.allSatisfy { $0.answer.value == .success && $0.calls.value == 1 })
    #expect(throws: BlockError.closed) { _ = try rig.perform(.flush, [Region(ram, start: 0, count: 0)], .none) }
    let file = try TemporaryDisk(bytes: 4096).open()
    #expect(throws: BlockError.closed) { _ = try rig.read(Region(file, start: 0, count: 8)) }
    rig.client.close()
  }

  @Test("close waits for what another thread submitted just before") func closeRace() throws {
    let ram = try BlockDevice.ram(bytes: 1 << 20)
    let early = Box(0)
    for _ in 0..<scaled(200) {
      let rig = try Rig(Way(.threads, .shared, .closure), pages: 1)
      let isOver = Box(false)
      // Keeps the client's thread looking at its mail.
      let busy = OwnThread { while !isOver.value { _ = try? rig.client.reservedPages } }
      let threads = (0..<2).map { _ in
        OwnThread {
          for _ in 0..<20 {
            let pending = try? rig.start(.flush, [Region(ram, start: 0, count: 0)], .none)
            rig.client.close()
            if let pending, pending.answer.value == nil { early.change { $0 += 1 } }
          }
        }
      }
      for thread in threads { thread.join() }
      isOver.change { $0 = true }
      busy.join()
    }
    #expect(early.value == 0)
  }

  @Test("T24: a client that goes away lets what is in flight end, and gives everything back", arguments: callbacks)
  func teardown(way: Way) throws {
    let alive = Box(0)
    let held = Box<HeldDevice?>(HeldDevice(Geometry(bytes: 1 << 20, pieceBytes: 4096), Tracked(alive)))
    let memory = Bytes(.contiguous(shift: 0), count: 8 * 4096)
    var rig: Rig? = try Rig(way, pages: 1)
    let pending = try rig!.start(.write, [Region(try held.value!.device, start: 0, count: 64)], memory.memory)
    let other = OwnThread {
      let device = held.value!
      for _ in 0..<8 { device.next().succeed() }
    }
    rig = nil
    pending.answer.wait { $0 != nil }
    other.join()
    #expect(pending.answer.value == .success)
    #expect(pending.calls.value == 1)
    held.change { $0 = nil }
    alive.wait { $0 == 0 }
  }
}

/// A request whose callback submits the next.
// Why unchecked: changed on the client's thread, read after the client was closed.
private final class Chain: @unchecked Sendable {
  let isOver = Box(false)
  private(set) var count = 0
  private let rig: Rig
  private let device: BlockDevice
  private let depth: Int
  private let memory = Bytes(.contiguous(shift: 0), count: 512)
  private var lowest = UInt.max
  private var highest = UInt.min

  init(_ rig: Rig, _ device: BlockDevice, depth: Int) {
    self.rig = rig
    self.device = device
    self.depth = depth
  }

  /// How far the stacks of the callbacks were apart.
  var stackBytes: UInt { highest - lowest }

  func start() throws {
    try rig.start(.write, [Region(device, start: UInt64(count % 2048), count: 1)], memory.memory) { _ in self.next() }
  }

  private func next() {
    var here = 0
    withUnsafeMutablePointer(to: &here) { address in
      lowest = min(lowest, UInt(bitPattern: address))
      highest = max(highest, UInt(bitPattern: address))
    }
    count += 1
    guard count < depth, (try? start()) != nil else { return isOver.change { $0 = true } }
  }
}
