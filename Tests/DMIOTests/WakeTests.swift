import DMIO
import DMIOTestSupport
import Dispatch
import Testing

/// A driven client's thread is made to look up from its wait by another one.
@Suite(.timeLimit(.minutes(10))) struct WakeTests {
  private static let hour = 3_600_000

  @Test(
    "a thread that waits for nothing looks up when another one wakes it, each time",
    arguments: [EngineChoice.uring, .threads])
  func whileWaiting(engine: EngineChoice) throws {
    let client = try BlockClient(pages: 1, kind: .driven, engine: engine)
    let turn = DispatchSemaphore(value: 0)
    let other = OwnThread { for _ in 0..<8 { turn.wait(); client.wake() } }
    for _ in 0..<8 {
      turn.signal()
      #expect(try client.poll(waitMilliseconds: Self.hour) == 0)
    }
    other.join()
  }

  @Test(
    "what was woken before it waits does not wait, once for however many wakes",
    arguments: [EngineChoice.uring, .threads])
  func beforeWaiting(engine: EngineChoice) throws {
    let client = try BlockClient(pages: 1, kind: .driven, engine: engine)
    for _ in 0..<3 { client.wake() }
    #expect(try client.poll(waitMilliseconds: Self.hour) == 0)
    let begin = ContinuousClock.now
    #expect(try client.poll(waitMilliseconds: 20) == 0)
    #expect(ContinuousClock.now - begin >= .milliseconds(19))
  }

  @Test("a wait for the end of a request goes on through a wake", arguments: [EngineChoice.uring, .threads])
  func whileWorking(engine: EngineChoice) throws {
    let client = try BlockClient(pages: 1, kind: .driven, engine: engine)
    let held = HeldDevice()
    let bytes = Bytes(.contiguous(shift: 0), count: 4096)
    let ended = Box(0)
    try client.submit(
      .write, [Region(held.device, start: 0, count: 8)], bytes.memory, onThisThread: { _ in ended.change { $0 += 1 } })
    client.wake()
    #expect(try client.poll(waitMilliseconds: Self.hour) == 0 && ended.value == 0)
    let other = OwnThread {
      client.wake()
      held.next().succeed()
    }
    #expect(try client.poll(wait: true) == 1 && ended.value == 1)
    other.join()
  }
}
