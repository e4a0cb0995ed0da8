import DMIOTestSupport
import Testing

@testable import DMIO

/// What only moves bytes in memory, beside everything else that the client's thread has to do.
@Suite struct PromptTurnTests {
  private static let address = UInt(bitPattern: UnsafeMutableRawPointer.allocate(byteCount: 16_384, alignment: 4096))
  private static var memory: Memory {
    Memory(contiguous: UnsafeMutableRawPointer(bitPattern: address), byteCount: 16_384)
  }

  @Test("prompt pieces have their turn beside requests that never stop", arguments: EngineChoice.notRing)
  func besideOthers(engine: EngineChoice) throws {
    let disk = try TemporaryDisk(bytes: 1 << 16, inMemory: true)
    let device = try disk.open(direct: false)
    let client = try BlockClient(pages: 4, kind: .driven, engine: engine)
    let endless = Endless(client, Region(try BlockDevice.null(bytes: 1 << 20), start: 0, count: 8), Self.memory)
    try endless.send()
    let ended = Box(false)
    let regions = [Region(device, start: 0, count: 8), Region(device, start: 8, count: 8)]
    try client.submit(.write, regions, Self.memory) { result in ended.change { $0 = result.isSuccess } }
    for _ in 0..<1000 where !ended.value { try client.poll(wait: true) }
    #expect(ended.value)
    endless.goesOn = false
    client.close()
  }

  @Test(
    "a poll carries out four small pieces, or one that is as long, and none behind one that brings news",
    arguments: EngineChoice.notRing)
  func piecesInTurn(engine: EngineChoice) throws {
    let disk = try TemporaryDisk(bytes: 1 << 20, inMemory: true)
    let device = try disk.open(direct: false)
    let client = try BlockClient(pages: 16, kind: .driven, engine: engine, processorsForOthers: 1024)
    func polls(_ sectors: UInt64, then: @escaping (Int) -> Void = { _ in }) throws -> [Int] {
      for index in 0..<8 {
        try client.submit(
          .read, [Region(device, start: 0, count: sectors)], Self.memory, onThisThread: { _ in then(index) })
      }
      var polls: [Int] = []
      while polls.reduce(0, +) < 8 { polls.append(try client.poll(wait: false)) }
      return polls
    }
    #expect(try polls(8) == [4, 4])
    #expect(try polls(1) == [4, 4])
    #expect(try polls(16) == [2, 2, 2, 2])
    #expect(try polls(32) == [1, 1, 1, 1, 1, 1, 1, 1])
    let hasRun = Box(false)
    #expect(
      try polls(8) { index in
        guard index == 1 else { return }
        Task(executorPreference: client.executor) { hasRun.change { $0 = true } }
      } == [2, 4, 2])
    #expect(hasRun.value)
  }

  /// A request that is sent again as soon as it is answered.
  private final class Endless {
    let client: BlockClient
    let region: Region
    let memory: Memory
    var goesOn = true

    init(_ client: BlockClient, _ region: Region, _ memory: Memory) {
      self.client = client
      self.region = region
      self.memory = memory
    }

    func send() throws {
      try client.submit(.write, [region], memory, onThisThread: { [self] _ in if goesOn { try? send() } })
    }
  }
}
