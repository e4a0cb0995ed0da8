internal import DMIO

/// After the last chunk: sizes made exact, everything flushed, new names made durable.
extension Copier {
  /// Settles every target that is still in. A failure here is that target's.
  func settle() throws(BlockError) {
    var pending = 0
    for target in targets where !target.isDropped {
      do throws(Errno) {
        try target.trim()
      } catch {
        target.settleError = (error, "truncate")
        continue
      }
      pending += 1
      submit(.flush, [Region(target.device, start: 0, count: 0)], .none) { [self] result in
        flushed(target, result.failure(of: 0)?.errno)
        pending -= 1
      }
    }
    while pending > 0, !Interrupts.areUrgent { try wait() }
  }

  /// Gives up all devices, so that they are free when the process has ended: what a ring still holds is let go of later.
  func closeDevices() {
    source.device?.close()
    for target in targets { target.device.close() }
  }

  private func flushed(_ target: Target, _ errno: Errno?) {
    do throws(Errno) {
      if let errno { throw errno }
      target.isFlushed = true
    } catch {
      // What was acknowledged may be lost: nothing of it is to be trusted.
      target.settleError = (error, "flush")
      return target.distrust(0..<source.sectors, error)
    }
    do throws(Errno) {
      try target.syncDirectory()
    } catch {
      target.settleError = (error, "sync of its directory")
    }
  }
}
