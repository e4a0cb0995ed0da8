internal import DMIO

/// The requests of a copy, and what becomes of those that are not answered in time.
extension CopyRun {
  /// Submits a request whose defects were excluded before; the part is answered once, by the device or by `giveUp`.
  func submit(_ operation: Operation, _ region: Region, _ memory: Memory, _ part: Part) {
    part.chunk.parts.append(part)
    part.target?.inFlight += 1
    do {
      try client.submit(
        operation, [region], memory, onThisThread: { [self] in answered(part, $0.failure(of: 0)?.errno) })
    } catch {
      // For instance with all memory in use: the device's error, and the other devices go on.
      answered(part, error.errno)
    }
  }

  private func answered(_ part: Part, _ errno: Errno?) {
    if part.answer != nil { return close(part, errno) }
    // It had been given up: all there is to it is the memory, which is free now.
    part.memory.held -= 1
    guard part.memory.held == 0 else { return }
    if part.memory !== part.chunk {
      reserve.regain(reader: part.memory)
    } else if !busy.contains(where: { $0 === part.chunk }) {
      reserve.recover(part.chunk)
    }
  }

  private func close(_ part: Part, _ errno: Errno?) {
    let answer = part.answer
    part.answer = nil
    part.chunk.parts.removeAll { $0 === part }
    part.target?.inFlight -= 1
    answer?(errno)
  }

  /// Looks at the time, now and then: gives up what takes longer than it may, with all that its target has not answered.
  package func tick() {
    guard let timeout = policy.timeout else { return }
    let now = ContinuousClock.now
    let late = busy.flatMap(\.parts).filter { now - $0.started > timeout }
    for part in late where part.answer != nil {
      guard let target = part.target else {
        giveUp(part)
        continue
      }
      target.isStuck = true
      target.isDropped = true
      for part in busy.flatMap(\.parts) where part.target === target { giveUp(part) }
    }
  }

  private func giveUp(_ part: Part) {
    guard part.answer != nil else { return }
    part.memory.held += 1
    close(part, .ETIMEDOUT)
  }
}
