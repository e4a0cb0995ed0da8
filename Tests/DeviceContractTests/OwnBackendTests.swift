import DMIO
import Dispatch
import HostParts
import Synchronization
import Testing

/// What the service makes of back ends that behave badly, slowly or oddly.
@Suite struct OwnBackendTests {
  private func device(
    _ geometry: Geometry = Geometry(bytes: 4 << 20), _ script: @escaping @Sendable (Int, consuming Piece) -> Void
  ) throws -> BlockDevice {
    try BlockDevice(ScriptedBackend(geometry, script), name: "scripted")
  }

  private func region(_ device: BlockDevice, _ start: UInt64 = 0, count: UInt64 = 8) -> Region {
    Region(device, start: start, count: count)
  }

  @Test("nine fault devices cannot be stacked") func ninth() throws {
    var device = try BlockDevice.ram(bytes: 1 << 20)
    for _ in 0..<Limits.faultDepth { device = try .fault(device, FaultPlan()) }
    do {
      _ = try BlockDevice.fault(device, FaultPlan())
      Issue.record("a ninth was stacked")
    } catch {
      #expect(error.errno == .ELOOP)
    }
  }

  @Test("a piece that is dropped fails with EIO, and only that one", arguments: EngineChoice.both)
  func dropped(engine: EngineChoice) throws {
    let device = try device { number, piece in
      if number % 100 != 99 { piece.succeed() }
    }
    let client = try BlockClient(pages: 4, engine: engine)
    let buffer = try PageBuffer(pages: 1)
    for number in 0..<500 {
      let result = try client.performBlocking(.write, [region(device, UInt64(number))], buffer.memory)
      #expect(result.failure(of: 0) == (number % 100 == 99 ? RegionFailure(errno: .EIO, sector: UInt64(number)) : nil))
    }
  }

  @Test("a back end may answer from a thread of its own", arguments: EngineChoice.both)
  func ownThread(engine: EngineChoice) throws {
    let queue = DispatchQueue(label: "answers")
    let pending = Pending()
    let device = try device { _, piece in
      pending.keep(piece)
      queue.async { pending.answerOne() }
    }
    let client = try BlockClient(pages: 16, engine: engine)
    let buffer = try PageBuffer(pages: 1)
    let counts = Counts(1000)
    for index in 0..<1000 {
      try client.submit(.write, [region(device)], buffer.memory) { result in if result.isSuccess { counts.add(index) } }
    }
    client.close()
    withExtendedLifetime(buffer) {}
    #expect(counts.all.allSatisfy { $0 == 1 })
  }

  @Test("a client may go while another thread is about to have answered", arguments: EngineChoice.both)
  func lastAnswer(engine: EngineChoice) throws {
    let queue = DispatchQueue(label: "answers")
    let pending = Pending()
    let device = try device { _, piece in
      pending.keep(piece)
      queue.async { pending.answerOne() }
    }
    for _ in 0..<300 {
      let client = try BlockClient(pages: 1, engine: engine)
      #expect(try client.flushBlocking([device]).isSuccess)
    }
  }

  @Test("short answers are asked for again until all is there", arguments: EngineChoice.both)
  func short(engine: EngineChoice) throws {
    let client = try BlockClient(pages: 4, engine: engine)
    for step in [512, 1024, 3 * 512] {
      var device = try device { _, piece in
        if piece.operation.kind == .read {
          piece.forEachRun(0..<min(step, piece.length)) { $0.initializeMemory(as: UInt8.self, repeating: 0x42) }
        }
        piece.succeed(bytes: step)
      }
      for _ in 0..<Limits.faultDepth { device = try .fault(device, FaultPlan()) }
      let loan = Loan([UInt8](repeating: 0, count: 2 << 20), shift: 0)
      let result = try loan.use { try client.performBlocking(.read, [region(device, count: 4096)], $0) }
      #expect(result.isSuccess)
      #expect(loan.isAll(0x42))
    }
  }

  @Test("an answer that makes no progress fails with EIO at that sector", arguments: EngineChoice.both)
  func noProgress(engine: EngineChoice) throws {
    let device = try device { _, piece in
      let before = piece.startSector < 5 ? Int(5 - piece.startSector) * 512 : 511
      piece.succeed(bytes: before)
    }
    let client = try BlockClient(pages: 1, engine: engine)
    let loan = Loan([UInt8](repeating: 0x33, count: 4096), shift: 0)
    let result = try loan.use { try client.performBlocking(.read, [region(device)], $0) }
    #expect(result.failure(of: 0) == RegionFailure(errno: .EIO, sector: 5))
    #expect(loan.isAll(0x33, 0..<5 * 512) && loan.isAll(0, 5 * 512..<8 * 512))
  }

