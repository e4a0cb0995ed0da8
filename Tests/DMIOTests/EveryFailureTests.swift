import DMIO
import DMIOTestSupport
import Testing

/// Fail the k-th operation, for every k, in every way, until k is beyond the last.
@Suite struct EveryFailureTests {
  private static let ways = Way.all.filter { [.blocking, .closure, .await].contains($0.door) }
  private static let base = 8
  private static let sectors = 5 * 8
  private static let kinds: [DMIO.Operation.Kind] = [.read, .write, .flush, .discard, .writeZeroes]

  /// Two disks of which the first fails; pieces of one page; discards and zeroes of eight sectors.
  private struct Pair {
    let bad: WatchedDisk
    let good: WatchedDisk

    init(_ rule: FaultPlan.Rule) throws {
      bad = try Self.disk([rule])
      good = try Self.disk([])
      for disk in [bad, good] { disk.file.fill(pattern(64 * 512)) }
    }

    private static func disk(_ rules: [FaultPlan.Rule]) throws -> WatchedDisk {
      try WatchedDisk(bytes: 1 << 16, pieceBytes: 4096, discardSectors: 8, rules)
    }
  }

  /// What the k-th run of one operation came to.
  private struct Run {
    let pair: Pair
    let answer: Answer
    let memory: [UInt8]
    /// The operations that the bad disk was given.
    var operands: [Operand] { pair.bad.operands }

    init(_ way: Way, _ kind: DMIO.Operation.Kind, _ rule: FaultPlan.Rule, form: Bytes.Form = .contiguous(shift: 0))
      throws
    {
      pair = try Pair(rule)
      let bytes = Bytes(form, count: sectors * 512)
      bytes.contents = pattern(sectors * 512, 9)
      let both = [pair.bad.region(base, sectors), pair.good.region(base, sectors)]
      let regions = kind == .read ? [both[0]] : both
      let isData = kind == .read || kind == .write
      answer = try Rig(way, pages: 2).perform(Operation(kind), regions, isData ? bytes.memory : .none)
      memory = bytes.contents
    }

    /// What the bad disk's sectors must hold, those in `failed` as before.
    func expected(_ kind: DMIO.Operation.Kind, except failed: Range<Int>) -> [UInt8] {
      var bytes = Array(pattern(64 * 512)[base * 512..<(base + sectors) * 512])
      let new = kind == .write ? pattern(sectors * 512, 9) : [UInt8](repeating: 0, count: sectors * 512)
      guard kind == .write || kind == .discard || kind == .writeZeroes else { return bytes }
      for index in bytes.indices where !failed.contains(index / 512) { bytes[index] = new[index] }
      return bytes
    }
  }

  @Test("the k-th operation fails: its bit, errno, sector and memory, and all others are done", arguments: ways, kinds)
  func error(way: Way, kind: DMIO.Operation.Kind) throws {
    var hits = 0
    while true {
      let run = try Run(way, kind, FaultPlan.Rule(operation: kind, errno: .ENOSPC, skip: UInt64(hits), times: 1))
      let pieces = kind == .flush ? 1 : 5
      try #require(run.operands.count == pieces)
      guard hits < pieces else {
        #expect(run.answer == .success)
        #expect(run.pair.bad.contents(8, 40) == run.expected(kind, except: 0..<0))
        return
      }
      let failed = run.operands.sorted { $0.sector < $1.sector }[hits]
      let first = kind == .flush ? 0 : Int(failed.sector) - Self.base
      let range = first..<first + Int(failed.count)
      #expect(run.answer == .failure(0, .ENOSPC, kind == .flush ? 8 : failed.sector))
      #expect(run.pair.bad.contents(8, 40) == run.expected(kind, except: range))
      if kind == .read {
        var expected = run.expected(kind, except: range)
        for index in range.lowerBound * 512..<range.upperBound * 512 { expected[index] = 0 }
        #expect(run.memory == expected)
      } else {
        #expect(run.pair.good.contents(8, 40) == run.expected(kind, except: 0..<0))
      }
      hits += 1
    }
  }

  @Test("a transfer that is short at every sector is gone on with, and nothing shows", arguments: ways)
  func short(way: Way) throws {
    for kind in [DMIO.Operation.Kind.read, .write] {
      for form in [Bytes.Form.contiguous(shift: 0), .contiguous(shift: 8), .vectors([1536, 512], shift: 0)] {
        // A sanitizer sees at some sectors what it would see at all.
        for sector in stride(from: 0, to: 24, by: isSanitized ? 5 : 1) {
          let rule = FaultPlan.Rule(
            operation: kind, start: UInt64(Self.base + sector), count: 1, action: .short, times: 1)
          let run = try Run(way, kind, rule, form: form)
          if sector % 8 == 0 {
            // The first piece to be hit begins there and moves nothing: that is the end of the device.
            #expect(run.answer.bits == 1)
          } else {
            #expect(run.answer == .success)
            #expect(run.pair.bad.contents(8, 40) == run.expected(kind, except: 0..<0))
            if kind == .read { #expect(run.memory == run.expected(kind, except: 0..<0)) }
          }
        }
      }
    }
  }

  @Test("a transfer that always ends at the same sector fails there, and what came before is kept", arguments: ways)
  func alwaysShort(way: Way) throws {
    for kind in [DMIO.Operation.Kind.read, .write] {
      let rule = FaultPlan.Rule(operation: kind, start: UInt64(Self.base + 11), count: 1, action: .short)
      let run = try Run(way, kind, rule)
      #expect(run.answer == .failure(0, .EIO, 19))
      #expect(run.pair.bad.contents(8, 40) == run.expected(kind, except: 11..<16))
      guard kind == .read else { continue }
      var expected = run.expected(kind, except: 11..<16)
      for index in 11 * 512..<16 * 512 { expected[index] = 0 }
      #expect(run.memory == expected)
    }
  }

  @Test("EINTR and EAGAIN at the k-th operation never surface", arguments: ways, kinds)
  func again(way: Way, kind: DMIO.Operation.Kind) throws {
    for errno in [Errno.EINTR, .EAGAIN] {
      for (skip, times) in (0..<(isSanitized ? 2 : 6)).flatMap({ skip in [1, 3].map { (UInt64(skip), UInt64($0)) } }) {
        let run = try Run(way, kind, FaultPlan.Rule(operation: kind, errno: errno, skip: skip, times: times))
        #expect(run.answer == .success)
        #expect(run.pair.bad.contents(8, 40) == run.expected(kind, except: 0..<0))
        if kind == .read { #expect(run.memory == run.expected(kind, except: 0..<0)) }
      }
    }
  }

  // Each takes a second: the pauses between the tries. How it is asked makes no difference to those.
  @Test("a device that never stops saying EAGAIN is EIO in the end", arguments: ways.filter { $0.door == .blocking })
  func neverReady(way: Way) throws {
    let run = try Run(way, .write, FaultPlan.Rule(start: UInt64(Self.base), count: 1, errno: .EAGAIN))
    #expect(run.answer == .failure(0, .EIO, 8))
  }
}
