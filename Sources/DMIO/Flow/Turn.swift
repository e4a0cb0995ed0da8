internal import CDMIOSystem

/// One turn of a client's thread: take mail, submit, reap, answer. The client's thread only.
///
/// On a shared client a turn never waits: whoever took it waits afterwards, without the seat (`Lookout.swift`).
extension Stable where Value == ClientState {
  /// Does what there is to do; if nothing was and `wait` is set, sleeps until there is, and does that.
  ///
  /// Sleeps at most so many milliseconds, unless they are below 0.
  func turn(wait: Bool, atMost milliseconds: Int64 = -1) { turnHere(wait: wait, atMost: milliseconds) }

  /// The same without a function of its own to return from, for `poll`: just after a system call each return costs more
  /// than usual, as the kernel's have taken the place of ours in what the processor remembers.
  @inline(__always)
  func turnHere(wait: Bool, atMost milliseconds: Int64) {
    assert(!pointee.isTurning, "a turn within a turn would take completions that the outer one has counted")
    pointee.isTurning = true
    let isShared = pointee.kind == .shared
    dmio_count_turn(1)
    if isShared { dmio_count_seat(1) }
    defer {
      dmio_count_turn(-1)
      if isShared { dmio_count_seat(-1) }
      pointee.isTurning = false
      pointee.mayDeliver = false
    }
    pointee.mayDeliver = true
    let hadWork = (hasCompletions || hasNews || !pointee.jobs.isEmpty) && look()
    if pointee.prompt.with({ $0.isEmpty }) { enter(wait: wait && !hadWork, atMost: milliseconds) } else { work() }
    if !pointee.timers.isEmpty { fireTimers() }
    if hasCompletions { reap() }
    if hasNews { _ = look() }
    // No callback runs inside a job's `submit`.
    pointee.mayDeliver = false
    if !pointee.batch.ended.isEmpty { pointee.batch.wakeIfFilled() }
    if !pointee.jobs.isEmpty { runJobs() }
    if !pointee.retiring.isEmpty { letGoOfRetired() }
  }

  @inline(__always)
  private var hasCompletions: Bool { (pointee.ring?.pointee.readyCount ?? 0) > 0 }

  /// True when there is mail, or something that an earlier turn put off.
  @inline(__always)
  private var hasNews: Bool { pointee.signs.hasMail || !pointee.ready.isEmpty || !pointee.again.isEmpty }

  /// Does what there is to do without waiting; true if there was, or still is, anything.
  private func look() -> Bool {
    let before = pointee.delivered
    var hadWork = false
    if hasNews { hadWork = takeMail() }
    reap()
    return hadWork || pointee.delivered != before || !pointee.jobs.isEmpty || !pointee.again.isEmpty
  }

  /// Takes in what other threads left, and what earlier turns put off; true if there was anything.
  func takeMail() -> Bool {
    var hadWork = !pointee.ready.isEmpty
    // Before the nodes, to be looked at after them: what was left after a request, such as the word that no more will come,
    // finds that request taken in.
    let rest = pointee.mail.with { $0.takeRest() }
    pointee.mail.with { mailbox in
      mailbox.takeNodes { node in
        hadWork = true
        switch node {
        case .request(let slot): receive(slot)
        case .answer(let record): complete(record, record.pointee.result)
        case .transfer(let record): sendToFile(record)
        }
      }
    }
    if let rest {
      hadWork = true
      pointee.jobs.append(contentsOf: rest.jobs)
      cancelWaiting(rest.tickets)
      for command in rest.commands { command() }
    }
    sendAgain()
    return hadWork || !pointee.jobs.isEmpty
  }

  /// Takes the ring's completions, answers what they end, and goes on with what lacked pieces.
  private func reap() {
    if let ring = pointee.ring {
      var next = ring.pointee.nextCompletion
      let end = next &+ ring.pointee.readyCount
      // As if each were a folded request, whose answer is one completion and is given here.
      pointee.delivered &+= Int(end &- next)
      assert(pointee.mayDeliver)
      pointee.mayDeliver = false
      while next != end {
        let (bits, result) = ring.pointee.take(next)
        next &+= 1
        if bits & Ring.foldedMark == 0 {
          pointee.delivered &-= 1
          completeAny(bits, result)
        } else if bits & Ring.queuedMark == 0 {
          completeFolded(Stable<RequestSlot>(bits: bits &- Ring.foldedMark), result, isQueued: false)
        } else {
          completeFolded(Stable<RequestSlot>(bits: bits &- Ring.foldedBatchMark), result, isQueued: true)
        }
      }
      pointee.mayDeliver = true
    }
    goOn()
    if !pointee.ready.isEmpty { deliverReady() }
  }

