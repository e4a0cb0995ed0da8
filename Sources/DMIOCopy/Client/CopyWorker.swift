internal import DMIO
internal import Glibc

/// The thread of a copy client, and the way to it.
///
/// A turn is: take what was handed in, run the calls, move the copies in the order of their coming, run the completions of those
/// that are over, wait. Calls that come while calls are run wait for the next turn, so that copies always move.
final class CopyWorker: Sendable {
  /// A copy as it was asked for.
  struct Order: Sendable {
    let source: Region?
    let targets: [Region]
    let options: CopyOptions
    var completion: @Sendable (CopyResult) -> Void
  }

  private struct Inbox {
    var orders: [(order: Order, job: CopyJob)] = []
    var calls: [@Sendable () -> Void] = []
    /// Calls that were prepared and may still come.
    var prepared = 0
    var isClosed = false
    var thread: pthread_t?
    var startError: BlockError?
  }

  private let inbox = Locked(Inbox())
  private let wakes: Signal
  /// Raised when the thread has started, or could not, and when it has ended.
  private let life: Signal
  private let throttle: CopyThrottle?

  init(throttle: CopyThrottle?) throws(BlockError) {
    self.throttle = throttle
    wakes = try Signal()
    life = try Signal()
  }

  /// True on the client's thread.
  var isCurrent: Bool { inbox.withLock { $0.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false } }

  func job(for order: Order) -> CopyJob {
    CopyJob(sectors: order.targets.first?.count ?? 0, wake: { [wakes] in wakes.raise() })
  }

  func add(_ order: Order) throws(BlockError) -> CopyJob {
    let job = job(for: order)
    try add(order, job)
    return job
  }

  func add(_ order: Order, _ job: CopyJob) throws(BlockError) {
    try order.check()
    try put { $0.orders.append((order, job)) }
  }

  func prepare() throws(BlockError) { try put { $0.prepared += 1 } }

  /// Takes a call that was prepared: from here on the call itself keeps the thread.
  func call(_ body: @escaping @Sendable () -> Void) {
    inbox.withLock { inbox in
      inbox.calls.append(body)
      inbox.prepared -= 1
    }
    wakes.raise()
  }

  func withdraw() {
    inbox.withLock { $0.prepared -= 1 }
    wakes.raise()
  }

  /// Nothing new is taken, and the thread ends after what it has.
  func close() {
    inbox.withLock { $0.isClosed = true }
    wakes.raise()
  }

  func waitForEnd() { life.waitForAll() }

  private func put(_ change: (inout Inbox) -> Void) throws(BlockError) {
    let isClosed = inbox.withLock { inbox in
      if !inbox.isClosed { change(&inbox) }
      return inbox.isClosed
    }
    if isClosed { throw .system(.ESHUTDOWN, "a copy client that was closed") }
    wakes.raise()
  }
}

/// The thread.
extension CopyWorker {
  func start(chunks: Int, chunkBytes: Int, engine: EngineChoice) throws(BlockError) {
    try startThread(named: "dmio-copy") { [self] in
      inbox.withLock { $0.thread = pthread_self() }
      defer {
        // The number of a thread that has ended may be another's.
        inbox.withLock { $0.thread = nil }
        life.raise()
      }
      do throws(BlockError) {
        let client = try BlockClient(
          pages: 256, kind: .driven, engine: engine, registeredPages: chunks * chunkBytes / Limits.pageBytes)
        let reserve = try Reserve(client, chunks: chunks, chunkBytes: chunkBytes)
        let event = try client.eventDescriptor()
        // All that can fail has been done: whoever started the thread may count on it.
        life.raise()
        work(reserve, event)
      } catch {
        inbox.withLock { $0.startError = error }
      }
    }
    life.wait()
    if let error = inbox.withLock({ $0.startError }) { throw error }
  }

