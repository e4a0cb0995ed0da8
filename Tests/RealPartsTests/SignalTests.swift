import DMIO
import Glibc
import HostParts
import Synchronization
import Testing

/// Signals that interrupt every system call do not interrupt I/O.
@Suite struct SignalTests {
  @Test(
    "T8: a storm of signals never ends a blocking call", arguments: EngineChoice.both,
    [BlockClient.Kind.shared, .driven])
  func storm(engine: EngineChoice, kind: BlockClient.Kind) throws {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in }
    // Without SA_RESTART: what a signal meets returns EINTR.
    #expect(sigaction(SIGUSR1, &action, nil) == 0)
    let path = try Host.newFile("signals", bytes: 8 << 20)
    defer { unlink(path) }
    let storm = try Storm()
    let error: (any Error)? = storm.during {
      do { try ioUnderFire(path, engine, kind) } catch { return error }
      return nil
    }
    if let error { throw error }
    #expect(storm.signals > 100)
  }

  private func ioUnderFire(_ path: String, _ engine: EngineChoice, _ kind: BlockClient.Kind) throws {
    let file = try BlockDevice.open(path, FileOptions(isDirect: true))
    // The file itself is the caller's thread's work; behind a fault device the caller waits for the engine.
    let devices = try [file, .fault(file, FaultPlan())]
    let client = try BlockClient(pages: 16, kind: kind, engine: engine)
    for round in 0..<100 {
      let device = devices[round % 2]
      let block = Block(count: 1 << 20, UInt8(round))
      let regions = [Region(device, start: 0, count: 2048), Region(device, start: 8192, count: 2048)]
      #expect(try block.perform(client, .write, regions).isSuccess)
      let back = Block(count: 1 << 20, 0xEE)
      #expect(try back.perform(client, .read, [regions[round / 2 % 2]]).isSuccess)
      #expect(back.isAll(UInt8(round), 0..<4096) && back.isAll(UInt8(round), (1 << 20) - 4096..<1 << 20))
      if round % 10 == 0 { #expect(try client.flushBlocking([device]).isSuccess) }
    }
  }
}

/// A thread that sends SIGUSR1 to another one, again and again.
private final class Storm: Sendable {
  private let isOver = Atomic<Bool>(false)
  private let sent = Atomic<Int>(0)

  init() throws {}

  var signals: Int { sent.load(ordering: .relaxed) }

  /// Runs `body` on this thread, which is signalled meanwhile.
  func during<Value>(_ body: () -> Value) -> Value {
    let target = Box(pthread_self())
    let thread = Thread { [self] in
      while !isOver.load(ordering: .acquiring) {
        pthread_kill(target.value, SIGUSR1)
        sent.add(1, ordering: .relaxed)
        sched_yield()
      }
    }
    thread.start()
    let value = body()
    isOver.store(true, ordering: .releasing)
    thread.join()
    return value
  }

  /// Why unchecked: a thread's handle is only a number.
  private struct Box: @unchecked Sendable {
    let value: pthread_t
    init(_ value: pthread_t) { self.value = value }
  }
}

/// A thread that can be waited for.
private final class Thread {
  private var handle = pthread_t()
  private let body: () -> Void

  init(_ body: @escaping () -> Void) { self.body = body }

  func start() {
    pthread_create(
      &handle, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Thread>.fromOpaque(context).takeRetainedValue().body()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
  }

  func join() { pthread_join(handle, nil) }
}
