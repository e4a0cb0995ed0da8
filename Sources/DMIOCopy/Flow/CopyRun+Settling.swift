internal import DMIO

/// After a target's last chunk: its size made exact, everything flushed, its name made durable. Each target by itself, as soon
/// as it has all it is going to get.
extension CopyRun {
  /// Settles the targets that are through; with `all`, every one.
  func settle(all: Bool) {
    for target in targets where target.settling.step == .open {
      if all || target.inFlight == 0 && !target.isDropped && target.map.first(from: 0, where: \.isOpen) == nil {
        settle(target)
      }
    }
  }

  private func settle(_ target: CopyTarget) {
    target.settling.step = .begun
    guard policy.flushes.targets, !target.isStuck, !target.isDropped || policy.flushes.dropped else {
      return over(target)
    }
    do throws(Errno) {
      if !target.isDropped { try target.settling.trim() }
    } catch {
      target.settling.error = (error, "truncate")
      return over(target)
    }
    do {
      try client.submit(
        .flush, [Region(target.device, start: 0, count: 0)], .none,
        onThisThread: { [self] in
          flushed(target, $0.failure(of: 0)?.errno)
        })
    } catch {
      flushed(target, error.errno)
    }
  }

  private func flushed(_ target: CopyTarget, _ errno: Errno?) {
    defer { over(target) }
    if let errno {
      // What was acknowledged may be lost: nothing of it is to be trusted.
      return target.flushFailed(errno)
    }
    target.settling.isFlushed = true
    do throws(Errno) {
      try target.settling.syncDirectory()
    } catch {
      target.settling.error = (error, "sync of its directory")
    }
  }

  private func over(_ target: CopyTarget) {
    target.settling.step = .over
    target.settling.end = .now
  }

  /// Gives up all devices, so that they are free when the process has ended: what a ring still holds is let go of later.
  package func closeDevices() {
    source.device?.close()
    for target in targets { target.device.close() }
  }
}
