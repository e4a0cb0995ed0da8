import DMIO
import DMIOTestSupport
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
}
