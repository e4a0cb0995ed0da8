internal import DMIO
internal import DMIOCopy
internal import DMIOTestSupport
internal import Testing

/// What went wrong in kcopyd over the years, each as a test: T30 to T41 of the contract.
@Suite(.timeLimit(.minutes(10))) struct HistoryTests {
  @Test("T30: a copy to a device whose back end runs copies on another client ends, and so do those")
  func stacked() throws {
    let (source, saved, below) = (Disk.filled(2048), Disk(2048), Disk.filled(2048, seed: 2))
    let before = below.bytes
    let (outer, inner) = (try CopyClient(chunks: 2), try CopyClient(chunks: 1, chunkBytes: 64 << 10))
    let snapshot = try SavingDevice(below, saved, inner).device
    let results = Box<[CopyResult]>([])
    for part in UInt64(0)..<2 {
      let (from, to) = (
        Region(try source.device, start: part * 1024, count: 1024), Region(snapshot, start: part * 1024, count: 1024)
      )
      try outer.copy(from, to: [to]) { result in results.change { $0.append(result) } }
    }
    results.wait { $0.count == 2 }
    try outer.close()
    try inner.close()
    #expect(results.value.allSatisfy { $0.isSuccess })
    #expect(below.bytes == source.bytes && saved.bytes == before)
  }

  @Test("T31: with one chunk for all, jobs of any size start in the order in which they were handed in")
  func order() throws {
    let (source, target) = (Disk.filled(1024), Disk(1024))
    let client = try CopyClient(chunks: 1, chunkBytes: 64 << 10)
    let (gate, ended) = (try hold(client), Box<[Int]>([]))
    let jobs: [Range<UInt64>] = [0..<8, 8..<520, 520..<528, 528..<784, 784..<785]
    for (index, job) in jobs.enumerated() {
      let count = UInt64(job.count)
      try client.copy(
        Region(source.device, start: job.lowerBound, count: count),
        to: [Region(target.device, start: job.lowerBound, count: count)]
      ) { _ in ended.change { $0.append(index) } }
    }
    gate.change { $0 = true }
    try client.close()
    #expect(source.asked(.read).map(\.sector) == source.asked(.read).map(\.sector).sorted())
    #expect(ended.value == Array(jobs.indices))
    #expect(target.bytes == zeroed(source.bytes, 785..<1024))
  }

  @Test(
    "T32: a split job has the error of the chunk that ended first, its completion is on the client's thread, close waits"
  )
  func split() throws {
    let (source, target) = (Disk.filled(8192), Disk(8192))
    let client = try CopyClient()
    let (ended, thread) = (Box<CopyResult?>(nil), Box<Errno?>(nil))
    let rule = FaultPlan.Rule(operation: .write, start: 5, count: 1)
    try client.copy(Region(whole: source.device), to: [Region(whole: target.device([rule]))], .ignoreErrors) { result in
      // Only on its own thread does a client refuse to be closed.
      do throws(BlockError) { try client.close() } catch { thread.change { $0 = error.errno } }
      ended.change { $0 = result }
    }
    try client.close()
    #expect(ended.value?.writeErrors == .region(0) && thread.value == .EDEADLK)
    #expect(ended.value?.unwritten == [[Extent(sector: 5, count: 1, errno: .EIO)]])
    #expect(target.bytes == zeroed(source.bytes, 5..<6))
  }

  @Test("T33: a job of no sectors calls back without errors, and touches no device")
  func nothing() async throws {
    let (one, other) = (HeldDevice(), HeldDevice())
    let client = try CopyClient()
    let (from, to) = (Region(try one.device, start: 8, count: 0), Region(try other.device, start: 0, count: 0))
    for options in [CopyOptions(), .ignoreErrors, .sequentialWrites] {
      let copied = try await client.copy(from, to: [to], options)
      let zeroed = try await client.zero([from, to], options)
      #expect(copied.isSuccess && copied.unwritten == [[]] && copied.unreadable.isEmpty)
      #expect(zeroed.isSuccess && zeroed.unwritten == [[], []])
    }
    try client.close()
    #expect(one.count == 0 && other.count == 0)
  }

  @Test("T34: a client of one chunk completes a job of 64")
  func oneChunk() async throws {
    let (source, target) = (Disk.filled(64 * 128), Disk(64 * 128))
    let client = try CopyClient(chunks: 1, chunkBytes: 64 << 10)
    let result = try await client.copy(Region(whole: source.device), to: [Region(whole: target.device)])
    #expect(result.isSuccess && target.bytes == source.bytes)
    #expect(source.asked(.read).count == 64)
    try client.close()
  }

  @Test(
    "T35: of 100,000 prepared callbacks each is called once with its errors, or withdrawn, and nothing of it is left")
  func prepared() throws {
    let (alive, called, sum) = (Box(0), Box(0), Box<UInt64>(0))
    let client = try CopyClient()
    let count = scaled(100_000) / 4
    OwnThread.run(4) { _ in
      for index in 0..<count {
        let tracked = Tracked(alive)
        let callback = try? client.prepareCallback { readFailed, errors in
          tracked.touch()
          called.change { $0 += readFailed ? 1 : 0 }
          sum.change { $0 += errors.rawValue }
        }
        // Every tenth is let go.
        if index % 10 != 0 { callback?.fire(readFailed: true, writeErrors: RegionErrors(rawValue: UInt64(index))) }
      }
    }
    try client.close()
    let fired = (0..<count).filter { $0 % 10 != 0 }
    #expect(called.value == 4 * fired.count && sum.value == 4 * UInt64(fired.reduce(0, +)))
    #expect(alive.value == 0)
  }

  @Test("T35: a callback that was fired keeps the client no longer, though its handle is kept, and fires once")
  func kept() throws {
    let client = try CopyClient()
    let called = Box(0)
    let kept = try client.prepareCallback { _, _ in called.change { $0 += 1 } }
    kept.fire(readFailed: false, writeErrors: [])
    kept.fire(readFailed: false, writeErrors: [])
    try client.close()
    #expect(called.value == 1)
    withExtendedLifetime(kept) {}
  }

  @Test("T38: callbacks that prepare callbacks without end do not keep a copy from going on")
  func endless() throws {
    let (source, target) = (Disk.filled(4096), Disk(4096))
    let client = try CopyClient(chunks: 1, chunkBytes: 64 << 10)
    let (isOver, calls) = (Box(false), Box(0))
    @Sendable func again() {
      calls.change { $0 += 1 }
      if isOver.value { return }
      let next = try? client.prepareCallback { _, _ in again() }
      next?.fire(readFailed: false, writeErrors: [])
    }
    again()
    try client.copy(Region(whole: source.device), to: [Region(whole: target.device)]) { _ in isOver.change { $0 = true }
    }
    isOver.wait { $0 }
    try client.close()
    #expect(target.bytes == source.bytes && calls.value > 1)
  }

  @Test("T38: completions that hand in copies without end do not keep an older copy from going on")
  func endlessCopies() throws {
    let (source, target, other) = (Disk.filled(4096), Disk(4096), try Disk(8).device)
    let client = try CopyClient(chunks: 2, chunkBytes: 64 << 10)
    let (isOver, region) = (Box(false), Region(try source.device, start: 0, count: 8))
    @Sendable func again() {
      if isOver.value { return }
      #expect(throws: Never.self) { try client.copy(region, to: [Region(whole: other)]) { _ in again() } }
    }
    again()
    try client.copy(Region(whole: source.device), to: [Region(whole: target.device)]) { _ in isOver.change { $0 = true }
    }
    isOver.wait { $0 }
    try client.close()
    #expect(target.bytes == source.bytes)
  }

  @Test("T41: 65 targets are EINVAL, 64 are not")
  func targets() async throws {
    let source = try Disk.filled(8).device
    let disks = (0..<65).map { _ in Disk(8) }
    let regions = try disks.map { Region(whole: try $0.device) }
    let client = try CopyClient()
    let error = await #expect(throws: BlockError.self) { try await client.copy(Region(whole: source), to: regions) }
    #expect(error?.errno == .EINVAL)
    let zeroes = await #expect(throws: BlockError.self) { try await client.zero(regions) }
    #expect(zeroes?.errno == .EINVAL)
    #expect(disks.allSatisfy { $0.operands.value.isEmpty })
    #expect(try await client.copy(Region(whole: source), to: Array(regions.dropLast())).isSuccess)
    try client.close()
  }
}

