import DMIO
import DMIOTestSupport
import Dispatch
import Testing

/// How long a client keeps the devices that it knows.
@Suite struct KnownDevicesTests {
  /// A device that nobody else holds, once the array is empty.
  private final class Lent {
    private(set) var device: [BlockDevice]
    private weak let watched: BlockDevice?
    init(_ device: BlockDevice) {
      self.device = [device]
      watched = device
    }
    func drop() { device = [] }
    var isThere: Bool { watched != nil }
    func region(_ start: UInt64) -> Region { Region(device[0], start: start, count: 8) }
  }

  private let client: BlockClient
  private let bytes = Bytes(.contiguous(shift: 0), count: 4096)
  private let disk: TemporaryDisk
  private let ended = Box(0)

  init() throws {
    client = try BlockClient(pages: 8, kind: .driven, engine: .uring)
    disk = try TemporaryDisk(bytes: 1 << 20)
  }

  private func lend() throws -> Lent { Lent(try disk.open(direct: false)) }

  /// Submits a write that goes the straight line once its devices are known.
  private func submit(_ regions: [Region]) throws {
    let context = Unmanaged.passUnretained(ended).toOpaque()
    try client.submit(.write, regions.span, bytes.memory, context: context) { bits, context in
      guard bits == 0, let context else { return }
      Unmanaged<Box<Int>>.fromOpaque(context).takeUnretainedValue().change { $0 += 1 }
    }
  }

  private func drain(_ count: Int) throws { while ended.value < count { try client.poll(wait: true) } }

  @Test("a device is kept while a request names it, and let go when another one comes after that", arguments: [1, 3])
  func keptWhileNamed(regions count: Int) throws {
    let (lent, other, last) = (try lend(), try lend(), try lend())
    // Known first: what is not yet goes the general way.
    try submit([lent.region(0)])
    try drain(1)
    try submit((0..<count).map { lent.region(UInt64(8 * $0)) })
    lent.drop()
    try submit([other.region(64)])
    #expect(lent.isThere)
    try drain(3)
    try submit([last.region(72), other.region(80)])
    #expect(!lent.isThere)
    try drain(4)
  }

  @Test("the devices of one request are all kept, though none was known") func allOfOne() throws {
    let lent = try (0..<5).map { _ in try lend() }
    for round in 1...3 {
      try submit(lent.indices.map { lent[$0].region(UInt64(8 * $0)) })
      try drain(round)
    }
    for one in lent { one.drop() }
    try submit([try lend().region(0)])
    #expect(lent.allSatisfy { !$0.isThere })
    try drain(4)
  }

  @Test("what a request names that waits for the reservation is kept") func waiting() throws {
    let lent = try lend()
    try client.resize(toPages: 0)
    let first = try lend()
    try submit([first.region(0)])
    for _ in 0..<4 { try submit([lent.region(8)]) }
    lent.drop()
    try submit([try lend().region(16)])
    #expect(lent.isThere)
    try drain(6)
    try submit([try lend().region(16)])
    #expect(!lent.isThere)
    try drain(7)
  }

  @Test("a device that was given up carries out what was handed in, waiting or not, and then its file is let go of")
  func retired() throws {
    try client.resize(toPages: 0)
    let lent = try lend()
    for place in 0..<5 { try submit([lent.region(UInt64(8 * place))]) }
    lent.device[0].retire()
    lent.drop()
    #expect(lent.isThere)
    try drain(5)
    #expect(!lent.isThere)
  }

  @Test("a device that was given up with nothing under way is let go of at once") func retiredIdle() throws {
    let lent = try lend()
    try submit([lent.region(0)])
    try drain(1)
    lent.device[0].retire()
    lent.drop()
    #expect(!lent.isThere)
  }

  @Test(
    "a shared client lets go of a device that was given up, though nobody polls it",
    arguments: [EngineChoice.uring, .threads])
  func retiredShared(engine: EngineChoice) throws {
    let shared = try BlockClient(pages: 1, engine: engine)
    let gone = Closing()
    let backend = Watched(gone)
    var device: [BlockDevice] = [try BlockDevice(backend, name: "watched")]
    let results = Box<[Bool]>([])
    for place in 0..<5 {
      try shared.submit(.write, [Region(device[0], start: UInt64(8 * place), count: 8)], bytes.memory) { result in
        results.change { $0.append(result.isSuccess) }
      }
    }
    device[0].retire()
    device = []
    gone.wait()
    #expect(results.value == [true, true, true, true, true])
    shared.close()
  }

  @Test("what a fault device lets hang has its end when it is given up, what it delays goes on") func retiredHanging()
    throws
  {
    let plan = FaultPlan(rules: [
      FaultPlan.Rule(start: 0, count: 8, action: .hang),
      FaultPlan.Rule(start: 8, count: 8, action: .delay, delayMilliseconds: 60),
    ])
    let lent = Lent(try BlockDevice.fault(disk.open(direct: false), plan))
    let errnos = Box<[Errno?]>([])
    for place in 0..<2 {
      try client.submit(
        .write, [lent.region(UInt64(8 * place))], bytes.memory,
        onThisThread: { result in
          errnos.change { $0.append(result.failure(of: 0)?.errno) }
        })
    }
    try client.poll(wait: false)
    lent.device[0].retire()
    lent.drop()
    while errnos.value.count < 2 { try client.poll(wait: true) }
    #expect(errnos.value == [.ENODEV, nil])
    #expect(!lent.isThere)
  }
}

/// Signalled once, from any thread.
private final class Closing: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)
  func signal() { semaphore.signal() }
  func wait() { semaphore.wait() }
}

/// A device that answers at once, and tells when it is closed.
private final class Watched: BlockBackend {
  let geometry = Geometry(bytes: 1 << 20)
  private let closed: Closing
  init(_ closed: Closing) { self.closed = closed }
  func submit(_ piece: consuming Piece) { piece.succeed() }
  func close() { closed.signal() }
}
