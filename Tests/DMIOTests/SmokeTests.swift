import DMIO
import Testing

@Suite struct SmokeTests {
  @Test(arguments: [BlockClient.Kind.shared, .driven], [EngineChoice.uring, .threads, .auto]) func ram(
    kind: BlockClient.Kind, engine: EngineChoice
  ) throws {
    let client = try BlockClient(pages: 4, kind: kind, engine: engine)
    let disk = try BlockDevice.ram(bytes: 1 << 20)
    let file = try BlockDevice.open("/tmp/dmio-smoke.img", FileOptions(isDirect: true))
    let data = [UInt8](repeating: 7, count: 8192)
    var result = try client.writeBlocking(
      [Region(disk, start: 0, count: 16), Region(file, start: 8, count: 16), Region(file, start: 800, count: 16)],
      from: data.span.bytes)
    #expect(result.isSuccess)
    var back = try PageBuffer(pages: 2)
    result = try client.readBlocking(Region(file, start: 800, count: 16), into: &back)
    #expect(result.isSuccess)
    #expect(back.bytes.unsafeLoad(fromByteOffset: 8000, as: UInt8.self) == 7)
    result = try client.flushBlocking([file, disk])
    #expect(result.isSuccess)
    result = try client.readBlocking(Region(file, start: 8000000, count: 16), into: &back)
    #expect(result.failure(of: 0)?.errno == .EIO)
    print(client.engine, client.lane(of: file))
  }
  @Test(arguments: [EngineChoice.uring, .threads, .auto]) func awaits(engine: EngineChoice) async throws {
    let client = try BlockClient(pages: 4, engine: engine)
    let file = try BlockDevice.open("/tmp/dmio-smoke.img", FileOptions(isDirect: true))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for i in 0..<100 {
        group.addTask {
          let data = [UInt8](repeating: UInt8(i), count: 4096)
          let r = try await client.write([Region(file, start: UInt64(i) * 8, count: 8)], from: data.span.bytes)
          #expect(r.isSuccess)
          var back = [UInt8](repeating: 0, count: 4096)
          var elements = back.mutableSpan
          var span = elements.mutableBytes
          let r2 = try await client.read(Region(file, start: UInt64(i) * 8, count: 8), into: &span)
          #expect(r2.isSuccess)
          #expect(back == data)
        }
      }
      try await group.waitForAll()
    }
  }
  @Test(arguments: [EngineChoice.uring, .threads, .auto]) func driven(engine: EngineChoice) throws {
    let client = try BlockClient(pages: 4, kind: .driven, engine: engine)
    let file = try BlockDevice.open("/tmp/dmio-smoke.img", FileOptions(isDirect: true))
    let n = try client.run { () -> Int in
      var n = 0
      for i in 0..<100 {
        let data = [UInt8](repeating: UInt8(i), count: 4096)
        do {
          let r = try await client.write([Region(file, start: UInt64(i) * 8, count: 8)], from: data.span.bytes)
          #expect(r.isSuccess)
        } catch { Issue.record(error) }
        n += 1
      }
      return n
    }
    #expect(n == 100)
    nonisolated(unsafe) var seen = 0
    let buffer = try PageBuffer(pages: 1)
    for i in 0..<100 {
      try client.submit(.write, [Region(file, start: UInt64(i) * 8, count: 8)], buffer.memory) { r in
        seen += 1
        #expect(r.isSuccess)
      }
    }
    while seen < 100 { try client.poll(wait: true) }
    #expect(seen == 100)
  }
}
