import DMIO
import DMIOTestSupport
import Glibc
import Synchronization
import Testing

/// Several threads that submit to one shared client and poll it: docs/design/0006-leader-and-follower.md.
@Suite struct SharedPollTests {
  /// Requests of one thread, and how often each was answered.
  private final class Tally: Sendable {
    let answers = Box<[Int: Int]>([:])
    let failures = Atomic<Int>(0)
    let count = Atomic<Int>(0)

    /// Submits a write of one sector; `number` names it.
    func submit(_ client: BlockClient, _ device: BlockDevice, _ number: Int, _ bytes: Bytes) throws {
      try client.submit(.write, [Region(device, start: UInt64(number % 64), count: 1)], bytes.memory) { [self] result in
        answers.change { $0[number, default: 0] += 1 }
        if !result.isSuccess { failures.add(1, ordering: .relaxed) }
        count.add(1, ordering: .relaxed)
      }
    }

    var total: Int { count.load(ordering: .relaxed) }

    /// Waits for the answers of `requests` requests, and expects one each.
    func expectOneEach(_ requests: Int, _ failed: Int = 0) {
      answers.wait { $0.count >= requests }
      let found = answers.value
      #expect(found.keys.sorted() == Array(0..<requests))
      #expect(found.values.allSatisfy { $0 == 1 })
      #expect(failures.load(ordering: .relaxed) == failed)
    }
  }

  /// A device that its client's engine serves, and one that answers at once.
  private func devices(_ file: TemporaryDisk) throws -> [BlockDevice] {
    [try file.open(), try BlockDevice.ram(bytes: 1 << 16)]
  }

  @Test("threads that submit and poll are told of every request once", arguments: Way.engines, [1, 3, 64])
  func allPoll(engine: EngineChoice, pages: Int) throws {
    let file = try TemporaryDisk(bytes: 1 << 16)
    for device in try devices(file) {
      let client = try BlockClient(pages: pages, engine: engine)
      let requests = scaled(400)
      let tallies = (0..<4).map { _ in Tally() }
      OwnThread.run(4) { index in
        let bytes = Bytes(.contiguous(shift: 0), count: 512)
        var sent = 0
        do {
          while tallies[index].total < requests {
            while sent < requests, sent - tallies[index].total < 8 {
              try tallies[index].submit(client, device, sent, bytes)
              sent += 1
            }
            try client.poll(wait: true)
          }
        } catch { Issue.record(error) }
        tallies[index].expectOneEach(requests)
      }
      #expect(try client.poll(wait: true) == 0)
    }
  }

  @Test("requests of threads that never poll are answered", arguments: Way.engines)
  func nobodyPolls(engine: EngineChoice) throws {
    let file = try TemporaryDisk(bytes: 1 << 16)
    for device in try devices(file) {
      let client = try BlockClient(pages: 4, engine: engine)
      OwnThread.run(3) { _ in
        let bytes = Bytes(.contiguous(shift: 0), count: 512)
        let tally = Tally()
        var sent = 0
        do {
          // One that has to wake somebody, and many that find somebody awake.
          for burst in [1, 1, 20, 1, 50] {
            for number in sent..<sent + burst { try tally.submit(client, device, number, bytes) }
            sent += burst
            tally.expectOneEach(sent)
          }
        } catch { Issue.record(error) }
      }
    }
  }

  @Test("what a thread leaves in flight that polls no more is answered", arguments: Way.engines)
  func leaves(engine: EngineChoice) throws {
    let file = try TemporaryDisk(bytes: 1 << 16)
    for device in try devices(file) {
      let client = try BlockClient(pages: 4, engine: engine)
      let bytes = Bytes(.contiguous(shift: 0), count: 512)
      for _ in 0..<scaled(20) {
        let tally = Tally()
        let requests = 40
        OwnThread {
          do {
            for number in 0..<10 { try tally.submit(client, device, number, bytes) }
            for _ in 0..<5 { try client.poll(wait: true) }
            for number in 10..<30 { try tally.submit(client, device, number, bytes) }
            // The kernel has them, the thread ends.
            try client.poll(wait: false)
            for number in 30..<requests { try tally.submit(client, device, number, bytes) }
          } catch { Issue.record(error) }
        }.join()
        tally.expectOneEach(requests)
      }
    }
  }

  @Test("an answer given elsewhere lets everybody go who waits for one") func allWait() throws {
    let held = HeldDevice()
    let device = try held.device
    let client = try BlockClient(pages: 4, engine: .threads)
    let answers = Box(0)
    for _ in 0..<2 {
      try client.submit(.discard, [Region(device, start: 0, count: 1)], .none) { _ in answers.change { $0 += 1 } }
    }
    held.wait(2)
    let ended = Box(0)
    let threads = (0..<3).map { _ in
      OwnThread {
        do { while answers.value == 0 { try client.poll(wait: true) } } catch { Issue.record(error) }
        ended.change { $0 += 1 }
      }
    }
    #expect(ended.value == 0)
    held.next().succeed()
    for thread in threads { thread.join() }
    held.next().succeed()
    answers.wait { $0 == 2 }
  }

