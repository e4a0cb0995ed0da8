internal import DMIO

/// What a copy does when something goes wrong, and what it does beside copying.
package struct CopyPolicy: Sendable {
  /// What follows from sectors that cannot be read.
  package enum ReadErrors: Sendable {
    /// Nothing new is begun, what could not be read is not written.
    case stop
    /// They are zeros on the targets, and the copy goes on.
    case zeros
    /// The targets are left as they are there, and the copy goes on around them.
    case leave
  }

  /// What follows from sectors that cannot be written.
  package enum WriteErrors: Sendable {
    /// Nothing new is begun, on no target.
    case stop
    /// The target gets nothing new, the others go on.
    case drop
    /// Everything goes on, the target included.
    case ignore
  }

  package var readErrors = ReadErrors.zeros
  /// A source that is gone stops the copy, whatever else follows from errors: what it does not give is no bad sector.
  package var stopsWithoutSource = false
  package var writeErrors = WriteErrors.drop
  /// How often a block that cannot be read, or written, is tried again.
  package var retries = (read: 0, write: 0)
  /// How long a read or write may take; nil: as long as it does.
  package var timeout: Duration?
  /// A chunk is written after all that lie before it, and nothing is written behind a failure.
  package var isSequential = false
  /// Whether and how targets are read back.
  package var verification = Verification.none
  /// A target that keeps the others waiting is left behind, and catches up when they are done.
  package var leavesLaggards = false
  /// Runs of zeros that were read are looked for, and not written where that has the same effect.
  package var findsZeros = false
  /// Targets are flushed at their end; one that was dropped only where what it holds is going to be used.
  package var flushes = (targets: true, dropped: false)

  /// What is compared.
  package enum Verification: Sendable {
    case none
    /// What was written is read again, and compared with what the source gave.
    case readback
    /// Nothing is written: what a target holds is compared with the source.
    case only
  }

  package init() {}
}
