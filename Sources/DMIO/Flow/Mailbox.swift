internal import CDMIOSystem
internal import Synchronization

/// What other threads leave for a client's thread, and how they wake it.
///
/// Requests and answers are nodes that exist already (a slot, a piece record), pushed with one
/// compare-and-exchange; taking them is one exchange. The thread says that it sleeps before it looks
/// a last time, and whoever pushes looks at that after pushing: one of the two always sees the other.
final class Mailbox: Sendable {
  /// What the client's thread looks at in every turn.
  let signs = Stable<MailSigns>(allocating: MailSigns())
  /// Who attends to a shared client.
  let attendance = Stable<Attendance>(allocating: Attendance())
  /// Numbers the requests that a cancelled task may take out of the line.
  let tickets = Atomic<UInt>(0)
  /// Becomes readable when the sleeping thread has mail.
  let event: Int32

  /// Rare mail that brings no node along: jobs of tasks, tickets to cancel, things to run on the thread.
  private let rest = Locked(Rest())

  struct Rest {
    var jobs: [ClientJob] = []
    var tickets: [UInt] = []
    var commands: [@Sendable () -> Void] = []
  }

  /// What a node is.
  enum Node {
    /// A request of another thread.
    case request(Stable<RequestSlot>)
    /// A piece answered on another thread, with the answer in its record.
    case answer(Stable<PieceRecord>)
    /// A piece that a device on another thread sends to a file.
    case transfer(Stable<PieceRecord>)
  }

  init() throws(BlockError) {
    event = dmio_event_create()
    guard event >= 0 else { throw .system(Errno(rawValue: -event), "creating an eventfd") }
  }

  deinit {
    dmio_file_close(event)
    signs.destroy()
    attendance.destroy()
  }

  /// Leaves a node and wakes the thread if it sleeps. Any thread.
  func push(_ node: Node) {
    let bits = Mailbox.bits(node)
    var seen = signs.pointee.head.load(ordering: .relaxed)
    while true {
      Mailbox.link(node, to: seen)
      let (done, now) = signs.pointee.head.weakCompareExchange(
        expected: seen, desired: bits, successOrdering: .sequentiallyConsistent, failureOrdering: .relaxed)
      if done { break }
      seen = now
    }
    wake()
  }

  /// Leaves rare mail. Any thread.
  func leave(_ change: (inout Rest) -> Void) {
    rest.withLock { change(&$0) }
    signs.pointee.hasRest.store(true, ordering: .sequentiallyConsistent)
    wake()
  }

  /// Takes all nodes and hands them out, oldest first. The client's thread only.
  @inline(__always)
  func takeNodes(_ body: (Node) -> Void) {
    guard signs.pointee.head.load(ordering: .relaxed) != 0 else { return }
    drain(body)
  }

  private func drain(_ body: (Node) -> Void) {
    var newestFirst = signs.pointee.head.exchange(0, ordering: .acquiring)
    var oldestFirst: UInt = 0
    while newestFirst != 0 {
      let node = Mailbox.node(newestFirst)
      let next = Mailbox.next(node)
      Mailbox.link(node, to: oldestFirst)
      oldestFirst = newestFirst
      newestFirst = next
    }
    while oldestFirst != 0 {
      let node = Mailbox.node(oldestFirst)
      oldestFirst = Mailbox.next(node)
      body(node)
    }
  }

  /// Takes the rare mail, if there is any. The client's thread only.
  @inline(__always)
  func takeRest() -> Rest? {
    guard signs.pointee.hasRest.load(ordering: .relaxed) else { return nil }
    return rest.withLock { rest in
      signs.pointee.hasRest.store(false, ordering: .relaxed)
      let taken = rest
      rest = Rest()
      return taken
    }
  }

  private func wake() {
    if signs.pointee.isAsleep.load(ordering: .sequentiallyConsistent) { ring() } else { attendance.callService() }
  }

  /// Wakes the thread that sleeps beside the mailbox, once. Any thread.
  func ring() {
    if signs.pointee.isAsleep.exchange(false, ordering: .sequentiallyConsistent) { dmio_event_signal(event) }
  }

  // Slots and records are at least 8-aligned; the lowest two bits say what a node is.

  private static func bits(_ node: Node) -> UInt {
    switch node {
    case .request(let slot): slot.bits
    case .answer(let record): record.bits | 1
    case .transfer(let record): record.bits | 2
    }
  }

  private static func node(_ bits: UInt) -> Node {
    switch bits & 3 {
    case 0: .request(Stable(bits: bits))
    case 1: .answer(Stable(bits: bits & ~3))
    default: .transfer(Stable(bits: bits & ~3))
    }
  }

  private static func link(_ node: Node, to next: UInt) {
    switch node {
    case .request(let slot): slot.pointee.mail = next
    case .answer(let record), .transfer(let record): record.pointee.mail = next
    }
  }

  private static func next(_ node: Node) -> UInt {
    switch node {
    case .request(let slot): slot.pointee.mail
    case .answer(let record), .transfer(let record): record.pointee.mail
    }
  }
}

/// The words by which a client's thread and others tell each other: reached without counting references.
struct MailSigns: ~Copyable {
  /// The node pushed last, tagged; 0 when empty.
  let head = Atomic<UInt>(0)
  /// True when there is mail that brings no node along.
  let hasRest = Atomic<Bool>(false)
  let isAsleep = Atomic<Bool>(false)
}

/// What the client's thread does with them, and no other.
extension Stable where Value == MailSigns {
  /// True when something was left; what is left while this is asked may be seen by the next time only.
  @inline(__always)
  var hasMail: Bool { pointee.head.load(ordering: .relaxed) != 0 || pointee.hasRest.load(ordering: .relaxed) }

  /// Says that the thread is about to sleep; false when there is mail after all.
  @inline(__always)
  func prepareToSleep() -> Bool {
    pointee.isAsleep.store(true, ordering: .sequentiallyConsistent)
    let node = pointee.head.load(ordering: .sequentiallyConsistent)
    guard !pointee.hasRest.load(ordering: .sequentiallyConsistent), node == 0 else {
      awake()
      return false
    }
    return true
  }

  /// Says that the thread is awake.
  @inline(__always)
  func awake() { pointee.isAsleep.store(false, ordering: .relaxed) }
}
