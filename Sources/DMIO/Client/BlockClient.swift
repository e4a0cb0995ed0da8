internal import CDMIOSystem
internal import Synchronization

/// What requests are submitted to: a reservation of memory, an engine, and the thread that runs both.
///
/// A **shared** client can be used from any thread. One at a time submits, reaps and runs completions for all: a
/// thread that calls `poll(wait:)`, or where nobody does, a thread of the client's own. A **driven** client belongs to
/// the thread that makes it, which does the same inside `poll(wait:)`, `run(_:)` or a blocking call; no thread is
/// hopped to, and calls from elsewhere throw `.notOwner`.
///
///     let client = try BlockClient()
///     let disk = try BlockDevice.open("disk.img")
///     let result = try await client.write([Region(disk, start: 0, count: 8)], from: bytes)
///
/// The reservation says how many pages may be in flight at once (`dm_io_get`): so many requests fly, four
/// times as many pieces, and so many bounce pages exist. What does not fit waits in line.
///
/// A client that goes away lets what is in flight end first.
public final class BlockClient: Sendable {
  /// Which thread a client works on.
  public enum Kind: Sendable, Hashable {
    /// Whichever thread polls, and one of its own; usable from any thread.
    case shared
    /// The thread that makes it, and no other.
    case driven
  }

  /// A completion callback in C's form: the error bits and the context. Allocates nothing.
  ///
  /// It runs on the client's thread, one at a time and never inside `submit`; when it runs, the request is over in every
  /// respect. The client's thread of a shared client is the one that polls it at the moment, or its own.
  public typealias Notify = @convention(c) (_ errors: UInt64, _ context: UnsafeMutableRawPointer?) -> Void

  let state: Stable<ClientState>
  /// Which engine carries out file I/O, and why.
  public let engine: EngineReport
  /// Which thread the client works on.
  public let kind: Kind
  /// How many forks this process was away from the first when the client was made.
  package let forks = Forks.count
  /// The same for a driven client, and no such number for a shared one: whoever asks for both asks once.
  package let drivenForks: UInt32
  /// The pages for `PageBuffer(pages:of:)`.
  let arena: PageArena

  /// Makes a client that has reserved `pages` pages, and `registeredPages` more for buffers that its ring knows beforehand.
  ///
  /// As many of the latter are registered as the kernel allows (`registration` tells); the others work all the same.
  ///
  /// Transfers that only move bytes in memory are shared with other processors where there are many of them. A program that
  /// computes beside them, such as hashes, is faster with as many `processorsForOthers` as it has threads for that. The client's
  /// thread goes on in any case.
  ///
  /// Throws `.invalid(.reservation)`, or `.system` when memory, threads or (if asked for) io_uring cannot be had.
  public init(
    pages: Int = Limits.defaultPages, kind: Kind = .shared, engine choice: EngineChoice = .auto,
    registeredPages: Int = 0, processorsForOthers: Int = 0
  ) throws(BlockError) {
    guard pages >= 1, pages <= Limits.reservedPages, registeredPages >= 0, registeredPages <= Limits.registeredPages
    else { throw .invalid(.reservation) }
    self.kind = kind
    drivenForks = kind == .driven ? Forks.count : .max
    arena = try PageArena(pages: registeredPages)
    let mailbox = try Mailbox()
    let state = Stable(
      allocating: try ClientState(
        kind: kind, ringOnly: choice == .uring, mailbox: mailbox, arena: arena,
        processorsForOthers: processorsForOthers))
    self.state = state
    do throws(BlockError) {
      switch kind {
      case .driven: engine = try state.begin(pages: pages, choice)
      case .shared: engine = try state.startThread(pages: pages, choice)
      }
    } catch {
      if kind == .driven { state.end() }
      throw error
    }
  }

  /// True on the client's thread.
  package var isOnItsThread: Bool { state.isOwner }

  deinit {
    switch kind {
    case .shared:
      // The state may be gone before this returns.
      let mailbox = state.pointee.mailbox
      withExtendedLifetime(mailbox) {
        mailbox.leave { [state] in $0.commands.append { state.pointee.isEnding = true } }
      }
    case .driven:
      // Elsewhere than on its thread nothing in flight could be waited for, and the kernel may still write
      // into the memory of a request: better to keep it all than to free it.
      if state.isOwner { state.drain() }
      if !state.hasWork { state.end() }
    }
  }

  /// Takes no more requests.
  package func refuseRequests() { state.pointee.close() }

  /// Takes no more requests, and returns when all that were taken have been answered.
  ///
  /// Inside a completion, and on other threads for a driven client, it does not wait. Requests on a device that
  /// hangs end when that device is closed. A transfer that another thread makes itself, in a blocking call or an `await` that
  /// is not suspended, was not taken in: it may still be at it.
  public func close() {
    refuseRequests()
    if state.isOwner {
      if !state.isInside { state.drain() }
    } else if kind == .shared {
      let idle = Futex()
      defer { idle.destroy() }
      state.pointee.mailbox.leave { [state] in $0.commands.append { state.pointee.idleWaiters.append(idle) } }
      while idle.value == 0 { idle.wait(while: 0) }
    }
  }
}

extension Stable where Value == ClientState {
  /// Makes the pools and the ring, on the thread that is going to own them; on a shared client it has taken the seat then.
  func begin(pages: Int, _ choice: EngineChoice) throws(BlockError) -> EngineReport {
    pointee.seat.store(UInt(dmio_thread_id()), ordering: .sequentiallyConsistent)
    try pointee.slots.grow()
    if pointee.kind == .shared { try pointee.foreign.grow() }
    try resize(pages: pages)
    guard choice != .threads else { return .threadsChosen }
    do throws(Errno) {
      // A reservation that grows later may have more pieces than the ring: then some wait for others.
      let pieces = min(max(1, pages) * Limits.piecesPerPage, Limits.pieces)
      let ring = try Ring(pieces: max(pieces, 2 * Limits.leastRingEntries), isShared: pointee.kind == .shared)
      pointee.ring = Stable<Ring>(allocating: ring)
      pointee.ring?.pointee.register(pointee.arena)
      return .uring(choice)
    } catch {
      guard choice == .auto else { throw .system(error, "setting up io_uring") }
      return .threads(because: error)
    }
  }

  /// Sets the reservation. The client's thread.
  func resize(pages: Int) throws(BlockError) {
    let limit = max(1, pages)
    endLease()
    // A record needs some request to name; which one is set when the record is taken.
    let anySlot = try pointee.slots.take()
    defer { pointee.slots.put(anySlot) }
    try pointee.pieces.resize(
      to: min(limit * Limits.piecesPerPage, Limits.pieces), client: self, slot: anySlot)
    try pointee.bounce.resize(to: max(limit, Limits.leastBouncePages))
    pointee.pages = pages
    pointee.limit = limit
    admitWaiting()
  }

  /// Runs turns until nothing is in flight. The client's thread, outside of callbacks.
  func drain() {
    while hasWork { turn(wait: true) }
  }

  /// Frees everything. Nothing is in flight, and nobody will come any more.
  func end() {
    forgetAll()
    pointee.watch?.close()
    pointee.ring?.destroy()
    pointee.workers.with { $0.stop() }
    pointee.prompt.with { $0.stop() }
    destroy()
  }
}
