import DMIO
import HostParts
import Testing

/// What every kind of device keeps to, on both engines. A new kind of device passes when it is added to `DeviceKind`.
@Suite struct DeviceContract {
  @Test("loop devices are among the kinds", .enabled(if: Host.isRoot, "loop devices need root"))
  func loops() { #expect(DeviceKind.available == DeviceKind.allCases) }

  @Test("every request is answered once", arguments: DeviceKind.available, EngineChoice.both)
  func answersOnce(kind: DeviceKind, engine: EngineChoice) throws {
    let made = try MadeDevice(kind)
    let client = try BlockClient(pages: 4, engine: engine)
    var random = Numbers(1)
    let counts = Counts(300)
    let buffer = try PageBuffer(pages: 64)
    for index in 0..<300 {
      let operation = [Operation.read, .write, .flush, .discard, .writeZeroes][index % 5]
      let region = random.region(on: made.device, most: 512)
      try client.submit(operation, [region], buffer.memory) { _ in counts.add(index) }
    }
    client.close()
    withExtendedLifetime(buffer) {}
    #expect(counts.all.allSatisfy { $0 == 1 }, "\(counts.all)")
  }

  @Test("no piece leaves the bounds of its device", arguments: DeviceKind.available, EngineChoice.both)
  func staysInBounds(kind: DeviceKind, engine: EngineChoice) throws {
    let made = try MadeDevice(kind)
    let backend = WatchedBackend(made.device)
    let device = try BlockDevice(backend, name: "watched")
    let client = try BlockClient(pages: 2, engine: engine)
    var random = Numbers(2)
    let buffer = try PageBuffer(pages: 1100)
    for index in 0..<200 {
      let operation = [Operation.read, .write, .flush, .discard, .writeZeroes][index % 5]
      let start = UInt64.random(in: 0..<9000, using: &random)
      let region = Region(device, start: start, count: .random(in: 0..<8500, using: &random))
      _ = try client.performBlocking(operation, [region], buffer.memory)
    }
    withExtendedLifetime(buffer) {}
    #expect(backend.pieces > 0)
    #expect(backend.wrong.isEmpty, "\(backend.wrong.prefix(5))")
  }

  @Test(
    "what is written is read back, whatever the offset and the memory", arguments: DeviceKind.available,
    EngineChoice.both)
  func keepsData(kind: DeviceKind, engine: EngineChoice) throws {
    let made = try MadeDevice(kind)
    let client = try BlockClient(pages: 4, engine: engine)
    var random = Numbers(3)
    var model = [UInt8](repeating: 0, count: DeviceKind.bytes)
    for _ in 0..<60 {
      let region = random.region(on: made.device, most: 1024)
      let (first, count) = (Int(region.start) * 512, Int(region.count) * 512)
      let data = random.bytes(count)
      // Memory at any address: what a device cannot take goes through bounce pages.
      let shift = [0, 0, 512, 1, 513].randomElement(using: &random) ?? 0
      let written = try Loan(data, shift: shift).use { try client.performBlocking(.write, [region], $0) }
      #expect(written.isSuccess)
      if kind.keepsData { model.replaceSubrange(first..<first + count, with: data) }
      let look = random.region(on: made.device, most: 1024)
      let (lookFirst, lookCount) = (Int(look.start) * 512, Int(look.count) * 512)
      let loan = Loan([UInt8](repeating: 0xEE, count: lookCount), shift: shift)
      let read = try loan.use { try client.performBlocking(.read, [look], $0) }
      #expect(read.isSuccess)
      #expect(loan.equals(model, from: lookFirst))
    }
  }

  @Test("a flush succeeds", arguments: DeviceKind.available, EngineChoice.both)
  func flushes(kind: DeviceKind, engine: EngineChoice) throws {
    let made = try MadeDevice(kind)
    let client = try BlockClient(pages: 1, engine: engine)
    #expect(try client.flushBlocking([made.device, made.device]).isSuccess)
    #expect(made.device.failedFlush == nil)
  }

  @Test("write-zeroes and discard do what the geometry says", arguments: DeviceKind.available, EngineChoice.both)
  func zeroes(kind: DeviceKind, engine: EngineChoice) throws {
    let made = try MadeDevice(kind)
    let geometry = made.device.geometry
    let client = try BlockClient(pages: 4, engine: engine)
    let region = Region(made.device, start: 64, count: 512)
    let loan = Loan([UInt8](repeating: 0x77, count: 1024 * 512), shift: 0)
    let whole = Region(made.device, start: 0, count: 1024)
    #expect(try loan.use { try client.performBlocking(.write, [whole], $0) }.isSuccess)
    let zeroed = try client.writeZeroesBlocking([region])
    #expect(zeroed.failure(of: 0)?.errno == (geometry.writeZeroesSectors > 0 ? nil : .EOPNOTSUPP))
    #expect(try loan.use { try client.performBlocking(.read, [whole], $0) }.isSuccess)
    if kind.keepsData {
      let inside: UInt8 = geometry.writeZeroesSectors > 0 ? 0 : 0x77
      #expect(loan.isAll(inside, 64 * 512..<576 * 512))
      #expect(
        loan.isAll(0x77, 0..<64 * 512) && loan.isAll(0x77, 576 * 512..<1024 * 512))
    }
    let discarded = try client.discardBlocking([region])
    #expect(discarded.failure(of: 0)?.errno == (geometry.discardSectors > 0 ? nil : .EOPNOTSUPP))
  }

