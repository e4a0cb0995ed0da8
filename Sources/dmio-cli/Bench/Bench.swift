internal import DMIO
internal import Synchronization

/// A bench: threads that send requests until its end, and the main thread that begins and ends it.
final class Bench: Sendable {
  let plan: BenchPlan
  let device: BenchDevice
  private let threads: [Stable<BenchThread>]
  private let signals: Stable<BenchSignals>
  /// The client of all threads, if they share one.
  private let client: BlockClient?
  /// Who got how far: signalled by each thread.
  private let isReady = Semaphore()
  private let isDone = Semaphore()
  /// Permits for each thread: to begin, and to free what it has.
  private let mayBegin = Semaphore()
  private let mayLeave = Semaphore()
  private let hasTrouble = Atomic<Bool>(false)

  /// How often the main thread looks after signals.
  private static let tickNanoseconds: UInt64 = 100_000_000

  init(_ plan: BenchPlan, _ device: BenchDevice) throws(Refusal) {
    self.plan = plan
    self.device = device
    do throws(BlockError) { client = plan.isShared ? try Bench.client(plan, .shared) : nil } catch {
      throw Refusal("\(error)")
    }
    let signals = Stable(allocating: BenchSignals())
    self.signals = signals
    threads = (0..<plan.threads).map { index in
      let places = Places(
        firstSector: device.firstSector, blocks: device.blocks, blockSectors: UInt64(plan.blockSectors),
        seed: UInt64(index + 1))
      return Stable(allocating: BenchThread(plan, places, signals))
    }
  }

  deinit {
    // What a client's thread still does with a runner that came back ends here.
    client?.close()
    for thread in threads { thread.destroy() }
    signals.destroy()
  }

  private static func client(_ plan: BenchPlan, _ kind: BlockClient.Kind) throws(BlockError) -> BlockClient {
    try BlockClient(
      pages: plan.reservation, kind: kind, engine: plan.engine, registeredPages: plan.registeredPages)
  }

  /// Runs it to its end.
  func run() throws(Refusal) -> BenchResult {
    var started: [Thread] = []
    var refusal: Errno?
    for thread in threads where refusal == nil {
      do throws(Errno) { started.append(try Thread { self.work(thread) }) } catch { refusal = error }
    }
    for _ in started { isReady.wait() }
    if refusal != nil || hasTrouble.load(ordering: .acquiring) { stop() }
    let used = Clock.used
    for _ in started { mayBegin.signal() }
    waitForEnd(of: started.count)
    let cpu = Clock.used - used
    let result: Result<BenchResult, Refusal>
    do throws(Refusal) {
      result = .success(
        try BenchResult(plan, device, threads, cpuNanoseconds: cpu, isInterrupted: Interrupts.areWanted))
    } catch {
      result = .failure(error)
    }
    for _ in started { mayLeave.signal() }
    for thread in started { thread.join() }
    if let refusal { throw Refusal("--threads \(plan.threads): starting a thread: \(refusal.message)") }
    return try result.get()
  }

  /// Waits until so many threads are done, and tells them when it is time to be.
  private func waitForEnd(of count: Int) {
    var (waiting, isStopping, isAbandoning) = (count, false, false)
    var end = UInt64.max
    if case .seconds(let seconds) = plan.end { end = Clock.now + UInt64(seconds * 1e9) }
    while waiting > 0 {
      let now = Clock.now
      if !isStopping, now >= end || Interrupts.areWanted || hasTrouble.load(ordering: .acquiring) {
        isStopping = true
        stop()
      }
      if !isAbandoning, Interrupts.areUrgent {
        isAbandoning = true
        signals.pointee.isAbandoning.store(true, ordering: .relaxed)
        // A device that holds requests back answers them now.
        device.opened.device.close()
      }
      let tick = now + Bench.tickNanoseconds
      if isDone.wait(until: isStopping ? tick : min(tick, end)) { waiting -= 1 }
    }
  }

  private func stop() {
    signals.pointee.isStopping.store(true, ordering: .relaxed)
  }

  /// What a thread does.
  private func work(_ thread: Stable<BenchThread>) {
    var tools: (client: BlockClient, runners: Runners)?
    do throws(BlockError) {
      let client = if let shared = self.client { shared } else { try Bench.client(plan, .driven) }
      tools = (client, try Runners(plan, device, thread, client))
      thread.pointee.engines = Engines(client, device.opened)
    } catch {
      thread.pointee.trouble = error
      hasTrouble.store(true, ordering: .releasing)
    }
    isReady.signal()
    mayBegin.wait()
    if let tools {
      thread.drive(plan, tools.client, tools.runners)
      if thread.pointee.trouble != nil { hasTrouble.store(true, ordering: .releasing) }
    }
    isDone.signal()
    mayLeave.wait()
    withExtendedLifetime(tools) {}
  }
}

extension Stable where Value == BenchThread {
  /// Sends requests until the end, through the door that is measured.
  fileprivate func drive(_ plan: BenchPlan, _ client: BlockClient, _ runners: Runners) {
    pointee.begin(at: Clock.now)
    do throws(BlockError) {
      switch (plan.door, plan.isShared) {
      case (.callback, false): try driveByCallbacks(client, runners)
      case (.closure, false): try driveByClosures(client, runners)
      case (.async, false): try driveByTasks(client, runners)
      case (.batch, _): try driveByBatches(client, runners)
      case (.blocking, _): try driveByCalls(client, runners)
      case (.callback, true): try shareByCallbacks(client, runners)
      case (.closure, true): try shareByClosures(client, runners)
      case (.async, true): shareByTasks(client, runners)
      }
    } catch {
      pointee.trouble = error
    }
    pointee.ended = Clock.now
  }
}
