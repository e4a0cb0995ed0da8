public import DMIO
internal import Synchronization

/// A call on a copy client's thread that is prepared now and fired later, from any thread.
///
/// Until it was fired the client does not end. Dropped without that, it is withdrawn. kcopyd's prepared callback.
public final class PreparedCallback: Sendable {
  private let worker: CopyWorker
  private let body: @Sendable (Bool, RegionErrors) -> Void
  private let wasFired = Atomic<Bool>(false)

  init(_ worker: CopyWorker, _ body: @escaping @Sendable (Bool, RegionErrors) -> Void) {
    self.worker = worker
    self.body = body
  }

  deinit { if !takeTurn() { worker.withdraw() } }

  /// Has the body called with these errors. Once: firing again does nothing.
  public func fire(readFailed: Bool, writeErrors: RegionErrors) {
    if takeTurn() { return }
    worker.call { [body] in body(readFailed, writeErrors) }
  }

  /// True when it was fired before.
  private func takeTurn() -> Bool { wasFired.exchange(true, ordering: .acquiringAndReleasing) }
}