  @Test(
    "a region that does not fit is its own bit, and a read's memory is zero", arguments: DeviceKind.available,
    EngineChoice.both)
  func refuses(kind: DeviceKind, engine: EngineChoice) throws {
    let made = try MadeDevice(kind)
    let client = try BlockClient(pages: 1, engine: engine)
    let end = made.device.geometry.sectors
    let loan = Loan([UInt8](repeating: 0x11, count: 8192), shift: 0)
    let beyond = Region(made.device, start: end - 8, count: 16)
    let result = try loan.use { try client.performBlocking(.read, [beyond], $0) }
    #expect(result.failure(of: 0) == RegionFailure(errno: .EIO, sector: end - 8))
    #expect(loan.isAll(0))
    guard made.device.geometry.logicalBlock > 512 else { return }
    let misaligned = [Region(made.device, start: 4, count: 8), Region(made.device, start: 8, count: 8)]
    #expect(try loan.use { try client.performBlocking(.write, misaligned, $0) }.errors == .region(0))
  }

  @Test("a device that was closed fails with ENODEV", arguments: DeviceKind.available, EngineChoice.both)
  func closes(kind: DeviceKind, engine: EngineChoice) throws {
    let made = try MadeDevice(kind)
    let client = try BlockClient(pages: 1, engine: engine)
    made.device.close()
    made.device.close()
    for operation in [Operation.read, .write, .flush, .discard, .writeZeroes] {
      let loan = Loan([UInt8](repeating: 0x11, count: 4096), shift: 0)
      let region = Region(made.device, start: 0, count: 8)
      let result = try loan.use { try client.performBlocking(operation, [region], $0) }
      #expect(result.failure(of: 0)?.errno == .ENODEV)
      #expect(loan.isAll(operation.kind == .read ? 0 : 0x11))
    }
  }

  @Test("closing a device ends what hangs on it", arguments: DeviceKind.wrappable, EngineChoice.both)
  func endsHanging(kind: DeviceKind, engine: EngineChoice) throws {
    let made = try MadeDevice(kind)
    let device = try BlockDevice.fault(made.device, FaultPlan(rules: [FaultPlan.Rule(action: .hang)]))
    let client = try BlockClient(pages: 4, engine: engine)
    let buffer = try PageBuffer(pages: 1)
    let answers = Guarded<[Errno?]>([])
    for operation in [Operation.write, .flush, .discard, .write(.preflush)] {
      try client.submit(operation, [Region(device, start: 0, count: 8)], buffer.memory) { result in
        answers.withLock { $0.append(result.failure(of: 0)?.errno) }
      }
    }
    device.close()
    client.close()
    withExtendedLifetime(buffer) {}
    let unsupported = device.geometry.discardSectors == 0
    #expect(answers.withLock { $0.filter { $0 == .ENODEV || unsupported && $0 == .EOPNOTSUPP }.count } == 4)
  }

  @Test("closing a client waits for all that was submitted", arguments: EngineChoice.both)
  func closesClients(engine: EngineChoice) throws {
    let device = try BlockDevice.null(bytes: 1 << 20)
    for _ in 0..<100 {
      let client = try BlockClient(pages: 4, engine: engine)
      let counts = Counts(100)
      for index in 0..<100 {
        try client.submit(.flush, [Region(device, start: 0, count: 0)], .none) { _ in counts.add(index) }
      }
      client.close()
      #expect(counts.all.allSatisfy { $0 == 1 })
    }
  }
}