  @Test("EAGAIN and EINTR never reach the caller when they pass", arguments: EngineChoice.both, [Errno.EAGAIN, .EINTR])
  func again(engine: EngineChoice, errno: Errno) throws {
    let backend = ScriptedBackend { number, piece in number < 3 ? piece.fail(errno) : piece.succeed() }
    let device = try BlockDevice(backend, name: "scripted")
    let client = try BlockClient(pages: 1, engine: engine)
    let buffer = try PageBuffer(pages: 1)
    #expect(try client.performBlocking(.write, [region(device)], buffer.memory).isSuccess)
    #expect(backend.pieces == 4)
  }

  @Test("EAGAIN for ever ends with EIO", arguments: EngineChoice.both)
  func foreverAgain(engine: EngineChoice) throws {
    let backend = ScriptedBackend { _, piece in piece.fail(.EAGAIN) }
    let device = try BlockDevice(backend, name: "scripted")
    let client = try BlockClient(pages: 1, engine: engine)
    let buffer = try PageBuffer(pages: 1)
    let result = try client.performBlocking(.write, [region(device, 3)], buffer.memory)
    #expect(result.failure(of: 0) == RegionFailure(errno: .EIO, sector: 3))
    #expect(backend.pieces == Limits.retries + 1)
  }

  @Test("an errno that is none counts as EIO") func noErrno() throws {
    let device = try device { _, piece in piece.fail(Errno(rawValue: 0)) }
    let client = try BlockClient(pages: 1, engine: .threads)
    #expect(try client.flushBlocking([device]).failure(of: 0)?.errno == .EIO)
  }

  @Test("a torn write of a whole piece ends, on a device that answers at once", arguments: EngineChoice.both)
  func torn(engine: EngineChoice) throws {
    let ram = try BlockDevice.ram(bytes: 4 << 20)
    let device = try BlockDevice.fault(ram, FaultPlan(rules: [FaultPlan.Rule(operation: .write, action: .torn)]))
    let client = try BlockClient(pages: 4, engine: engine)
    let loan = Loan([UInt8](repeating: 0x55, count: 1 << 20), shift: 0)
    let result = try loan.use { try client.performBlocking(.write, [region(device, count: 2048)], $0) }
    #expect(result.failure(of: 0) == RegionFailure(errno: .EIO, sector: 0))
    #expect(try loan.use { try client.performBlocking(.read, [region(ram, count: 2048)], $0) }.isSuccess)
    let bytes = loan.bytes
    let written = stride(from: 0, to: bytes.count, by: 512).filter { bytes[$0] == 0x55 }.count
    #expect(written > 512 && written < 1536)
  }

  @Test("a callback never runs inside submit, also in a task on the client's thread", arguments: EngineChoice.both)
  func neverInsideSubmit(engine: EngineChoice) throws {
    let device = try BlockDevice.null(bytes: 1 << 20)
    let client = try BlockClient(pages: 4, kind: .driven, engine: engine)
    let hasRun = Atomic<Bool>(false)
    try client.run {
      try? client.submit(.flush, [Region(device, start: 0, count: 0)], .none) { _ in
        hasRun.store(true, ordering: .relaxed)
      }
      let ran = hasRun.load(ordering: .relaxed)
      #expect(!ran)
    }
    while !hasRun.load(ordering: .relaxed) { try client.poll(wait: true) }
  }

  @Test("devices that were dropped make room for others, whoever used them") func dropDevices() throws {
    let clients = try [BlockClient(pages: 1, engine: .threads), BlockClient(pages: 1, engine: .threads)]
    for _ in 0..<Limits.devices + 100 {
      let device = try BlockDevice.null(bytes: 4096)
      for client in clients { #expect(try client.flushBlocking([device]).isSuccess) }
    }
  }
}

/// Pieces that wait for their answer.
private final class Pending: Sendable {
  private let state = Guarded<[Held]>([])

  /// A piece in a class, as an array cannot hold it itself.
  private final class Held: Sendable {
    let piece: Guarded<Piece?>
    init(_ piece: consuming sending Piece) { self.piece = Guarded(consume piece) }
  }

  func keep(_ piece: consuming sending Piece) {
    let held = Held(piece)
    state.withLock { $0.append(held) }
  }

  func answerOne() {
    let held = state.withLock { $0.removeFirst() }
    let piece = held.piece.withLock { $0.take() }
    if let piece { piece.succeed() }
  }
}