  private func work(_ reserve: Reserve, _ event: Int32) {
    var copies: [CopyUnderWay] = []
    while true {
      wakes.clear()
      let (orders, calls, mayEnd) = inbox.withLock { inbox in
        defer { (inbox.orders, inbox.calls) = ([], []) }
        return (inbox.orders, inbox.calls, inbox.isClosed && inbox.prepared == 0)
      }
      for call in calls { call() }
      for (order, job) in orders { copies.append(CopyUnderWay(order, job, reserve, throttle)) }
      let isOver = copies.map { $0.step() }
      for (copy, isOver) in zip(copies, isOver) where isOver { copy.complete() }
      copies = zip(copies, isOver).filter { !$1 }.map(\.0)
      if copies.isEmpty, orders.isEmpty, calls.isEmpty, mayEnd { return }
      // What has just completed may have made room for more.
      guard let completed = try? reserve.client.poll(wait: false) else {
        preconditionFailure("the client's own thread, outside of its completions")
      }
      if completed == 0, !isOver.contains(true), calls.isEmpty {
        wakes.wait(or: event, milliseconds: copies.isEmpty ? -1 : CopyWorker.tick)
      }
      for copy in copies { copy.run.tick() }
    }
  }

  /// How long the thread sleeps at most while a copy is under way: a throttle lets go without a sound.
  private static let tick: Int32 = 100
}

/// A copy on the thread of its client.
private final class CopyUnderWay {
  let run: CopyRun
  private let order: CopyWorker.Order
  private let job: CopyJob

  init(_ order: CopyWorker.Order, _ job: CopyJob, _ reserve: Reserve, _ throttle: CopyThrottle?) {
    self.order = order
    self.job = job
    run = CopyRun(reserve, order.copySource, order.copyTargets, order.policy, throttle: throttle)
  }

  /// Moves it; true when it is over.
  func step() -> Bool {
    if job.isCancelled { run.isStopped = true }
    let isOver = run.step()
    job.note(bytesDone: run.bytesDone)
    return isOver
  }

  func complete() { order.completion(CopyResult(run, isCancelled: job.isCancelled && !run.isComplete)) }
}

extension CopyWorker.Order {
  /// Throws what no copy can be made of.
  fileprivate func check() throws(BlockError) {
    guard (1...Limits.regions).contains(targets.count) else {
      throw .system(.EINVAL, "a copy has 1 to \(Limits.regions) targets")
    }
    let count = source?.count ?? targets[0].count
    guard targets.allSatisfy({ $0.count == count }) else {
      throw .system(.EINVAL, "the regions of a copy differ in size")
    }
    for region in targets + (source.map { [$0] } ?? []) {
      if region.start.addingReportingOverflow(region.count).overflow || region.count > Limits.deviceSectors {
        throw .system(.EINVAL, "a region of a copy has no end")
      }
      // A copy goes by whole blocks: what it fills the last one up with would lie beyond the region.
      let block = UInt64(region.device.geometry.logicalBlock / Limits.sectorBytes)
      guard region.start % block == 0, region.count % block == 0 else {
        throw .system(.EINVAL, "a region of a copy that does not consist of whole blocks of \(region.device.name)")
      }
    }
  }

  fileprivate var copySource: CopySource {
    let sectors = targets[0].count
    let copy = CopySource(
      device: source?.device, start: source?.start ?? 0, bytes: sectors * UInt64(Limits.sectorBytes))
    if source == nil { copy.content = { _ in (isData: false, end: sectors) } }
    return copy
  }

  fileprivate var copyTargets: [CopyTarget] {
    let canZero = source == nil && targets.allSatisfy { $0.device.geometry.writeZeroesSectors > 0 }
    return targets.map {
      CopyTarget($0.device, start: $0.start, sectors: $0.count, zeros: canZero ? .operation : .written)
    }
  }

  fileprivate var policy: CopyPolicy {
    var policy = CopyPolicy()
    policy.isSequential = options.contains(.sequentialWrites)
    let goesOn = options.contains(.ignoreErrors) && !policy.isSequential
    policy.readErrors = goesOn ? .zeros : .stop
    policy.writeErrors = goesOn ? .ignore : .stop
    policy.flushes = (targets: false, dropped: false)
    return policy
  }
}
