internal import CDMIOSystem
internal import Synchronization

/// Everything that a client's thread works with, confined to that thread: no lock guards it.
///
/// The thread of a driven client is the one that made it. That of a shared client is, at any moment, the one that
/// holds its seat (`Seat.swift`).
///
/// What other threads may reach stands in `mailbox` and `foreign`. The functions of the path are in the
/// extensions of `Stable<ClientState>`, in the order in which a request meets them: Admission, Dispatch, Send,
/// Completion, Delivery, Turn. They reach into the state for one field at a time, so that a callback may
/// come back in.
struct ClientState: ~Copyable {
  // First, because ThreadSanitizer counts each change of a part of the state as one of its first byte, and the parts that
  // follow are looked at outside of the seat.
  /// True during a turn, the only time when callbacks, jobs and devices run: what would wait for another is refused.
  var isTurning = false

  let kind: BlockClient.Kind
  /// True when every file goes through the ring, also those for which threads would be faster.
  let ringOnly: Bool
  /// True where threads can only run one after the other.
  let hasOneProcessor = dmio_processors() < 2
  let mailbox: Mailbox
  /// The same, for the path; and the mailbox's own, at hand.
  let mail: Uncounted<Mailbox>
  let signs: Stable<MailSigns>
  let foreign: ForeignSlots
  /// Who makes calls that may block, and who makes those that only move bytes in memory. `pools` keeps them.
  let workers: Uncounted<WorkerPool>
  let prompt: Uncounted<WorkerPool>
  private let pools: [WorkerPool]
  /// Kept for as long as the ring may know it.
  let arena: PageArena
  /// True once the client takes no more requests.
  let isClosed = Atomic<Bool>(false)
  /// Where the straight line looks for devices: `devices`, or once the client is closed a table without any. So it need not ask.
  private let openTable: Atomic<UInt>
  private let emptyTable: UInt
  /// The thread that the state belongs to at the moment; `noThread` when the seat of a shared client is free.
  let seat = Atomic<UInt>(ClientState.noThread)
  /// Who attends to a shared client; the mailbox's own, at hand.
  let attendance: Stable<Attendance>
  /// A cache line, so that who looks at the seat does not slow down who sits there and changes what follows.
  private let gap = InlineArray<8, UInt64>(repeating: 0)

  // What was reserved.
  var slots = SlotTable(home: .client)
  var pieces = PiecePool()
  var bounce = BouncePool()
  var devices: DeviceTable
  /// The reservation in pages, and how many requests may be in flight for it.
  var pages = 0
  var limit = 1

  // Where requests are.
  /// Requests in flight, and places that the straight line holds for its own.
  var inFlight = 0
  /// Places in flight, of a request and its piece each, that the straight line holds and that are free.
  var lease = 0
  /// Requests that wait for the reservation: with SYNC, and without.
  var waitingSync = SlotQueue()
  var waiting = SlotQueue()
  /// Requests in flight of which pieces are still to be sent when others come back.
  var starved = SlotQueue()
  /// How many requests stand in these three queues. Above 0 the lease is 0.
  var queued = 0
  /// Requests that ended inside `submit`, to be answered by the next turn.
  var ready = SlotQueue()
  /// How the last scattered piece was cut, for the next region of the request that is being dispatched.
  var lastCut: LastCut?
  /// Pieces to be sent by the next turn: their device answered EINTR or EAGAIN, or the ring was full.
  var again = Refill<Stable<PieceRecord>>()
  /// Pieces that were put off, with the time when they go on.
  var timers: [PieceTimer] = []

  /// Numbers of devices that were given up, to be let go of when no request names them.
  var retiring: [Int] = []
  /// Another thread wants this one to look up from its wait.
  var wasWoken = false

  // What the thread is doing.
  /// True while the answer of a request may be given at once.
  var mayDeliver = false
  /// True while a thread submits together, which is the client's for that moment only.
  var isTogether = false
  /// How many answers were given, ever; while completions are taken, those that are about to be, too.
  var delivered = 0
  /// Who waits until nothing is in flight any more; and that the thread ends then.
  var idleWaiters: [Futex] = []
  var isEnding = false

  // The ring, and what of it is outstanding.
  var ring: Stable<Ring>?
  /// Turns for which answers are expected while the thread submits; below 0, sleeps that go by before that is tried.
  var triesAtOnce = 0
  /// True while the ring watches the mailbox's event.
  var isWatching = false

  /// True when the event was cleared since a turn began: the ring may have signalled it, too.
  var hasClearedEvent = false
  /// What an event loop waits for, if it asked.
  var watch: ClientWatch?

  // Tasks.
  var jobs = Refill<ClientJob>()
  /// True while a job runs that is not inside of anything else of a turn.
  var isInJob = false
  /// Bytes that the job which runs may still transfer without being suspended.
  var promptBytes = 0
  var batch = BatchState()

  init(
    kind: BlockClient.Kind, ringOnly: Bool, mailbox: Mailbox, arena: PageArena, processorsForOthers: Int
  ) throws(BlockError) {
    self.kind = kind
    self.ringOnly = ringOnly
    self.mailbox = mailbox
    mail = Uncounted(mailbox)
    signs = mailbox.signs
    let workers = WorkerPool(.block, mailbox: mailbox)
    let prompt = WorkerPool(.prompt, mailbox: mailbox, processorsForOthers: processorsForOthers)
    (self.workers, self.prompt, pools) = (Uncounted(workers), Uncounted(prompt), [workers, prompt])
    attendance = mailbox.attendance
    self.arena = arena
    foreign = ForeignSlots()
    let devices = try DeviceTable()
    openTable = Atomic(devices.start)
    emptyTable = devices.emptyStart
    self.devices = devices
  }

  /// The entry of a device that is known, open and has not failed a flush, while the client takes requests.
  @inline(__always)
  func open(_ device: DeviceRef) -> Stable<DeviceEntry>? {
    DeviceTable.healthy(device, in: openTable.load(ordering: .relaxed))
  }

  /// Takes no more requests. Any thread.
  func close() {
    isClosed.store(true, ordering: .sequentiallyConsistent)
    openTable.store(emptyTable, ordering: .sequentiallyConsistent)
  }
}

/// How a piece was cut, and from what. Regions of one device have the same limits.
struct LastCut {
  var cursor: MemoryCursor
  var remaining: Int
  var entry: Stable<DeviceEntry>?
  var extent: Splitter.Extent
}

/// A piece that goes on at a time.
struct PieceTimer {
  var dueMilliseconds: Int64
  var record: Stable<PieceRecord>
  var resume: @Sendable (consuming Piece) -> Void
}

extension Stable where Value == ClientState {
  /// True on the thread that the state belongs to. Another thread's number may be seen late or early, one's own is right.
  @inline(__always)
  var isOwner: Bool { pointee.seat.load(ordering: .relaxed) == UInt(dmio_thread_id_or_zero()) }

  /// True where a call that waits would wait for what runs it: in callbacks, jobs and devices. On the thread that the
  /// state belongs to.
  @inline(__always)
  var isInside: Bool { pointee.isTurning || pointee.kind == .shared }
}
