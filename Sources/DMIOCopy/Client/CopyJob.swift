internal import Synchronization

/// A copy that was handed to a `CopyClient`: how far it is, and a way to end it early. Any thread may use it.
public final class CopyJob: Sendable {
  private let done = Atomic<UInt64>(0)
  private let cancelled = Atomic<Bool>(false)
  private let wake: @Sendable () -> Void
  /// Sectors that it copies.
  public let sectors: UInt64

  init(sectors: UInt64, wake: @escaping @Sendable () -> Void) {
    self.sectors = sectors
    self.wake = wake
  }

  /// Bytes that the copy is through with, also where they could not be read or written.
  public var bytesDone: UInt64 { done.load(ordering: .relaxed) }

  /// True once `cancel` was called.
  public var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

  /// Asks it to end: nothing new is begun; what is under way ends, and the completion comes as always.
  public func cancel() {
    cancelled.store(true, ordering: .relaxed)
    wake()
  }

  func note(bytesDone: UInt64) { done.store(bytesDone, ordering: .relaxed) }
}
