import DMIO
import DMIOTestSupport
import Testing

/// The places in flight that the straight line holds for its own.
@Suite struct LeaseTests {
  @Test("the straight line goes on where the reservation changes, and where the ring is short", arguments: [1, 64])
  func onAgain(pages: Int) throws {
    let client = try BlockClient(pages: pages, kind: .driven, engine: .uring)
    let disk = try TemporaryDisk(bytes: 1 << 20)
    let (device, ended) = (try disk.open(direct: false), Box(0))
    let bytes = Bytes(.contiguous(shift: 0), count: 4096)
    let context = Unmanaged.passUnretained(ended).toOpaque()
    var sent = 0
    func submit(_ count: Int) throws {
      for index in 0..<count {
        let region = InlineArray<1, Region>(repeating: Region(device, start: UInt64(8 * (index % 128)), count: 8))
        try client.submit(.write, region.span, bytes.memory, context: context) { bits, context in
          guard bits == 0, let context else { return }
          Unmanaged<Box<Int>>.fromOpaque(context).takeUnretainedValue().change { $0 += 1 }
        }
      }
      sent += count
    }
    for round in 0..<4 {
      try submit(1000)
      try client.resize(toPages: round % 2 == 0 ? 4 * pages : pages)
      try submit(1000)
      while ended.value < sent { try client.poll(wait: true) }
    }
    #expect(ended.value == 8000)
  }
}