/// Keeps the client's thread busy until the box is true.
func hold(_ client: CopyClient) throws -> Box<Bool> {
  let (isHeld, gate) = (Box(false), Box(false))
  let callback = try client.prepareCallback { _, _ in
    isHeld.change { $0 = true }
    gate.wait { $0 }
  }
  callback.fire(readFailed: false, writeErrors: [])
  isHeld.wait { $0 }
  return gate
}

/// A device that, before it is written, saves what was there, with a copy on a client of its own: a snapshot's origin.
private final class SavingDevice: BlockBackend {
  let geometry: Geometry
  private let below: Disk
  private let client: CopyClient
  private let from: BlockDevice
  private let to: BlockDevice

  init(_ below: Disk, _ saved: Disk, _ client: CopyClient) throws {
    geometry = below.geometry
    self.below = below
    self.client = client
    (from, to) = (try below.device, try saved.device)
  }

  var device: BlockDevice { get throws { try BlockDevice(self, name: "snapshot") } }

  func submit(_ piece: consuming Piece) {
    let (start, count) = (piece.startSector, piece.sectorCount)
    let kept = KeptPiece(piece)
    do throws(BlockError) {
      try client.copy(Region(from, start: start, count: count), to: [Region(to, start: start, count: count)]) {
        [below] _ in kept.send(to: below)
      }
    } catch {
      Issue.record("the back end's copy was refused: \(error)")
    }
  }

  func close() {}
}

// Why unchecked: one thread keeps it, the next takes it, and the job between them orders the two.
private final class KeptPiece: @unchecked Sendable {
  private var piece: Piece?

  init(_ piece: consuming Piece) { self.piece = consume piece }

  func send(to disk: Disk) { if let piece = piece.take() { disk.submit(piece) } }
}
