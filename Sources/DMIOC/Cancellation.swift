internal import CDMIOSystem

/// Cancelling threads as POSIX has it (`pthread_cancel`), which Swift knows nothing of.
enum Cancellation {
  /// Runs `body`, in which the calling thread is not cancelled; a cancellation that comes meanwhile is looked at afterwards.
  ///
  /// A thread that was cancelled where it waits would leave its client without anybody who takes turns. Inlined wherever it is
  /// used: as a generic function it would have the runtime make types, and this stands before `FirstUse`.
  @inline(__always)
  static func held<Result>(_ body: () -> Result) -> Result {
    let before = dmio_hold_cancellation()
    defer { dmio_restore_cancellation(before) }
    return body()
  }
}
