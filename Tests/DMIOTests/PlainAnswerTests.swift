import DMIOTestSupport
import Testing

@testable import DMIO

/// Answers that are given without asking how, where most requests of their kind have nothing to tell but success.
@Suite struct PlainAnswerTests {
  private let client: BlockClient
  private let bits = Box<[UInt64]>([])
  private let page: Bytes
  private let good: TemporaryDisk
  private let sealed: SealedFile

  init() throws {
    client = try BlockClient(pages: 64, kind: .driven, engine: .uring)
    (good, sealed) = (try TemporaryDisk(bytes: 1 << 16), try SealedFile())
    page = Bytes(.contiguous(shift: 0), count: 4096)
    page.contents = pattern(4096, 11)
  }

  /// Four regions; those of `failing` are on the file that takes no writes once it is sealed.
  private func regions(_ failing: Set<Int>, _ device: BlockDevice) -> [Region] {
    (0..<4).map { Region(failing.contains($0) ? sealed.device : device, start: UInt64(8 * $0), count: 8) }
  }

  /// Writes by callback, and returns the bits.
  private func write(_ regions: [Region]) throws -> UInt64 {
    bits.change { $0 = [] }
    let context = Unmanaged.passUnretained(bits).toOpaque()
    try client.submit(.write, regions.span, page.memory, context: context) { bits, context in
      guard let context else { return }
      Unmanaged<Box<[UInt64]>>.fromOpaque(context).takeUnretainedValue().change { $0.append(bits) }
    }
    while bits.value.isEmpty { try client.poll(wait: true) }
    return bits.value[0]
  }

  @Test("of several regions exactly those have their bits that fail, and no later request has them") func several()
    throws
  {
    let device = try good.open(direct: false)
    #expect(try write(regions([1], device)) == 0)
    try #require(sealed.seal())
    for failing in [[], [0], [3], [], [1, 2], [0, 1, 2, 3], []] as [Set<Int>] {
      #expect(try write(regions(failing, device)) == failing.reduce(0) { $0 | 1 << UInt64($1) })
      // The slot is one that a request of one region may take.
      #expect(try write([Region(device, start: 64, count: 8)]) == 0)
      #expect(try write([Region(sealed.device, start: 64, count: 8)]) == 1)
    }
    for start in [0, 64] { #expect(good.contents(512 * start, 4096) == pattern(4096, 11)) }
  }

  @Test("a batch hands out each tag once, with the failures of its own request and of no other") func batches() throws {
    let device = try good.open(direct: false)
    #expect(try write(regions([1], device)) == 0)
    try #require(sealed.seal())
    let (one, bad) = ([Region(device, start: 0, count: 8)], [Region(sealed.device, start: 16, count: 8)])
    let kinds = [one, bad, regions([2], device), regions([], device), one]
    let answers = Box<[UInt: [UInt64]]>([:])
    // The task runs on this thread.
    nonisolated(unsafe) let memory = page.memory
    try client.run { [client] in
      for round in 0..<20 as Range<UInt> {
        for (index, regions) in kinds.enumerated() {
          try? client.queue(.write, regions.span, memory, tag: round * 8 + UInt(index))
        }
        var left = kinds.count
        while left > 0 {
          let count = try? await client.completions { tag, result in
            let sectors = result.errors.indices.map { result.failure(of: $0)?.sector ?? .max }
            answers.change { $0[tag, default: []].append(contentsOf: [result.errors.rawValue] + sectors) }
          }
          // What was not queued has no answer, which is seen below.
          guard let count, count > 0 else { break }
          left -= count
        }
      }
    }
    for round in 0..<20 as Range<UInt> {
      for (index, answer) in [[0], [1, 16], [4, 16], [0], [0]].enumerated() as EnumeratedSequence<[[UInt64]]> {
        #expect(answers.value[round * 8 + UInt(index)] == answer, "round \(round), request \(index)")
      }
    }
  }

  @Test("a device that failed a flush takes no more writes, also from a client that knows it, and is still read")
  func failedFlush() throws {
    let device = try good.open(direct: false)
    #expect(try write([Region(device, start: 0, count: 8)]) == 0)
    #expect(try write(regions([], device)) == 0)
    device.flushFailed(.EIO)
    #expect(try write([Region(device, start: 0, count: 8)]) == 1)
    #expect(try write(regions([], device)) == 15)
    #expect(try client.performBlocking(.read, [Region(device, start: 0, count: 8)], page.memory).isSuccess)
  }

  @Test("a client that was closed refuses one region, several and a batch's") func closed() throws {
    let device = try good.open(direct: false)
    #expect(try write([Region(device, start: 0, count: 8)]) == 0)
    #expect(try write(regions([], device)) == 0)
    client.close()
    #expect(throws: BlockError.closed) { try write([Region(device, start: 0, count: 8)]) }
    #expect(throws: BlockError.closed) { try write(regions([], device)) }
    #expect(throws: BlockError.closed) {
      try client.queue(.write, [Region(device, start: 0, count: 8)].span, page.memory, tag: 0)
    }
  }
}
