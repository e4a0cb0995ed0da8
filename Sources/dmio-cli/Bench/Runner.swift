internal import DMIO
internal import Synchronization

/// One of the requests that a thread keeps in flight: it is sent, and as soon as it is answered, sent again elsewhere.
@safe
struct Runner: ~Copyable {
  // What each request needs: one cache line.
  let thread: Stable<BenchThread>
  // Why it is right: whoever drives the thread holds the client until the last request was answered.
  let client: Unmanaged<BlockClient>
  let operation: Operation
  /// The regions of the request, at places that change from one time to the next.
  let regions: UnsafeMutablePointer<Region>
  /// The bytes of the request.
  let memory: Memory
  /// When the request was sent, if its latency is taken; else 0.
  var sentAt: UInt64 = 0

  // What some need.
  let regionCount: Int
  /// Where it is handed back when it was answered on another thread.
  let returns: Stable<Returns>
  /// Room for the first failure of each region; nil for a device that cannot fail.
  let failures: UnsafeMutablePointer<RegionFailure>?
  /// How many requests that latency stands for.
  var weight = 0
  /// When it was answered, if that was on another thread; else 0.
  var answeredAt: UInt64 = 0
  /// The regions that failed, for an answer that is handed back to the runner's thread.
  var errors: UInt64 = 0
  /// The next runner of the list of those that are back.
  var next: UInt = 0

  /// Has a runner end with a cache line, so that the next one begins with one.
  private let gap: UInt64 = 0

  init(
    thread: Stable<BenchThread>, client: BlockClient, operation: Operation, regionCount: Int,
    regions: UnsafeMutablePointer<Region>, memory: Memory, returns: Stable<Returns>,
    failures: UnsafeMutablePointer<RegionFailure>?
  ) {
    self.thread = thread
    // Why it is right: see `client`.
    unsafe self.client = unsafe Unmanaged.passUnretained(client)
    self.operation = operation
    self.regionCount = regionCount
    unsafe self.regions = unsafe regions
    self.memory = memory
    self.returns = returns
    unsafe self.failures = unsafe failures
  }
}

extension Stable where Value == Runner {
  /// Prepares the next request: where it goes, and whether its latency is taken; false when the bench is over.
  ///
  /// For a plain one, whose door looks after each poll whether to stop, all regions but the first are left to the door.
  @inline(__always)
  func prepare(isPlain: Bool = false) -> Bool {
    let left = pointee.thread.pointee.budget &- 1
    pointee.thread.pointee.budget = left
    let goesOn = left >= 0 && (isPlain || !pointee.thread.isStopping)
    // The thread is looked up again rather than kept at hand across the call.
    guard _fastPath(goesOn) || refill() else { return false }
    unsafe pointee.regions.pointee.start = pointee.thread.pointee.places.next()
    if !isPlain, pointee.regionCount > 1 { placeOtherRegions() }
    return true
  }

  @inline(__always)
  func placeOtherRegions() {
    let thread = pointee.thread
    for index in 1..<pointee.regionCount { unsafe pointee.regions[index].start = thread.pointee.places.next() }
  }

  /// Asks the thread for more; the request that this is for has its latency taken.
  @inline(never)
  private func refill() -> Bool {
    let now = Clock.now
    guard pointee.thread.pointee.refill(at: now) else { return false }
    if pointee.thread.pointee.takesLatencies {
      pointee.sentAt = now
      pointee.weight = pointee.thread.pointee.granted
    }
    return true
  }

  /// Takes in an answer: what most answers need is nothing.
  @inline(__always)
  func settle(_ errors: UInt64) {
    if _slowPath(pointee.sentAt | errors != 0) { note(errors) }
  }

  /// Takes in an answer whose latency is wanted, or that is bad; `failures` says more about the latter.
  @inline(never)
  private func note(_ errors: UInt64) {
    let thread = pointee.thread
    if pointee.sentAt != 0, errors == 0 {
      let now = pointee.answeredAt == 0 ? Clock.now : pointee.answeredAt
      thread.pointee.series.record(now &- pointee.sentAt, at: now, for: pointee.weight)
    }
    pointee.sentAt = 0
    pointee.answeredAt = 0
    guard errors != 0 else { return }
    thread.pointee.fail(failure(of: errors.trailingZeroBitCount))
  }

  private func failure(of index: Int) -> RegionFailure {
    guard let failures = unsafe pointee.failures else {
      return RegionFailure(errno: .EIO, sector: unsafe pointee.regions[index].start)
    }
    return unsafe failures[index]
  }

  /// Takes in a result, for the doors that give one.
  @inline(__always)
  func settle(_ result: borrowing RegionResult) {
    if !result.isSuccess { keep(result) }
    settle(result.errors.rawValue)
  }

  /// Keeps the failures of a result where `settle` looks for them.
  @inline(never)
  func keep(_ result: borrowing RegionResult) {
    for index in result.errors.indices {
      if let failure = result.failure(of: index) { unsafe pointee.failures?[index] = failure }
    }
  }
}

extension Stable where Value == BenchThread {
  /// True when the bench is to stop. Not left to the look at the clock: a device may have become so slow that the budget
  /// lasts for minutes.
  @inline(__always)
  var isStopping: Bool { pointee.signals.pointee.isStopping.load(ordering: .relaxed) }
}

extension Stable where Value == Runner {
  /// Sends a request as `send` does it, with the client, which is not retained for it; where it cannot be, the thread ends.
  @inline(__always)
  func attempt(_ send: (BlockClient) throws(BlockError) -> Void) {
    unsafe pointee.client._withUnsafeGuaranteedRef { client in
      do throws(BlockError) { try send(client) } catch { giveUp(error) }
    }
  }

  // Given away whatever the compiler thinks: else each request keeps room for an error, to end it here.
  @inline(never)
  @_semantics("optimize.sil.specialize.owned2guarantee.never")
  func giveUp(_ error: consuming BlockError) { pointee.thread.pointee.giveUp(error) }

  /// The regions as a request takes them.
  var span: Span<Region> {
    @inline(__always) @_lifetime(borrow self) get {
      let span = unsafe Span(_unsafeStart: pointee.regions, count: pointee.regionCount)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }
}