  /// Takes a completion of anything but a folded request.
  @inline(__always)
  private func completeAny(_ bits: UInt, _ result: Int) {
    if bits & Ring.wholeMark != 0 {
      completeWhole(bits, result)
    } else if bits != Ring.watch {
      answering { complete(Stable<PieceRecord>(bits: bits), result) }
    } else {
      pointee.isWatching = false
      dmio_event_clear(pointee.mailbox.event)
      pointee.hasClearedEvent = true
    }
  }

  /// Submits what was filled, and does some of the prompt pieces.
  ///
  /// `Limits.pieceBytesInTurn` of them, at least one. What the ring completes is taken after each, and none follows once there is
  /// mail or a task: neither do they wait for everything else, nor does that wait for all of them.
  @inline(never)
  private func work() {
    // Not for the watch alone: nobody sleeps who would have to be woken, and a call for each piece is a good part of a small one.
    if let ring = pointee.ring, ring.pointee.outstanding > (pointee.isWatching ? 1 : 0) { submitFilled() }
    var bytes = Limits.pieceBytesInTurn
    repeat {
      let record = pointee.prompt.with { prompt in
        prompt.share()
        return prompt.carryOutHere()
      }
      guard let record else { return }
      bytes -= max(record.pointee.length, Limits.pageBytes)
      complete(record, record.pointee.result)
      // What lacked a piece goes on with this one.
      reap()
    } while bytes > 0 && !pointee.prompt.with({ $0.isEmpty }) && !hasNews && pointee.jobs.isEmpty
  }

  /// Goes on with what lacked pieces or places, where answers have given some back.
  @inline(__always)
  func goOn() {
    guard pointee.queued > 0 else { return }
    dispatchStarved()
    admitWaiting()
  }

  /// Submits what was filled, and sleeps if asked: in the ring if there is one, on the mailbox's event else.
  @inline(__always)
  private func enter(wait: Bool, atMost milliseconds: Int64) {
    if wait, isAnsweredAtOnce() { return }
    guard wait, pointee.signs.prepareToSleep() else { return submitFilled() }
    let timeout = pointee.timers.isEmpty ? milliseconds : nextTimeout(atMost: milliseconds)
    if let ring = pointee.ring {
      // Without a watch (no room in the ring) sleeping could miss mail: only look.
      enterRing(ring, wait: pointee.isWatching || watchMailbox(), timeout: timeout)
    } else {
      dmio_event_wait(pointee.mailbox.event, -1, timeout)
    }
    pointee.signs.awake()
  }

  /// Submits what was filled; true if some of it was answered meanwhile, so that no sleep has to be prepared.
  ///
  /// Tried for a number of turns in a row, then the kernel gets time for what it put off. Where nothing was answered, the
  /// device is one to wait for: some sleeps go by before the next try.
  @inline(__always)
  private func isAnsweredAtOnce() -> Bool {
    guard let ring = pointee.ring else { return false }
    guard pointee.triesAtOnce > 0 else {
      pointee.triesAtOnce = pointee.triesAtOnce == 0 ? Limits.triesAtOnce : pointee.triesAtOnce &+ 1
      return false
    }
    pointee.triesAtOnce &-= 1
    if ring.pointee.submit() { return true }
    pointee.triesAtOnce = -Limits.sleepsBeforeTry
    return false
  }

  /// For a task that is about to be suspended for answers: takes those that come while the thread submits, where the device is
  /// one that answers at once, no other task waits for its turn, and not too often in a row.
  func answerAtOnce() {
    guard pointee.isInJob, pointee.triesAtOnce > 0, pointee.jobs.isEmpty, isAnsweredAtOnce() else { return }
    // A callback may run a task of its own at once, and that must not come here again.
    pointee.isInJob = false
    pointee.mayDeliver = true
    reap()
    pointee.mayDeliver = false
    pointee.isInJob = true
  }

  /// Gives the kernel what was filled, without waiting.
  func submitFilled() {
    if let ring = pointee.ring { enterRing(ring, wait: false, timeout: 0) }
  }

  @inline(__always)
  private func enterRing(_ ring: Stable<Ring>, wait: Bool, timeout: Int64) {
    let rc = ring.pointee.enter(wait: wait, timeoutMilliseconds: timeout)
    // EINTR, EAGAIN, EBUSY, ETIME: the next turn reaps and enters again. Anything else is a ring that
    // does not work, about which only the system can say more.
    guard rc != 0, rc != -4, rc != -11, rc != -16, rc != -62 else { return }
    preconditionFailure("io_uring_enter: \(Errno(rawValue: -rc).message)")
  }

  /// Has the ring complete when the mailbox's event is signalled; at most one such entry is out. False: no room.
  private func watchMailbox() -> Bool {
    if pointee.ring?.pointee.fillWatch(pointee.mailbox.event) != true {
      submitFilled()
      guard pointee.ring?.pointee.fillWatch(pointee.mailbox.event) == true else { return false }
    }
    pointee.isWatching = true
    return true
  }

  /// True while anything is under way that will bring an answer.
  var hasWork: Bool {
    pointee.inFlight > pointee.lease || pointee.queued > 0
  }
}