  @Test("a call that waits no longer than it is told returns, whatever is under way", arguments: Way.engines)
  func limited(engine: EngineChoice) throws {
    let held = HeldDevice()
    let device = try held.device
    let client = try BlockClient(pages: 4, engine: engine)
    #expect(try client.poll(waitMilliseconds: 1) == 0)
    let answer = Box<Bool?>(nil)
    try client.submit(.discard, [Region(device, start: 0, count: 1)], .none) { result in
      answer.change { $0 = result.isSuccess }
    }
    OwnThread.run(3) { _ in
      for _ in 0..<3 { #expect((try? client.poll(waitMilliseconds: 2)) == 0) }
      #expect((try? client.poll(wait: false)) == 0)
    }
    held.next().succeed()
    #expect(answer.waited() == true)
  }

  @Test("a callback may take a lock that a thread holds while it submits") func lockedSubmit() throws {
    let device = try BlockDevice.ram(bytes: 1 << 16)
    let client = try BlockClient(pages: 64, engine: .threads)
    let lock = Box(0)
    let requests = scaled(300)
    OwnThread.run(2) { index in
      do {
        for _ in 0..<requests {
          try lock.change { _ in
            try client.submit(.flush, [Region(device, start: 0, count: 0)], .none) { _ in lock.change { $0 += 1 } }
          }
          if index == 0 { try client.poll(wait: false) }
        }
      } catch { Issue.record(error) }
    }
    lock.wait { $0 == 2 * requests }
  }

  @Test("close waits for what is in flight while others poll, who then find nothing", arguments: Way.engines)
  func closeWhilePolled(engine: EngineChoice) throws {
    let held = HeldDevice()
    let device = try held.device
    let client = try BlockClient(pages: 4, engine: engine)
    let answers = Box(0)
    for _ in 0..<6 {
      try client.submit(.discard, [Region(device, start: 0, count: 1)], .none) { _ in answers.change { $0 += 1 } }
    }
    let threads = (0..<3).map { _ in
      OwnThread {
        do { while answers.value < 6 { try client.poll(wait: true) } } catch { Issue.record(error) }
      }
    }
    let answersAtClose = Box<Int?>(nil)
    let closing = OwnThread {
      client.close()
      let count = answers.value
      answersAtClose.change { $0 = count }
    }
    for _ in 0..<6 {
      #expect(answersAtClose.value == nil)
      held.next().succeed()
    }
    closing.join()
    for thread in threads { thread.join() }
    #expect(answersAtClose.value == 6)
    #expect(try client.poll(wait: true) == 0)
    #expect(throws: BlockError.closed) {
      try client.submit(.discard, [Region(device, start: 0, count: 1)], .none) { _ in }
    }
  }

  @Test("callbacks run one at a time, and never inside submit", arguments: Way.engines)
  func oneAtATime(engine: EngineChoice) throws {
    let file = try TemporaryDisk(bytes: 1 << 16)
    for device in try devices(file) {
      let client = try BlockClient(pages: 2, engine: engine)
      let (running, faults) = (Shared(), Shared())
      let tally = Shared()
      let requests = scaled(300)
      // They outlive the threads, whose last requests may still be under way when they end.
      let memories = (0..<3).map { _ in Bytes(.contiguous(shift: 0), count: 512) }
      OwnThread.run(3) { index in
        let bytes = memories[index]
        let submitting = Shared()
        let thread = UInt(pthread_self())
        do {
          for _ in 0..<requests {
            submitting.value.store(1, ordering: .relaxed)
            try client.submit(.write, [Region(device, start: 1, count: 1)], bytes.memory) { _ in
              if running.value.add(1, ordering: .relaxed).newValue != 1 { faults.value.add(1, ordering: .relaxed) }
              if UInt(pthread_self()) == thread, submitting.value.load(ordering: .relaxed) != 0 {
                faults.value.add(1, ordering: .relaxed)
              }
              running.value.subtract(1, ordering: .relaxed)
              tally.value.add(1, ordering: .relaxed)
            }
            submitting.value.store(0, ordering: .relaxed)
            try client.poll(wait: false)
          }
        } catch { Issue.record(error) }
      }
      withExtendedLifetime(memories) { client.close() }
      #expect(faults.value.load(ordering: .relaxed) == 0)
      #expect(tally.value.load(ordering: .relaxed) == 3 * requests)
    }
  }

  @Test("threads that do at random what they may get every answer once", arguments: Way.engines)
  func random(engine: EngineChoice) throws {
    var generator = Seeded("shared, \(engine)")
    let file = try TemporaryDisk(bytes: 1 << 16)
    let files = try devices(file)
    let held = HeldDevice()
    let heldDevice = try held.device
    for _ in 0..<scaled(10) {
      let client = try BlockClient(pages: [1, 2, 16][generator.below(3)], engine: engine)
      let seeds = (0..<4).map { _ in generator.next() }
      let isOver = Box(false)
      let answering = OwnThread {
        while !isOver.value {
          for piece in held.takeAll() { piece.succeed() }
          sched_yield()
        }
      }
      OwnThread.run(4) { index in
        var generator = Seeded(seed: seeds[index])
        let bytes = Bytes(.contiguous(shift: 0), count: 512)
        let tally = Tally()
        var sent = 0
        do {
          for _ in 0..<200 {
            switch generator.below(10) {
            case 0: try client.poll(wait: true)
            case 1: try client.poll(wait: false)
            case 2: try client.poll(waitMilliseconds: generator.below(2))
            case 3:
              let device = files[generator.below(2)]
              #expect(try client.performBlocking(.flush, [Region(device, start: 0, count: 0)], .none).isSuccess)
            case 4 where generator.once(in: 4):
              try client.reserve(pages: 1)
              try client.release(pages: 1)
            case 5:
              try tally.submit(client, heldDevice, sent, bytes)
              sent += 1
            default:
              for _ in 0...generator.below(4) {
                try tally.submit(client, files[generator.below(2)], sent, bytes)
                sent += 1
              }
            }
          }
        } catch { Issue.record(error) }
        tally.expectOneEach(sent)
      }
      isOver.change { $0 = true }
      answering.join()
      client.close()
    }
  }
}

/// A number that threads count.
private final class Shared: Sendable {
  let value = Atomic<Int>(0)
}
